// A file compressed leaf by leaf: each MiB is a zstd frame of its own, so memory is bounded, any part is read at the cost
// of one leaf, and `zstdcat` gives all of it. Work is followed by as much rest as the caller asks for. The copy is read
// back and compared by digest before anybody relies on it.

import type { Codec } from "../platform/codec.ts";
import type { OpenFile } from "../platform/files.ts";
import { LEAF, leafHash, type NewHash, sameDigest, TreeHash } from "../protocol/tree-hash.ts";
import type { Leaf } from "./record.ts";

export interface Means {
  readonly newHash: NewHash;
  readonly codec: Codec;
  /** Called after each leaf; rejects, with what it likes, where this is to end. */
  readonly rest: () => Promise<void>;
}

export interface Compressed {
  /** Of all bytes of the file. */
  readonly digest: Uint8Array;
  readonly leaves: readonly Leaf[];
  /** Bytes of the copy. */
  readonly bytes: number;
}

/** The file is not what it was when this began. */
export class ChangedFile extends Error {
  override readonly name = "ChangedFile";
}

/** Compresses the first `size` bytes of `file`, behind what `into` holds: nothing. */
export async function compress(file: OpenFile, size: number, into: OpenFile, means: Means): Promise<Compressed> {
  const { newHash, codec, rest } = means;
  const whole = new TreeHash(newHash);
  const leaves: Leaf[] = [];
  const buffer = Buffer.allocUnsafe(Math.min(LEAF, size));
  let bytes = 0;
  while (whole.size < size) {
    const length = Math.min(LEAF, size - whole.size);
    if ((await file.read(buffer, 0, length, whole.size)) < length) throw new ChangedFile("it became shorter");
    const leaf = buffer.subarray(0, length);
    const hash = leafHash(newHash, leaf);
    if (length === LEAF) whole.addLeaf(hash);
    else whole.update(leaf);
    const frame = await codec.compress(leaf);
    await into.append([frame]);
    leaves.push({ hash, frame: frame.byteLength });
    bytes += frame.byteLength;
    await rest();
  }
  return { digest: whole.digest(), leaves, bytes };
}

/** The number of the first leaf that `copy` does not give back as it was, or undefined where all are. */
export async function firstDamaged(copy: OpenFile, leaves: readonly Leaf[], means: Means): Promise<number | undefined> {
  let at = 0;
  for (const [i, leaf] of leaves.entries()) {
    if ((await readLeaf(copy, at, leaf, means)) === undefined) return i;
    at += leaf.frame;
    await means.rest();
  }
  return undefined;
}

/** The bytes of the leaf whose frame begins at `position`; undefined where they are not what they were. */
export async function readLeaf(
  copy: OpenFile,
  position: number,
  { hash, frame }: Leaf,
  { newHash, codec }: Pick<Means, "newHash" | "codec">,
): Promise<Uint8Array | undefined> {
  const packed = Buffer.allocUnsafe(frame);
  if ((await copy.read(packed, 0, frame, position)) < frame) return undefined;
  const bytes = await codec.decompress(packed, LEAF).catch(() => undefined);
  return bytes !== undefined && sameDigest(leafHash(newHash, bytes), hash) ? bytes : undefined;
}
