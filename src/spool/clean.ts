// Whether the last life in a data directory ended in order, so that its memory holds everything that was
// acknowledged. `.clean` says so: made last of all, and removed first of all.

import type { Directory } from "../platform/files.ts";

/*
 *   fdatasync .memory     crash: no `.clean`, the memory may be older than the last acknowledgement
 *   create .clean         crash: it is there or not; the memory is whole either way
 *   fsync directory
 *   … the next life:
 *   unlink .clean         crash: the next life takes it for an end in order, which it was: nothing was sent yet
 *   fsync directory       by the settler, before anything is announced and so before anything is acknowledged
 */
const CLEAN = ".clean";

/** Tells how the last life ended, and that this one has begun. The caller fsyncs the directory before the first byte. */
export function takeClean(root: Directory): boolean {
  if (root.lstat(CLEAN) === undefined) return false;
  root.unlink(CLEAN);
  return true;
}

/** This life ended in order: everything that was acknowledged stands in `memory`, which is closed. */
export async function leaveClean(root: Directory, memory: string): Promise<void> {
  if (root.lstat(memory)?.kind !== "file") return;
  const file = root.openRead(memory);
  try {
    await file.sync();
  } finally {
    file.close();
  }
  root.create(CLEAN, 0o600).close();
  await root.sync();
}
