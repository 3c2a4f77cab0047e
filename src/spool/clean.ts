// Whether the last life in a data directory ended in order, so that its memory holds everything that was
// acknowledged. `.clean` says so: made last of all, and removed first of all. It names the very memory that it speaks of, by
// inode and time of change: one that was restored from a backup may be older than what was acknowledged.

import type { Directory, Stat } from "../platform/files.ts";

/*
 *   fdatasync .memory     crash: no `.clean`, the memory may be older than the last acknowledgement
 *   create .clean         crash: it is there or not; the memory is whole either way
 *   fsync directory
 *   … the next life:
 *   unlink .clean         crash: the next life takes it for an end in order, which it was: nothing was sent yet
 *   fsync directory       by the settler, before anything is announced and so before anything is acknowledged
 */
const CLEAN = ".clean";
/** What was written within so many ms before an end that was not in order is in doubt. */
const LATELY = 3_600_000;

/** Tells how the last life ended, and that this one has begun. The caller fsyncs the directory before the first byte. */
export function takeClean(root: Directory, memory: string): boolean {
  if (root.lstat(CLEAN) === undefined) return false;
  const said = smallText(root, CLEAN);
  root.unlink(CLEAN);
  const found = root.lstat(memory);
  return found !== undefined && said === placeOf(found);
}

function placeOf({ ino, ctimeMs }: Stat): string {
  return `${ino} ${ctimeMs}\n`;
}

function smallText(root: Directory, name: string): string {
  const file = root.openRead(name);
  try {
    const buffer = Buffer.alloc(64);
    return buffer.toString("latin1", 0, file.readNow(buffer, 0, buffer.length, 0));
  } finally {
    file.close();
  }
}

/**
 * After a life that did not end in order: files that changed from here on (ms since 1970) were being written then. Its
 * end is told by what it wrote last, which is up to a second older than what it remembered last.
 */
export function beginOfDoubt(root: Directory, memory: string, files: readonly { readonly stat: Stat }[]): number {
  let end = root.lstat(memory)?.mtimeMs ?? 0;
  if (end === 0) for (const { stat } of files) end = Math.max(end, stat.mtimeMs);
  return end - LATELY;
}

/** This life ended in order: everything that was acknowledged stands in `memory`, which is closed. */
export async function leaveClean(root: Directory, memory: string): Promise<void> {
  const found = root.lstat(memory);
  if (found?.kind !== "file") return;
  const file = root.openRead(memory);
  try {
    await file.sync();
  } finally {
    file.close();
  }
  const clean = root.create(CLEAN, 0o600);
  try {
    clean.appendNow([Buffer.from(placeOf(found))]);
  } finally {
    clean.close();
  }
  await root.sync();
}
