// A file's first bytes, by which a file that is shorter than what was delivered of it is judged: a lost tail leaves
// them as they were, a truncation that was written over does not.

import type { Bytes } from "../base/text.ts";
import type { Entry } from "./entry.ts";
import type { HeldEntry } from "./held.ts";

/**
 * Where the entry parts from the bytes that were delivered, within its first ones that are remembered: where the line begins
 * that is another one. undefined: it does not, as far as it reaches, or cannot be read just now.
 */
export function partsWithin(entry: HeldEntry): number | undefined {
  const length = Math.min(entry.head.length, entry.size);
  const now = beginningOf(entry, length);
  if (now.length < length || now === entry.head.slice(0, length)) return undefined;
  let same = 0;
  while (now[same] === entry.head[same]) same++;
  return now.slice(0, same).lastIndexOf("\n") + 1;
}

/** The first `length` bytes; fewer where it is shorter, none where it cannot be read just now. */
export function beginningOf(entry: Entry, length: number): Bytes {
  const bytes = Buffer.alloc(length);
  try {
    const file = entry.holder.open(entry);
    try {
      return bytes.toString("latin1", 0, file.readNow(bytes, 0, length, 0));
    } finally {
      file.close();
    }
  } catch {
    return "";
  }
}
