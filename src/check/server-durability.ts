// Whether what a server acknowledges would survive a power cut: fsync is on, and the file system of the data directory
// can do it. Only the directory itself is synced, as it is; nothing is written.

import { codeOf, describe } from "../base/errors.ts";
import { type Bytes, bytesOf, quote } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory, Files } from "../platform/files.ts";
import { error, type Finding, ok, shellWord, warning } from "./finding.ts";

export interface Durable {
  readonly datadir: Bytes;
  readonly fsync: boolean;
  /** The configuration's file. */
  readonly path: string;
}

export async function checkFsync(files: Files, clock: Clock, { datadir, fsync, path }: Durable): Promise<Finding[]> {
  const subject = quote(datadir);
  if (!fsync) {
    const text = "fsync is off: what clients were told is safe may be gone after a power cut";
    return [
      warning("server-fsync", subject, text, `sed -i 's/^fsync: *false/fsync: true/' ${shellWord(bytesOf(path))}`),
    ];
  }
  let directory: Directory;
  try {
    directory = files.open(datadir, true);
  } catch {
    return []; // not made yet, or told by another check
  }
  try {
    const began = clock.elapsed();
    await directory.sync();
    return [ok("server-fsync", subject, `works; it took ${(clock.elapsed() - began).toFixed(1)} ms`)];
  } catch (cause) {
    if (codeOf(cause) === "EACCES") return []; // told by another check
    return [
      error(
        "server-fsync",
        subject,
        `does not work: ${describe(cause)}`,
        `findmnt -T ${shellWord(datadir)}; dmesg | tail`,
      ),
    ];
  } finally {
    directory.close();
  }
}
