// How a generation is named: `NAME.g<N>-from-<P>`, N ≥ 2 counts the generations of one inode, P is the offset of
// the generation's first byte. The name is all the state there is: what belongs together is known by the
// inode, where a generation ends by the start of a later one. Pure. (docs/PROTOCOL.md, "When local and remote differ")

import type { Bytes } from "../base/text.ts";
import { MAX_SEGMENT } from "../protocol/resource-path.ts";

export interface GenerationName {
  readonly number: number;
  readonly start: number;
}

const FORM = /\.g([2-9]|[1-9][0-9]{1,8})-from-(0|[1-9][0-9]{0,14})$/;

/** What the end of `name` says, or undefined where it is not a generation's name. */
export function parseGeneration(name: Bytes): GenerationName | undefined {
  const match = FORM.exec(name);
  return match === null ? undefined : { number: Number(match[1]), start: Number(match[2]) };
}

/** The name of a further generation of the file that holds `name`. */
export function nameGeneration(name: Bytes, number: number, start: number): Bytes {
  return withSuffix(name.replace(FORM, ""), `.g${number}-from-${start}`);
}

/** `name` with `suffix`, its last segment cut where the whole would be longer than a file system holds. */
export function withSuffix(name: Bytes, suffix: string): Bytes {
  const segment = name.slice(name.lastIndexOf("/") + 1);
  const excess = segment.length + suffix.length - MAX_SEGMENT;
  if (excess <= 0) return name + suffix;
  let cut = name.length - excess;
  // Not within a UTF-8 sequence: a name that was text stays text.
  while (isContinuation(name.charCodeAt(cut)) && name.length - cut < excess + 3) cut--;
  return name.slice(0, cut) + suffix;
}

function isContinuation(byte: number): boolean {
  return byte >= 0x80 && byte < 0xc0;
}
