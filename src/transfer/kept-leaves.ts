// The full leaves of a generation that its spool keeps: those that may spare reading the file before the next append, and
// where new ones go. They are ours to go on by as long as the file ends, where it was read last, as it did then; a
// comparison never uses them. Pure.

import type { OpenFile } from "../platform/files.ts";
import { LEAF, type NewHash, TreeHash } from "../protocol/tree-hash.ts";
import { type Generation, isSuperseded } from "../spool/entry.ts";
import { holds } from "../spool/mark.ts";

export interface KeptLeaves {
  /** From the generation's beginning on. */
  readonly leaves: readonly Uint8Array[];
  /** Leaf number `index` was read. */
  readonly note: (index: number, leaf: Uint8Array) => void;
}

/** To go on from the first `size` bytes. Throws what reading throws. */
export function keptLeaves(generation: Generation, size: number, file: OpenFile): KeptLeaves | undefined {
  const kept = newLeaves(generation);
  const { entry, start, name } = generation;
  const { mark, inDoubt, holder } = entry;
  if (kept === undefined || size < LEAF || inDoubt || mark === undefined || !holds(mark, file)) return kept;
  const leaves = holder.leaves?.read(name)?.leaves ?? [];
  return { ...kept, leaves: leaves.slice(0, Math.max(0, Math.floor((mark.offset - start) / LEAF))) };
}

/** Only for those that are read now; undefined where none are kept. */
export function newLeaves(generation: Generation): KeptLeaves | undefined {
  const { leaves } = generation.entry.holder;
  if (leaves === undefined || isSuperseded(generation)) return undefined;
  return { leaves: [], note: (index, leaf) => leaves.note(generation.name, index, leaf) };
}

/** The digest of nothing, to go on from; its full leaves are kept. */
export function hashFromStart(generation: Generation, newHash: NewHash): TreeHash {
  const kept = newLeaves(generation);
  const hash: TreeHash = new TreeHash(newHash, (leaf) => kept?.note(hash.size / LEAF - 1, leaf));
  return hash;
}
