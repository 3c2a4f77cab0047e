// A mark remembers the bytes right before an offset, so that a file which was truncated and has grown past
// its old size between two looks is told from one that only grew: before each append the bytes are read
// again and compared.

import { hash } from "node:crypto";
import type { Bytes } from "../base/text.ts";
import type { OpenFile } from "../platform/files.ts";

/** How many bytes before the offset a mark speaks of, where there are so many. */
export const TAIL = 1024;

/** How many bytes of a file's beginning are remembered. */
export const HEAD = 64;

export interface Mark {
  /** Offset in the local file. */
  readonly offset: number;
  /** 48 bits of SHA-256 over the last min(TAIL, offset) bytes before `offset`. */
  readonly tail: number;
  /** The file's first bytes, where they were read together with these; at most HEAD. */
  readonly head?: Bytes;
  /** From the memory of an earlier life: what was acknowledged last may be missing in it. */
  readonly loaded?: true;
}

/** The mark at `offset`; `before` are at least the last min(TAIL, offset) bytes before it. */
export function markOf(before: Uint8Array, offset: number): Mark {
  const tail = digest(before.subarray(before.byteLength - Math.min(TAIL, offset)));
  return before.byteLength < offset ? { offset, tail } : { offset, tail, head: headOf(before) };
}

function headOf(bytes: Uint8Array): Bytes {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(HEAD, bytes.byteLength)).toString("latin1");
}

/** True where the file still holds the bytes that the mark speaks of. Throws what reading throws. */
export function holds(mark: Mark, file: OpenFile): boolean {
  const length = Math.min(TAIL, mark.offset);
  const bytes = scratch.subarray(0, length);
  return file.readNow(bytes, 0, length, mark.offset - length) === length && digest(bytes) === mark.tail;
}

const scratch = Buffer.alloc(TAIL);

function digest(bytes: Uint8Array): number {
  return (hash("sha256", bytes, "buffer") as Buffer).readUIntBE(0, 6);
}
