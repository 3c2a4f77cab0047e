// A file that was truncated or rewritten goes on as a further generation: a second stable name of the same inode
// that carries only the bytes from the cut (docs/PROTOCOL.md, "When local and remote differ"). The older
// generations end at the cut in the same breath, so that nothing is spliced.
//
//   link NAME NAME.g2-from-0    crash: found at the next start, it says all there is to say
//   fsync directory             before its first byte is sent; a power cut before: judged anew at the next start
//   NAME stays                  as long as the file: it tells what lies before the cut (retention.ts)

import { codeOf } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Entry, Generation } from "./entry.ts";
import { nameGeneration } from "./generations.ts";
import { addGeneration, type Cut, endAt, type HeldEntry, newestOf } from "./held.ts";
import type { Registry } from "./registry.ts";
import { Spool } from "./spool.ts";

export type GoingOn =
  | { readonly kind: "made"; readonly generation: Generation }
  /** Tried again at each look. `first`: it was not tried before. */
  | { readonly kind: "failed"; readonly cause: unknown; readonly first: boolean };

/** The entry's bytes from the cut on go to a new generation. */
export function goOn(entry: HeldEntry, cut: Cut, registry: Registry, isTaken: (name: Bytes) => boolean): GoingOn {
  const old = newestOf(entry);
  entry.mark = undefined;
  entry.rewritten = false;
  entry.sentTo = 0;
  entry.head = "";
  // Nothing of a generation that was not announced was ever sent: it carries the new bytes as well.
  if (registry.isPending(old) && old.start === cut.start) return { kind: "made", generation: old };
  const first = entry.due === undefined;
  let number = Math.max(old.number, entry.continued) + 1;
  let name = nameGeneration(old.name, number, cut.start);
  try {
    for (; ; name = nameGeneration(old.name, ++number, cut.start)) {
      if (isTaken(name)) continue;
      if (!(entry.holder instanceof Spool) || linked(entry.holder, entry, name)) break;
    }
  } catch (cause) {
    endAt(entry, cut.start);
    entry.due = cut;
    return { kind: "failed", cause, first };
  }
  entry.due = undefined;
  const generation = addGeneration(entry, name, number, cut.start);
  registry.reserve(generation);
  if (entry.holder instanceof Spool) entry.holder.settler.announceLater(generation);
  else registry.announce(generation);
  return { kind: "made", generation };
}

function linked(spool: Spool, entry: Entry, name: Bytes): boolean {
  try {
    spool.linkAgain(entry, name);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}
