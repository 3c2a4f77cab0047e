// Makes a source ours by a hard link in the spool. Everything happens below open directories, so that what was
// looked at is what is linked; group commit (spool/settle.ts) makes the stable name durable before it is announced.
// If we die between two statements, the sweep at the next start (spool/datadir.ts) repairs what is on disk.

import { codeOf, describe, isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import { quote } from "../base/text.ts";
import type { Directory, Stat } from "../platform/files.ts";
import type { Generation } from "../spool/entry.ts";
import type { HeldEntry } from "../spool/held.ts";
import type { Spool } from "../spool/spool.ts";
import type { Spools } from "../spool/spools.ts";
import { foreignReason } from "./foreign.ts";
import { nameOf, withInode } from "./naming.ts";
import type { Pattern } from "./pattern.ts";

export type Adoption =
  /** `wanted`: the name it would have, were that not taken. */
  | { readonly kind: "adopted"; readonly entry: HeldEntry; readonly generation: Generation; readonly wanted: Bytes }
  | { readonly kind: "known"; readonly entry: HeldEntry; readonly stat: Stat }
  /** Gone, or no regular file any more: a race, nothing to tell. */
  | { readonly kind: "gone" }
  | { readonly kind: "refused"; readonly name: Bytes; readonly reason: string }
  | { readonly kind: "unlinkable"; readonly reason: string };

export interface Candidate {
  readonly directory: Directory;
  readonly name: Bytes;
  readonly path: Bytes;
  readonly pattern: Pattern;
  readonly stat: Stat;
  /** Files with several names that somebody may have linked there are left alone; as whom we run. */
  readonly distrust: { readonly us: number } | undefined;
}

/** A file may be swapped between look and link this often before we wait for the next scan. */
const ATTEMPTS = 3;

/*
 * link SOURCE .tmp-N     crash: a temporary link, swept at the next start
 * lstat .tmp-N           what we hold now cannot be swapped any more: is it what we looked at?
 * link .tmp-N NAME       crash: both names; the temporary one is swept, NAME is an entry like any other
 * unlink .tmp-N          crash or power cut from here on: NAME is there or is not; if not, nothing of it
 * fsync its directory      was sent, and the source is found and named again
 * announce
 */

/** `now`: the time of detection, ms since 1970. */
export function adopt(candidate: Candidate, spool: Spool, spools: Spools, now: number): Adoption {
  const { directory, name, path, pattern, distrust } = candidate;
  for (
    let attempt = 0, seen: Stat | undefined = candidate.stat;
    attempt < ATTEMPTS;
    attempt++, seen = directory.lstat(name)
  ) {
    if (seen?.kind !== "file") return { kind: "gone" };
    const entry = spools.find(seen.dev, seen.ino);
    if (entry !== undefined) return { kind: "known", entry, stat: seen };
    const naming = nameOf(path, seen, pattern.options, now);
    if (naming.kind === "refused") return naming;
    // Judged by this look: until the link is ours its other names may be taken away to hide what it is.
    const foreign = distrust && foreignReason(seen, directory.now(), distrust.us);
    if (foreign !== undefined) return { kind: "unlinkable", reason: foreign };
    const temporary = spool.temporary();
    try {
      directory.link(name, spool.root, temporary);
    } catch (error) {
      if (isGone(error)) return spool.isRemoved() ? { kind: "unlinkable", reason: removed(spool) } : { kind: "gone" };
      if (codeOf(error) === "EEXIST") continue; // somebody else's file has our temporary name
      return { kind: "unlinkable", reason: reasonOf(error, seen, spool) };
    }
    try {
      const held = spool.root.lstat(temporary);
      if (held?.kind !== "file" || held.dev !== seen.dev || held.ino !== seen.ino) continue;
      const stable = linkStable(spool, spools, temporary, naming.name, held.ino);
      return { kind: "adopted", ...spools.adopted(spool, held, stable, path), wanted: naming.name };
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOTDIR") return { kind: "unlinkable", reason: reasonOf(error, seen, spool) };
      return {
        kind: "refused",
        name: naming.name,
        reason: "a part of it is the name of another file in the data directory",
      };
    } finally {
      spool.root.unlink(temporary);
    }
  }
  return { kind: "gone" };
}

/** Links to the wanted name or, where another file has or ever had that, to one with a suffix. */
function linkStable(spool: Spool, spools: Spools, temporary: Bytes, wanted: Bytes, ino: bigint): Bytes {
  for (let attempt = 0; ; attempt++) {
    const name = attempt === 0 ? wanted : withInode(wanted, ino, attempt);
    if (spools.isTaken(name)) continue;
    try {
      spool.linkTo(temporary, name);
      return name;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

function removed(spool: Spool): string {
  return `data directory ${quote(spool.path)} was removed; restart the client`;
}

function reasonOf(error: unknown, stat: Stat, spool: Spool): string {
  const code = codeOf(error);
  const datadir = quote(spool.path);
  const remedies: Readonly<Record<string, string | undefined>> = {
    EXDEV: `set scan_paths[].datadir of its pattern to a directory on its own file system (now ${datadir})`,
    EPERM: `it belongs to uid ${stat.uid}: run the client as root or as that user (sysctl fs.protected_hardlinks), or take its append-only flag away (chattr -a)`,
    EACCES: `let the client's user read and write it, or run the client as root`,
    EMLINK: "it has as many hard links as its file system allows: remove some",
    ENOSPC: `make room on the file system of ${datadir}`,
    EDQUOT: `make room in the quota of ${datadir}`,
    EROFS: "remount its file system writable, or use sync-once --base",
    ENAMETOOLONG: "shorten its name with rename or regex_to",
  };
  const remedy = remedies[code];
  return remedy === undefined ? describe(error) : `${describe(error)}; ${remedy}`;
}
