// The archive of a running server, put together: what a crash left is recovered before anything is told, sealed files are
// answered for whether or not the configuration still has `archive`, and with it old files are sealed.

import { Archive } from "../archive/archive.ts";
import { recover } from "../archive/recover.ts";
import { SealedFiles } from "../archive/sealed-files.ts";
import { describe, StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { ServerConfig } from "../config/options.ts";
import { systemClock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { sha256 } from "../platform/node-hash.ts";
import { zstd } from "../platform/node-zstd.ts";
import type { Store } from "../store/store.ts";

/** The lock is held. Throws StartFailure. */
export async function openSealed(root: Directory, emit: Emit): Promise<SealedFiles> {
  try {
    await recover(root, sha256, emit);
  } catch (error) {
    throw new StartFailure(`Cannot finish what was being archived when the server ended: ${describe(error)}`);
  }
  return new SealedFiles({ root, newHash: sha256, codec: zstd, emit });
}

/** undefined where nothing is to be archived. `fatal`: the process must end. */
export function startArchive(
  { archive }: ServerConfig,
  root: Directory,
  store: Store,
  sealed: SealedFiles,
  emit: Emit,
  fatal: () => void,
): Archive | undefined {
  if (archive === undefined) return undefined;
  return new Archive(archive, {
    root,
    clock: systemClock,
    emit,
    newHash: sha256,
    codec: zstd,
    sealed,
    fatal,
    room: () => store.room(),
    claim: (path) => store.claim(path),
    accounted: (path, files, bytes) => store.accounted(path, files, bytes),
  });
}
