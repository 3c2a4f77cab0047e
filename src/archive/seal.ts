// One file is sealed: compressed beside itself, remembered, and only then removed. At any moment there is the file, or its
// record and its copy, and as long as the file is there it alone counts. Requests are told of the new state only when it
// would survive a power cut, so they never see it taken back.

import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile, Stat } from "../platform/files.ts";
import { directoriesTo, inDirectory, look, open, parentOf, withDirectory } from "../store/tree.ts";
import { ChangedFile, type Compressed, compress, firstDamaged, type Means } from "./compress.ts";
import { COMPRESSED, writeRecord } from "./record.ts";
import { beginUnderWay, endUnderWay, TEMPORARY, undo } from "./under-way.ts";

export interface SealParts extends Means {
  readonly root: Directory;
  /** Wall clock. */
  readonly now: () => number;
  /** Bytes that may be written. */
  readonly room: () => number;
  /** Has requests for the path wait until what is returned is called; undefined: one of them is under way. */
  readonly claim: (path: Bytes) => (() => void) | undefined;
  /** The process must end: what the disk holds is not known any more. */
  readonly fatal: (cause: unknown) => void;
}

export type Sealed =
  | { readonly kind: "sealed"; readonly size: number; readonly copySize: number; readonly path: Bytes }
  /** It is written to, or gone: later perhaps. */
  | { readonly kind: "in-use" }
  /** There is nothing to seal: an empty file, or none. */
  | { readonly kind: "nothing" }
  /** FILE.zst is somebody else's. */
  | { readonly kind: "taken" }
  | { readonly kind: "no-room"; readonly size: number };

/** `wanted` judges the file as it is found. Rejects with what the kernel says; the file is as it was then. */
export async function seal(path: Bytes, parts: SealParts, wanted: (stat: Stat) => boolean): Promise<Sealed> {
  const { root } = parts;
  const opened = open(root, path, "read");
  if ("kind" in opened) return { kind: "nothing" };
  const { file, stat } = opened;
  try {
    if (stat.size === 0) return { kind: "nothing" };
    if (!wanted(stat)) return { kind: "in-use" };
    if (look(root, path + COMPRESSED).kind !== "absent") return { kind: "taken" };
    if (parts.room() < stat.size) return { kind: "no-room", size: stat.size };
    await beginUnderWay(root, path, parts.newHash);
    let ended: Sealed | undefined;
    try {
      ended = await sealOpen(path, file, stat, parts);
      return ended;
    } finally {
      if (ended?.kind !== "sealed") await undo(root, path, parts.newHash);
      endUnderWay(root);
    }
  } catch (error) {
    if (error instanceof ChangedFile) return { kind: "in-use" };
    throw error;
  } finally {
    file.close();
  }
}

/*
 *   under-way: the path, fsync              crash from here: recover.ts undoes, the file is as it was
 *   fdatasync FILE; compress to .shaftlog-compressing, fsync, read back and compare
 *   claim: requests for the path wait
 *   .archive/xx/HASH, fsync                 crash: the record goes
 *   link FILE.zst, fsync its directories    crash: recover.ts finishes, FILE being unchanged
 *   unlink FILE, fsync directory            power cut: FILE may be back, and is removed at the next start
 *   under-way removed, claim ended          from here on: 410, and sizes and digests from the record
 */
async function sealOpen(path: Bytes, file: OpenFile, stat: Stat, parts: SealParts): Promise<Sealed> {
  const { root, newHash } = parts;
  await file.sync();
  const made = await makeCopy(path, file, stat.size, parts);
  const release = parts.claim(path);
  if (release === undefined) return { kind: "in-use" };
  try {
    // From here on nobody appends; whoever did before shows in the times.
    const now = look(root, path);
    if (now.kind !== "file" || identityOf(now.stat) !== identityOf(stat)) return { kind: "in-use" };
    const facts = {
      path,
      size: stat.size,
      digest: made.digest,
      mtimeMs: stat.mtimeMs,
      sealedAt: parts.now(),
      copySize: made.bytes,
      original: identityOf(stat),
    };
    await writeRecord(root, facts, made.leaves, newHash);
    if (!nameCopy(root, path)) return { kind: "taken" };
    await syncNames(root, path);
    await removeOriginal(root, path, parts.fatal);
    return { kind: "sealed", size: stat.size, copySize: made.bytes, path };
  } finally {
    release();
  }
}

/** Up to the data directory: those that a crash left may never have been synced. */
export async function syncNames(root: Directory, path: Bytes): Promise<void> {
  for (const directory of directoriesTo(path)) await withDirectory(root, directory, (at) => at.sync());
}

/** Removes the file, which is sealed, and what is left beside it. Nothing may be told before this is done. */
export async function removeOriginal(root: Directory, path: Bytes, fatal: (cause: unknown) => void): Promise<void> {
  const name = nameOf(path);
  await withDirectory(root, parentOf(path), async (at) => {
    if (at.lstat(TEMPORARY) !== undefined) at.unlink(TEMPORARY);
    at.unlink(name);
    try {
      await at.sync();
    } catch (error) {
      fatal(error); // gone for us, and perhaps not for the disk
      throw error;
    }
  });
}

/** What tells whether a file is still the one that it was; not the device, whose number may change with a restart. */
export function identityOf({ ino, size, mtimeMs, ctimeMs }: Pick<Stat, "ino" | "size" | "mtimeMs" | "ctimeMs">): Bytes {
  return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
}

/** Read back and compared. */
async function makeCopy(path: Bytes, file: OpenFile, size: number, parts: SealParts): Promise<Compressed> {
  const copy = inDirectory(parts.root, parentOf(path), (at) => {
    if (at.lstat(TEMPORARY) !== undefined) at.unlink(TEMPORARY);
    return at.create(TEMPORARY, 0o640);
  });
  try {
    const made = await compress(file, size, copy, parts);
    await copy.sync();
    const damaged = await firstDamaged(copy, made.leaves, parts);
    if (damaged !== undefined) throw new Error(`its compressed segment ${damaged} is not what was compressed`);
    return made;
  } finally {
    copy.close();
  }
}

/** False where the name is taken: link(2) never takes it from anybody. */
function nameCopy(root: Directory, path: Bytes): boolean {
  return inDirectory(root, parentOf(path), (at) => {
    const to = nameOf(path) + COMPRESSED;
    if (at.lstat(to) !== undefined) return false;
    at.link(TEMPORARY, at, to);
    return true;
  });
}

function nameOf(path: Bytes): Bytes {
  return path.slice(path.lastIndexOf("/") + 1);
}
