// A file's first bytes, by which a file that is shorter than what was delivered of it is judged: a lost tail leaves
// them as they were, a truncation that was written over does not.

import type { Bytes } from "../base/text.ts";
import type { Entry } from "./entry.ts";
import type { HeldEntry } from "./held.ts";

/** True where the entry does not begin with the bytes that were delivered, as far as it reaches. */
export function beginsOtherwise(entry: HeldEntry): boolean {
  const length = Math.min(entry.head.length, entry.size);
  return length > 0 && beginningOf(entry, length) !== entry.head.slice(0, length);
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
