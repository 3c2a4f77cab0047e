// Content-Range of an append: `bytes first-last/size` or `bytes first-last/*` (RFC 9110 section 14.4),
// with the strictness that appending needs. Pure. Offsets inside the program are half-open: [start, end).

import { isSize } from "../base/assert.ts";

export interface Range {
  /** Offset of the first byte. */
  readonly start: number;
  /** Offset behind the last byte; start < end. */
  readonly end: number;
  /** The complete length as the sender knows it, at least `end`; undefined for `*`. */
  readonly size: number | undefined;
}

const FORM = /^bytes (0|[1-9][0-9]{0,15})-(0|[1-9][0-9]{0,15})\/(\*|0|[1-9][0-9]{0,15})$/i;

/** The range that a field value spells, or undefined where it is malformed, empty or beyond what a double holds. */
export function parseContentRange(value: string): Range | undefined {
  const match = FORM.exec(value);
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const size = match[3] === "*" ? undefined : Number(match[3]);
  if (!isSize(start) || !isSize(end) || end <= start) return undefined;
  if (size !== undefined && (!isSize(size) || size < end)) return undefined;
  return { start, end, size };
}

export function formatContentRange(range: Range): string {
  return `bytes ${range.start}-${range.end - 1}/${range.size ?? "*"}`;
}

/** The field of a 416 answer: where the file ends now. */
export function formatUnsatisfied(size: number): string {
  return `bytes */${size}`;
}

/** The value of Content-Length or Upload-Offset: a size, or undefined where it is malformed or doubled. */
export function parseSize(value: string | readonly string[] | undefined): number | undefined {
  if (typeof value !== "string" || !/^(0|[1-9][0-9]{0,15})$/.test(value)) return undefined;
  const size = Number(value);
  return isSize(size) ? size : undefined;
}
