// Reads files anew and compares them with the hashes of their full leaves, which were kept when these were durable:
// finds what changed on the disk since. Changes nothing, runs beside a server, and holds one leaf in memory. A leaf
// that differs is looked at twice, since a file may be replaced while it is read.

import { describe, isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import { readLeaves } from "../protocol/leaf-file.ts";
import { LEAF, leafHash, type NewHash, sameDigest } from "../protocol/tree-hash.ts";
import { open } from "./tree.ts";

export type Finding =
  /** Segment `segment` is not what it was. */
  | { readonly kind: "rot"; readonly size: number; readonly segment: number }
  /** It had at least `had` bytes that were durable. */
  | { readonly kind: "shorter"; readonly size: number; readonly had: number }
  | { readonly kind: "unreadable"; readonly size: number; readonly cause: string };

export type Audited =
  | Finding
  /** The first `bytes` are what they were when they were written. */
  | { readonly kind: "sound"; readonly bytes: number }
  /** Nothing is kept of it: it has no full leaf, or was written by hand or by an older version. */
  | { readonly kind: "not-covered" }
  | { readonly kind: "gone" };

/** Judges one file. `buffer` holds a leaf. */
export async function audit(root: Directory, path: Bytes, newHash: NewHash, buffer: Uint8Array): Promise<Audited> {
  let size = 0;
  try {
    const first = await judge(root, path, newHash, buffer, (found) => {
      size = found;
    });
    return first.kind === "rot" || first.kind === "shorter" ? await judge(root, path, newHash, buffer) : first;
  } catch (error) {
    return isGone(error) ? { kind: "gone" } : { kind: "unreadable", size, cause: describe(error) };
  }
}

async function judge(
  root: Directory,
  path: Bytes,
  newHash: NewHash,
  buffer: Uint8Array,
  sized: (size: number) => void = () => {},
): Promise<Audited> {
  const opened = open(root, path, "read");
  if ("kind" in opened) return { kind: "gone" };
  const { file } = opened;
  try {
    // The leaves before the size: they are kept of what was written, never of more.
    const read = readLeaves(root, path, newHash);
    const leaves = read === undefined || "kind" in read ? [] : read.leaves;
    const { size } = file.stat();
    sized(size);
    if (leaves.length === 0) return { kind: "not-covered" };
    const full = Math.min(leaves.length, Math.floor(size / LEAF));
    const segment = await firstBad(file, leaves.slice(0, full), newHash, buffer);
    if (segment !== undefined) return { kind: "rot", size, segment };
    if (full < leaves.length) return { kind: "shorter", size, had: leaves.length * LEAF };
    return { kind: "sound", bytes: full * LEAF };
  } finally {
    file.close();
  }
}

/** The number of the first of `leaves` that the file's bytes do not have. */
export async function firstBad(
  file: OpenFile,
  leaves: readonly Uint8Array[],
  newHash: NewHash,
  buffer: Uint8Array,
): Promise<number | undefined> {
  for (const [i, leaf] of leaves.entries()) {
    const count = await file.read(buffer, 0, LEAF, i * LEAF);
    if (count < LEAF || !sameDigest(leafHash(newHash, buffer.subarray(0, LEAF)), leaf)) return i;
  }
  return undefined;
}
