// Reads the bytes of one PUT and makes sure, in the same breath, that the file is still the one whose first
// bytes were sent: the bytes right before the end of what was sent last are read again and compared (spool/mark.ts).
// A file that was truncated and has grown again between two looks is found here.

import type { OpenFile, Stat } from "../platform/files.ts";
import { type Generation, isSuperseded } from "../spool/entry.ts";
import { holds, type Mark, markOf, TAIL } from "../spool/mark.ts";

export interface Piece {
  /** The bytes to send; at most as many as were asked for. */
  readonly bytes: Uint8Array;
  /** Remembers the end of these bytes, for whoever sends them; undefined for a superseded generation, whose end is fixed. */
  readonly mark: Mark | undefined;
}

export type Reading =
  | { readonly kind: "piece"; readonly piece: Piece }
  /** The file has fewer bytes than it had: look again. */
  | { readonly kind: "shorter"; readonly stat: Stat }
  /** The bytes before are not those that were read before. */
  | { readonly kind: "rewritten" };

/** Below this many bytes a read from the page cache costs less than handing it to the thread pool. */
const SMALL = 256 * 1024;

/**
 * Reads `length` bytes of `generation` from `offset` (within the generation) into `buffer`, which holds at
 * least TAIL bytes more than that. Throws what reading throws.
 */
export async function readRange(
  file: OpenFile,
  generation: Generation,
  offset: number,
  length: number,
  buffer: Uint8Array,
): Promise<Reading> {
  const { entry } = generation;
  const from = generation.start + offset;
  const guarded = !isSuperseded(generation);
  const before = guarded ? Math.min(TAIL, from) : 0;
  if (guarded && entry.mark !== undefined && !holds(entry.mark, file)) {
    const stat = file.stat();
    return stat.size < entry.mark.offset ? { kind: "shorter", stat } : { kind: "rewritten" };
  }
  const wanted = before + length;
  const isSmall = wanted <= SMALL;
  const count = isSmall
    ? file.readNow(buffer, 0, wanted, from - before)
    : await file.read(buffer, 0, wanted, from - before);
  if (count < wanted) return { kind: "shorter", stat: file.stat() };
  // What takes a while to read may have been cut, and written anew, since its mark was looked at.
  if (guarded && !isSmall && entry.mark !== undefined && !holds(entry.mark, file)) return { kind: "rewritten" };
  const mark = guarded ? markOf(buffer.subarray(0, wanted), from + length) : undefined;
  return { kind: "piece", piece: { bytes: buffer.subarray(before, wanted), mark } };
}
