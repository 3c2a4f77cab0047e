// The end of a file against what is known to have been acknowledged of it: what a crash may have left there, and what
// may be cut off. Known are the last acknowledged size of files that were written lately (acknowledged.ts) and
// the full leaves (leaf-file.ts), both kept only of durable bytes. Changes nothing but in `cutTail`.

import { describe, isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import { readLeaves } from "../protocol/leaf-file.ts";
import { LEAF, type NewHash, sameDigest, TreeHash } from "../protocol/tree-hash.ts";
import type { LastAcknowledged } from "./acknowledged.ts";
import { firstBad } from "./audit.ts";
import { open } from "./tree.ts";

export interface Tail {
  readonly size: number;
  /** So many first bytes are known to have been acknowledged, at least. */
  readonly known: number;
  /** Where the NULs begin that it ends with; `size` where it ends otherwise. */
  readonly nulsFrom: number;
  /** How the first `known` bytes compare with what was kept of them; undefined: not looked at, or nothing to compare. */
  readonly beginning: "as acknowledged" | "changed" | undefined;
  /** Of a beginning that changed: the first segment that did, where that is known. */
  readonly segment: number | undefined;
}

export type TailOutcome = Tail | { readonly kind: "absent" } | { readonly kind: "unreadable"; readonly cause: string };

const BLOCK = 64 * 1024;

/** `thorough`: the beginning is read and compared as well. */
export async function lookAtTail(
  root: Directory,
  path: Bytes,
  last: LastAcknowledged | undefined,
  newHash: NewHash,
  thorough: boolean,
): Promise<TailOutcome> {
  try {
    const opened = open(root, path, "read");
    if ("kind" in opened) return { kind: "absent" };
    const { file } = opened;
    try {
      return await judge(file, leavesOf(root, path, newHash), last, newHash, thorough);
    } finally {
      file.close();
    }
  } catch (error) {
    return isGone(error) ? { kind: "absent" } : { kind: "unreadable", cause: describe(error) };
  }
}

/** Cuts the file to `size` bytes, durably. Throws what the kernel says. Nobody else writes meanwhile. */
export async function cutTail(root: Directory, path: Bytes, size: number): Promise<void> {
  const opened = open(root, path, "append");
  if ("kind" in opened) throw Object.assign(new Error("it is gone"), { code: "ENOENT" });
  try {
    opened.file.truncate(size);
    await opened.file.sync();
  } finally {
    opened.file.close();
  }
}

/** `[from, from + length)` of the file, for showing. */
export async function readPart(root: Directory, path: Bytes, from: number, length: number): Promise<Uint8Array> {
  const opened = open(root, path, "read");
  if ("kind" in opened) return new Uint8Array(0);
  const buffer = Buffer.alloc(length);
  try {
    return buffer.subarray(0, await opened.file.read(buffer, 0, length, from));
  } finally {
    opened.file.close();
  }
}

async function judge(
  file: OpenFile,
  leaves: readonly Uint8Array[],
  last: LastAcknowledged | undefined,
  newHash: NewHash,
  thorough: boolean,
): Promise<Tail> {
  const { size } = file.stat();
  const nulsFrom = beginOfNuls(file, size);
  const known = Math.max(last?.size ?? 0, leaves.length * LEAF);
  const told = { size, known, nulsFrom };
  if (!thorough) return { ...told, beginning: undefined, segment: undefined };
  const full = leaves.slice(0, Math.floor(size / LEAF));
  const segment = await firstBad(file, full, newHash, Buffer.allocUnsafe(LEAF));
  if (segment !== undefined) return { ...told, beginning: "changed", segment };
  if (last?.digest === undefined || last.size > size) {
    return { ...told, beginning: full.length > 0 ? "as acknowledged" : undefined, segment };
  }
  const same = sameDigest(await digestOf(file, last.size, newHash), last.digest);
  return { ...told, beginning: same ? "as acknowledged" : "changed", segment: undefined };
}

function leavesOf(root: Directory, path: Bytes, newHash: NewHash): readonly Uint8Array[] {
  const read = readLeaves(root, path, newHash);
  return read === undefined || "kind" in read ? [] : read.leaves;
}

function beginOfNuls(file: OpenFile, size: number): number {
  const block = Buffer.allocUnsafe(Math.min(BLOCK, size));
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - BLOCK);
    const count = file.readNow(block, 0, end - from, from);
    for (let i = count - 1; i >= 0; i--) if (block[i] !== 0) return from + i + 1;
    end = from;
  }
  return 0;
}

async function digestOf(file: OpenFile, size: number, newHash: NewHash): Promise<Uint8Array> {
  const hash = new TreeHash(newHash);
  const buffer = Buffer.allocUnsafe(Math.min(LEAF, size));
  while (hash.size < size) {
    const count = await file.read(buffer, 0, Math.min(buffer.length, size - hash.size), hash.size);
    if (count === 0) break;
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest();
}
