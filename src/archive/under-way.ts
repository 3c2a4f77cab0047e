// Which file is being sealed just now, so that the next life finds what a crash left of it without looking everywhere; and
// the way back. One at a time.

import { isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";
import { ensureDirectory, readWhole } from "../protocol/leaf-file.ts";
import { type Format, headerOf, parseRecords, Sealer } from "../protocol/records.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import { look, parentOf, withDirectory } from "../store/tree.ts";
import { ARCHIVE, COMPRESSED, removeRecord } from "./record.ts";

/** The compressed copy on its way, beside the file. */
export const TEMPORARY = ".shaftlog-compressing";
const FILE = "under-way";
const FORMAT: Format = { kind: "shaftlog-archiving", version: 1 };

/** Durable: what follows may leave traces. */
export async function beginUnderWay(root: Directory, path: Bytes, newHash: NewHash): Promise<void> {
  ensureDirectory(root, ARCHIVE);
  const archive = root.directory(ARCHIVE);
  try {
    if (archive.lstat(FILE) !== undefined) archive.unlink(FILE);
    const file = archive.create(FILE, 0o600);
    try {
      file.appendNow([headerOf(FORMAT), new Sealer(FORMAT, newHash).record(Buffer.from(path, "latin1"))]);
      await file.sync();
    } finally {
      file.close();
    }
    await archive.sync();
    await root.sync();
  } finally {
    archive.close();
  }
}

/** What is left of it after a power cut finds nothing to do. */
export function endUnderWay(root: Directory): void {
  inArchive(root, (archive) => archive.unlink(FILE));
}

/** The path that the life before was sealing when it ended. */
export function readUnderWay(root: Directory, newHash: NewHash): Bytes | undefined {
  const bytes = inArchive(root, (archive) => {
    const file = archive.openRead(FILE);
    try {
      return readWhole(file);
    } finally {
      file.close();
    }
  });
  const parsed = bytes === undefined ? undefined : parseRecords(FORMAT, bytes, newHash);
  const path = parsed?.kind === "records" ? parsed.payloads[0] : undefined;
  return path === undefined ? undefined : Buffer.from(path).toString("latin1");
}

/** The file counts: its record and what is there of its copy go. Where it is not there, they are all there is, and stay. */
export async function undo(root: Directory, path: Bytes, newHash: NewHash): Promise<void> {
  if (look(root, path).kind !== "file") return;
  await removeRecord(root, path, newHash);
  try {
    await withDirectory(root, parentOf(path), async (at) => {
      const temporary = at.lstat(TEMPORARY);
      if (temporary === undefined) return;
      const name = path.slice(path.lastIndexOf("/") + 1) + COMPRESSED;
      // Ours only where it is the same file.
      if (at.lstat(name)?.ino === temporary.ino) at.unlink(name);
      at.unlink(TEMPORARY);
      await at.sync();
    });
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function inArchive<T>(root: Directory, use: (archive: Directory) => T): T | undefined {
  let archive: Directory | undefined;
  try {
    archive = root.directory(ARCHIVE);
    return use(archive);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  } finally {
    archive?.close();
  }
}
