// The exact byte where two files part, by digests of their prefixes: about as many questions as the size has bits. What
// is compared must not change meanwhile.

import type { PrefixDigest } from "../protocol/digest-field.ts";
import { LEAF, sameDigest } from "../protocol/tree-hash.ts";
import type { LocalDigest } from "./local-digest.ts";

/** How many first bytes are the same, as far as can be told, knowing that of `size` bytes not all are; or what `ask` says instead of a digest. */
export async function bisect<Other extends { readonly kind: string }>(
  local: LocalDigest,
  size: number,
  ask: (size: number) => Promise<PrefixDigest | Other>,
): Promise<number | Other> {
  let same = 0;
  let other = size;
  while (other - same > 1) {
    // By whole leaves first: their digests are at hand at both ends.
    const leaves = Math.floor((other - 1) / LEAF) - Math.floor(same / LEAF);
    const middle =
      leaves > 0 ? (Math.floor(same / LEAF) + Math.ceil(leaves / 2)) * LEAF : same + Math.floor((other - same) / 2);
    const theirs = await ask(middle);
    if ("kind" in theirs) return theirs;
    // Of a sealed file whose bytes are gone it tells whole leaves: so the leaf is all that can be known.
    if (theirs.size !== middle) return same;
    if (sameDigest(await local.prefix(middle), theirs.digest)) same = middle;
    else other = middle;
  }
  return same;
}
