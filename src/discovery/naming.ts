// The name of an entry: what the pattern makes of the source's path and times. It becomes a path below the spool
// and at each destination, so what is odd is refused, never tidied up into something else. Pure.

import { fill, keysOf } from "../base/template.ts";
import { type Bytes, bytesOf } from "../base/text.ts";
import type { Stat } from "../platform/files.ts";
import { faultOfName } from "../protocol/resource-path.ts";
import { parseGeneration, withSuffix } from "../spool/generations.ts";
import type { PatternOptions } from "./options.ts";
import { matchText } from "./pattern.ts";

export type Naming =
  | { readonly kind: "named"; readonly name: Bytes }
  | { readonly kind: "refused"; readonly name: Bytes; readonly reason: string };

/** `now`: the time of detection, ms since 1970. */
export function nameOf(path: Bytes, stat: Stat, options: PatternOptions, now: number): Naming {
  const { regex, rename } = options;
  const template = regex === undefined ? rename : matchText(path).replace(regex.from, regex.to);
  const filled = fill(template, (key) => substitute(key, stat, options, now));
  // One leading slash means the spool's top, as ever; a second one would be an empty segment.
  const name = bytesOf(filled.startsWith("/") ? filled.slice(1) : filled);
  const fault = faultOfName(name);
  if (fault !== undefined) return { kind: "refused", name, reason: fault };
  // What looks like a generation would be taken for one at the next start.
  return { kind: "named", name: parseGeneration(name) === undefined ? name : withInode(name, stat.ino, 1) };
}

/** `name` told apart from another file's by the inode number; `attempt` counts from 1. */
export function withInode(name: Bytes, ino: bigint, attempt: number): Bytes {
  return withSuffix(name, attempt === 1 ? `.i${ino}` : `.i${ino}-${attempt}`);
}

/** True where a pattern's names hold `{time}` or `{atime}`, so that a second run would name the file anew. */
export function isUnstable(options: PatternOptions): boolean {
  return keysOf(options.regex?.to ?? options.rename).some((key) => key === "time" || key === "atime");
}

function substitute(key: string, stat: Stat, options: PatternOptions, now: number): string | undefined {
  switch (key) {
    case "name":
      return options.name;
    case "time":
      return String(Math.floor(now));
    case "atime":
      return String(stat.atimeMs);
    case "mtime":
      return String(stat.mtimeMs);
    case "ctime":
      return String(stat.ctimeMs);
    case "ino":
      return String(stat.ino);
    case "dev":
      return String(stat.dev);
    default:
      return undefined;
  }
}
