// Symbolic links, followed by ourselves: one component after the other below an open top directory, so that an
// absolute target restarts at that top, `..` never leaves it, and what was looked at is what is opened.

import { isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, Stat } from "../platform/files.ts";
import { openBelow } from "../spool/below.ts";

export type Resolved =
  /** `real`: the path below the top without any link. The caller closes `directory`. */
  | { readonly kind: "directory"; readonly directory: Directory; readonly real: Bytes }
  /** A regular file `name` in `directory`, whose path is `real`. The caller closes `directory`. */
  | {
      readonly kind: "file";
      readonly directory: Directory;
      readonly real: Bytes;
      readonly name: Bytes;
      readonly stat: Stat;
    }
  /** Dangling, a loop, or something that is neither. */
  | { readonly kind: "nowhere" }
  /** A link on the way may not be followed. */
  | { readonly kind: "forbidden" };

/** As the kernel has it (path_resolution(7)). */
const MOST_LINKS = 40;

/** Opens the directory `real` below `top`; the caller closes what is returned. */
export function openReal(top: Directory, real: Bytes): Directory {
  // Of the top itself too the caller gets a descriptor of its own.
  return real === "" ? top.again() : openBelow(top, real);
}

/** Where `target` leads from the directory `from`; every link met is shown to `mayFollow`. */
export function resolve(top: Directory, from: Bytes, target: Bytes, mayFollow: (link: Stat) => boolean): Resolved {
  try {
    return follow(top, from, target, mayFollow);
  } catch (error) {
    if (isGone(error)) return { kind: "nowhere" };
    throw error;
  }
}

function follow(top: Directory, from: Bytes, target: Bytes, mayFollow: (link: Stat) => boolean): Resolved {
  let at = startOf(from, target);
  let rest = target.split("/");
  let links = 0;
  while (rest.length > 0) {
    const [name, ...others] = rest as [Bytes, ...Bytes[]];
    rest = others;
    if (name === "" || name === ".") continue;
    if (name === "..") {
      at = at.slice(0, -1);
      continue;
    }
    const directory = openReal(top, at.join("/"));
    let keep = false;
    try {
      const stat = directory.lstat(name);
      if (stat === undefined || stat.kind === "other") return { kind: "nowhere" };
      if (stat.kind === "directory") at = [...at, name];
      else if (stat.kind === "link") {
        if (!mayFollow(stat)) return { kind: "forbidden" };
        if (++links > MOST_LINKS) return { kind: "nowhere" };
        const next = directory.readlink(name);
        at = startOf(at.join("/"), next);
        rest = [...next.split("/"), ...rest];
      } else {
        if (rest.length > 0) return { kind: "nowhere" };
        keep = true;
        return { kind: "file", directory, real: at.join("/"), name, stat };
      }
    } finally {
      if (!keep) directory.close();
    }
  }
  return { kind: "directory", directory: openReal(top, at.join("/")), real: at.join("/") };
}

function startOf(from: Bytes, target: Bytes): Bytes[] {
  return target.startsWith("/") || from === "" ? [] : from.split("/");
}
