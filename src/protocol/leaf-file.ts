// Where the hashes of a file's full leaves are kept (tree-hash.ts), so that one that was not touched for long costs
// reading its open leaf only. One small file each below `.leaves`, named by the SHA-256 of the path that it is of,
// 256 directories. Records (records.ts): the path, each full leaf, and stamps: "so it was left, in order".
// A cache: whatever is missing or does not fit costs reading. Pure.

import { codeOf, isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile, Stat } from "../platform/files.ts";
import { type Format, parseRecords, type Sealer } from "./records.ts";
import { DIGEST, type NewHash } from "./tree-hash.ts";

export const LEAVES = ".leaves";
export const LEAF_FORMAT: Format = { kind: "shaftlog-leaves", version: 1 };

/** First byte of a record. */
export const RECORD = { PATH: 0x50, LEAF: 0x4c, STAMP: 0x53 } as const;

/** What changes when anybody but us touches the file that the leaves are of. */
export type Stamp = Pick<Stat, "dev" | "ino" | "size" | "mtimeMs" | "ctimeMs">;

export interface LeafFile {
  readonly path: Bytes;
  readonly leaves: readonly Uint8Array[];
  /** As the file was left; undefined where that is not known, or leaves were added since. */
  readonly stamp: Bytes | undefined;
  readonly sealer: Sealer;
}

export type ReadLeaves = LeafFile | { readonly kind: "newer" } | undefined;

/** Directory below `.leaves`, and the name in it. */
export function placeOf(path: Bytes, newHash: NewHash): { readonly directory: Bytes; readonly name: Bytes } {
  const hash = newHash();
  hash.update(Buffer.from(path, "latin1"));
  const name = Buffer.from(hash.digest()).toString("hex");
  return { directory: name.slice(0, 2), name };
}

/** What is kept for `path` below `root`. Throws what the kernel says, but for "not there". */
export function readLeaves(root: Directory, path: Bytes, newHash: NewHash): ReadLeaves {
  const place = placeOf(path, newHash);
  const read = withLeafDirectory(root, place.directory, (directory) => parseLeaves(directory, place.name, newHash));
  return read === undefined || "kind" in read || read.path === path ? read : undefined;
}

/** Calls `use` with the directory below `.leaves`; undefined where there is none. */
export function withLeafDirectory<T>(root: Directory, name: Bytes, use: (directory: Directory) => T): T | undefined {
  let leaves: Directory | undefined;
  let directory: Directory | undefined;
  try {
    leaves = root.directory(LEAVES);
    directory = leaves.directory(name);
    return use(directory);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  } finally {
    directory?.close();
    leaves?.close();
  }
}

/** What the leaf file `name` in `directory` holds. */
export function parseLeaves(directory: Directory, name: Bytes, newHash: NewHash): ReadLeaves {
  const file = directory.openRead(name);
  let bytes: Uint8Array;
  try {
    bytes = readWhole(file);
  } finally {
    file.close();
  }
  const parsed = parseRecords(LEAF_FORMAT, bytes, newHash);
  if (parsed.kind !== "records") return parsed.kind === "newer" ? { kind: "newer" } : undefined;
  const [first, ...rest] = parsed.payloads;
  if (first?.[0] !== RECORD.PATH) return undefined;
  const leaves: Uint8Array[] = [];
  let stamp: Bytes | undefined;
  for (const payload of rest) {
    if (payload[0] === RECORD.LEAF && payload.byteLength === 1 + DIGEST) leaves.push(payload.subarray(1));
    stamp = payload[0] === RECORD.STAMP ? textOfRecord(payload) : undefined;
  }
  return { path: textOfRecord(first), leaves, stamp, sealer: parsed.sealer };
}

export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stamp): Bytes {
  return `${dev} ${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

export function textRecord(type: number, text: Bytes): Uint8Array {
  return Buffer.concat([Uint8Array.of(type), Buffer.from(text, "latin1")]);
}

export function leafRecord(leaf: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(RECORD.LEAF), leaf]);
}

/** All bytes of a small file. */
export function readWhole(file: OpenFile): Uint8Array {
  const bytes = Buffer.alloc(file.stat().size);
  return bytes.subarray(0, file.readNow(bytes, 0, bytes.length, 0));
}

/** Makes a directory that may be there. */
export function ensureDirectory(parent: Directory, name: Bytes): void {
  try {
    parent.mkdir(name, 0o700);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

function textOfRecord(payload: Uint8Array): Bytes {
  return Buffer.from(payload.buffer, payload.byteOffset + 1, payload.byteLength - 1).toString("latin1");
}
