// `shaftlog archive --now`: seals and compresses the files that it is given, whatever their age, as the running server does
// with old ones. A server that runs is asked to do it (archive-asked.ts). Where none does, this takes the data directory's
// lock: nobody else appends meanwhile, and what a crash leaves is recovered by the next start of either. What was done is
// written to the server's log as well.

import { archiveNow, type NowResult } from "../archive/archive-now.ts";
import { StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf } from "../base/text.ts";
import { loadServerConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/options.ts";
import { systemClock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { LockedError, lockDirectory } from "../platform/lock.ts";
import { openLog } from "../platform/log.ts";
import { FreeSpace } from "../store/free-space.ts";
import { askServer } from "./archive-asked.ts";
import { type ArchiveFlags, EXIT } from "./flags.ts";
import { openSealed, sealGround } from "./server-archive.ts";
import { storePath } from "./store-path.ts";
import { openStore } from "./verify-server.ts";

const CODES: Readonly<Record<NowResult, number>> = {
  sealed: EXIT.OK,
  incomplete: EXIT.INCOMPLETE,
  refused: EXIT.REFUSED,
};

export async function runArchive(flags: ArchiveFlags): Promise<number> {
  if (!flags.now)
    throw new StartFailure("Say --now: without it old files are archived by the server, where `archive` is set");
  if (flags.paths.length === 0) throw new StartFailure("Name the files or directories to archive");
  const config = loadServerConfig(flags.config);
  const paths = flags.paths.map((path) => storePath(path, config));
  const root = openStore(config.datadir, config.path);
  try {
    const lock = lockDirectory(bytesOf(config.datadir));
    try {
      return CODES[await archiveAlone(paths, config, root)];
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    return CODES[await askServer(flags.paths, config, error, say)];
  } finally {
    root.close();
  }
}

async function archiveAlone(paths: readonly Bytes[], config: ServerConfig, root: Directory): Promise<NowResult> {
  const log = openLog({ path: config.logfile, debug: false });
  const { emit } = log;
  try {
    const space = new FreeSpace(root, systemClock, emit, config.minFreeSpace);
    const sealed = await openSealed(root, emit);
    const ground = sealGround(root, emit, sealed, {
      room: () => space.left(),
      claim: (path) => sealed.claim(path),
      fatal: () => {},
      accounted: () => {},
    });
    return await archiveNow(paths, ground, async () => {}, say);
  } finally {
    log.close();
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
