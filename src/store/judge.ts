// Whether the bytes before an append are those that its sender believes. What is at hand may say yes; a no is
// told only of bytes that were read from the disk.

import type { Range } from "../protocol/content-range.ts";
import { type NewHash, sameDigest } from "../protocol/tree-hash.ts";
import type { Resource } from "./resource.ts";

/** What an append's request says. */
export interface Wanted {
  readonly range: Range;
  /** The digest of the bytes before the range, as its sender has them; undefined where it says nothing. */
  readonly believed: Uint8Array | undefined;
}

export type Judgement =
  | { readonly kind: "same" }
  /** `digest`: of all `size` bytes that are there. */
  | { readonly kind: "other"; readonly size: number; readonly digest: Uint8Array };

/** undefined: the disk has to be asked (judgeByDisk). `believed` undefined: the sender says nothing. */
export function judgeAtHand(resource: Resource, believed: Uint8Array | undefined): Judgement | undefined {
  if (believed === undefined) return { kind: "same" };
  return resource.content.isKnownAs(believed, resource.written) ? { kind: "same" } : undefined;
}

/** Nobody may append meanwhile. Rejects with what reading throws. */
export async function judgeByDisk(resource: Resource, believed: Uint8Array, newHash: NewHash): Promise<Judgement> {
  const size = resource.written;
  if (resource.open) {
    const actual = await resource.content.differs(believed, size);
    return actual === undefined ? { kind: "same" } : { kind: "other", size, digest: actual };
  }
  const digest = newHash().digest();
  return sameDigest(digest, believed) ? { kind: "same" } : { kind: "other", size, digest };
}
