// What is remembered of a sealed file: its size, its digest and the hashes of its leaves, enough to go on telling all that
// a client may ask. One file for each below `.archive`, named by the SHA-256 of the path, 256 directories. Written whole
// beside its place, made durable, and renamed: it is there as a whole or not at all, and it never changes afterwards.
// Unlike other files that remember, it is no cache: one that cannot be read is an error, never "nothing there".

import { isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import { ensureDirectory, placeOf, readWhole } from "../protocol/leaf-file.ts";
import { type Format, headerOf, parseRecords, Sealer } from "../protocol/records.ts";
import { DIGEST, type NewHash } from "../protocol/tree-hash.ts";

export const ARCHIVE = ".archive";
/** The name of a compressed copy is that of the file, and this. */
export const COMPRESSED = ".zst";
const FORMAT: Format = { kind: "shaftlog-archive", version: 1 };
/** A record on its way; a crash leaves it, and the next one takes its place. */
const NEW = ".new";
/** Leaves in one part of the record, and bytes of each: its hash, and the length of its frame. */
const LEAVES_AT_ONCE = 1024;
const LEAF_BYTES = DIGEST + 4;
/** Facts stand within so many first bytes. */
const HEAD = 64 * 1024;

export interface Facts {
  readonly path: Bytes;
  readonly size: number;
  /** Of all `size` bytes. */
  readonly digest: Uint8Array;
  /** When the file was last changed. */
  readonly mtimeMs: number;
  readonly sealedAt: number;
  /** Bytes of the compressed copy. */
  readonly copySize: number;
  /** The file itself, as it was (recover.ts). */
  readonly original: Bytes;
}

/** One leaf of the file and where its frame lies in the compressed copy. */
export interface Leaf {
  readonly hash: Uint8Array;
  /** Bytes of its frame. */
  readonly frame: number;
}

/** The record of another version, or damaged. */
export class UnreadableRecord extends Error {
  override readonly name = "UnreadableRecord";
}

/** Puts the record in its place, durably. Throws what the kernel says. */
export async function writeRecord(
  root: Directory,
  facts: Facts,
  leaves: readonly Leaf[],
  newHash: NewHash,
): Promise<void> {
  const { directory, name } = placeOf(facts.path, newHash);
  ensureDirectory(root, ARCHIVE);
  const archive = root.directory(ARCHIVE);
  try {
    ensureDirectory(archive, directory);
    const at = archive.directory(directory);
    try {
      if (at.lstat(NEW) !== undefined) at.unlink(NEW);
      const file = at.create(NEW, 0o600);
      try {
        await file.append(recordOf(facts, leaves, newHash));
        await file.sync();
      } finally {
        file.close();
      }
      // Die here: the file is as it was, and this is nobody's.
      at.rename(NEW, name);
      await at.sync();
    } finally {
      at.close();
    }
    await archive.sync();
    await root.sync();
  } finally {
    archive.close();
  }
}

/** Takes a record away again, if there is one, of a file that is there itself. */
export async function removeRecord(root: Directory, path: Bytes, newHash: NewHash): Promise<void> {
  await inPlace(root, path, newHash, async (at, name) => {
    if (at.lstat(name) === undefined) return;
    at.unlink(name);
    await at.sync();
  });
}

/** undefined: there is none. Throws UnreadableRecord, and what the kernel says. */
export function readFacts(root: Directory, path: Bytes, newHash: NewHash): Facts | undefined {
  const facts = inPlace(root, path, newHash, (at, name) => readFactsAt(at, name, newHash));
  if (facts !== undefined && facts.path !== path) throw new UnreadableRecord("it is of another path");
  return facts;
}

/** Of the record `name` in one of the 256 directories. */
export function readFactsAt(at: Directory, name: Bytes, newHash: NewHash): Facts {
  const bytes = read(at, name, (file) => {
    const head = Buffer.alloc(Math.min(HEAD, file.stat().size));
    return head.subarray(0, file.readNow(head, 0, head.length, 0));
  });
  return factsOf(bytes, newHash);
}

/** All leaves of the file that `facts` are of; fewer where the record is damaged behind its facts. */
export function readLeavesOf(root: Directory, { path }: Facts, newHash: NewHash): readonly Leaf[] {
  const bytes = inPlace(root, path, newHash, (at, name) => read(at, name, readWhole));
  const parsed = bytes === undefined ? undefined : parseRecords(FORMAT, bytes, newHash);
  if (parsed?.kind !== "records") return [];
  return parsed.payloads.slice(1).flatMap(leavesIn);
}

/** The names of the records in one of the 256 directories. */
export function listRecords(root: Directory, directory: Bytes): readonly Bytes[] {
  const names = inArchive(root, directory, (at) => at.list().map(({ name }) => name));
  return (names ?? []).filter((name) => !name.startsWith("."));
}

/** Calls `use` with the directory below `.archive`; undefined where there is none, or it says so. */
export function inArchive<T>(root: Directory, name: Bytes, use: (at: Directory) => T): T | undefined {
  let archive: Directory | undefined;
  let at: Directory | undefined;
  try {
    archive = root.directory(ARCHIVE);
    at = archive.directory(name);
    const result = use(at);
    if (!(result instanceof Promise)) return result;
    const open = at;
    at = undefined;
    return result.finally(() => open.close()) as T;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  } finally {
    at?.close();
    archive?.close();
  }
}

function inPlace<T>(
  root: Directory,
  path: Bytes,
  newHash: NewHash,
  use: (at: Directory, name: Bytes) => T,
): T | undefined {
  const { directory, name } = placeOf(path, newHash);
  return inArchive(root, directory, (at) => use(at, name));
}

function read<T>(at: Directory, name: Bytes, use: (file: OpenFile) => T): T {
  const file = at.openRead(name);
  try {
    return use(file);
  } finally {
    file.close();
  }
}

function recordOf(facts: Facts, leaves: readonly Leaf[], newHash: NewHash): Uint8Array[] {
  const sealer = new Sealer(FORMAT, newHash);
  const { path, size, digest, mtimeMs, sealedAt, copySize, original } = facts;
  const told = [path, size, Buffer.from(digest).toString("base64"), mtimeMs, sealedAt, copySize, original];
  const records = [headerOf(FORMAT), sealer.record(Buffer.from(JSON.stringify(told), "latin1"))];
  for (let i = 0; i < leaves.length; i += LEAVES_AT_ONCE) {
    const part = leaves.slice(i, i + LEAVES_AT_ONCE);
    const bytes = Buffer.alloc(part.length * LEAF_BYTES);
    for (const [j, { hash, frame }] of part.entries()) {
      bytes.set(hash, j * LEAF_BYTES);
      bytes.writeUInt32BE(frame, j * LEAF_BYTES + DIGEST);
    }
    records.push(sealer.record(bytes));
  }
  return records;
}

function factsOf(bytes: Uint8Array, newHash: NewHash): Facts {
  const parsed = parseRecords(FORMAT, bytes, newHash);
  if (parsed.kind === "newer") throw new UnreadableRecord("it was written by a newer version");
  const first = parsed.kind === "records" ? parsed.payloads[0] : undefined;
  if (first === undefined) throw new UnreadableRecord("its checksum is wrong: the disk has damaged it");
  const told = JSON.parse(Buffer.from(first).toString("latin1")) as [
    Bytes,
    number,
    Bytes,
    number,
    number,
    number,
    Bytes,
  ];
  const [path, size, digest, mtimeMs, sealedAt, copySize, original] = told;
  return { path, size, digest: Buffer.from(digest, "base64"), mtimeMs, sealedAt, copySize, original };
}

function leavesIn(payload: Uint8Array): Leaf[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return Array.from({ length: Math.floor(bytes.length / LEAF_BYTES) }, (_, i) => ({
    hash: bytes.subarray(i * LEAF_BYTES, i * LEAF_BYTES + DIGEST),
    frame: bytes.readUInt32BE(i * LEAF_BYTES + DIGEST),
  }));
}
