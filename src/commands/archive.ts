// `shaftlog archive --now`: seals and compresses the files that it is given, whatever their age, as the running server does
// with old ones. It takes the data directory's lock, so the server must be stopped: nobody else appends meanwhile, and
// what a crash leaves is recovered by the next start of either. What it did is written to the server's log as well.

import * as events from "../archive/events.ts";
import { recover } from "../archive/recover.ts";
import { type Sealed, type SealParts, seal } from "../archive/seal.ts";
import { SealedFiles } from "../archive/sealed-files.ts";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf, quote } from "../base/text.ts";
import { loadServerConfig } from "../config/load.ts";
import { systemClock } from "../platform/clock.ts";
import { lockDirectory } from "../platform/lock.ts";
import { type Log, openLog } from "../platform/log.ts";
import { sha256 } from "../platform/node-hash.ts";
import { zstd } from "../platform/node-zstd.ts";
import { allFiles } from "../store/all-files.ts";
import { FreeSpace } from "../store/free-space.ts";
import { look } from "../store/tree.ts";
import { type ArchiveFlags, EXIT } from "./flags.ts";
import { storePath } from "./store-path.ts";
import { openStore } from "./verify-server.ts";

export async function runArchive(flags: ArchiveFlags): Promise<number> {
  if (!flags.now)
    throw new StartFailure("Say --now: without it old files are archived by the server, where `archive` is set");
  if (flags.paths.length === 0) throw new StartFailure("Name the files or directories to archive");
  const config = loadServerConfig(flags.config);
  const paths = flags.paths.map((path) => storePath(path, config));
  const root = openStore(config.datadir, config.path);
  const lock = lockDirectory(bytesOf(config.datadir));
  const log = openLog({ path: config.logfile, debug: false });
  try {
    await recover(root, sha256, log.emit);
    const space = new FreeSpace(root, systemClock, log.emit, config.minFreeSpace);
    const sealed = new SealedFiles({ root, newHash: sha256, codec: zstd, emit: log.emit });
    const parts: SealParts = {
      root,
      newHash: sha256,
      codec: zstd,
      now: () => systemClock.now(),
      rest: async () => {},
      room: () => space.left(),
      claim: (path) => sealed.claim(path),
      fatal: () => {},
    };
    let code: number = EXIT.OK;
    for (const given of paths) {
      const isDirectory = look(root, given).kind === "obstructed";
      for (const path of isDirectory ? allFiles(root, given) : [given]) {
        if (isDirectory && sealed.isCopy(path)) continue;
        code = Math.max(code, await sealOne(path, sealed, parts, log));
      }
    }
    return code;
  } finally {
    log.close();
    lock.release();
    root.close();
  }
}

/** The exit code for this one. */
async function sealOne(path: Bytes, sealed: SealedFiles, parts: SealParts, log: Log): Promise<number> {
  try {
    const outcome = await seal(path, parts, () => true);
    if (outcome.kind !== "sealed") return refused(path, outcome, sealed);
    const event = events.compressed(path, outcome.size, outcome.copySize);
    log.emit(event);
    say(event.text);
    return EXIT.OK;
  } catch (error) {
    if (codeOf(error) === "" && !(error instanceof Error)) throw error;
    say(`Cannot archive ${quote(path)}: ${describe(error)}; it is as it was`);
    return EXIT.INCOMPLETE;
  }
}

function refused(path: Bytes, outcome: Exclude<Sealed, { kind: "sealed" }>, sealed: SealedFiles): number {
  switch (outcome.kind) {
    case "taken":
      say(events.taken(path).text);
      return EXIT.REFUSED;
    case "no-room":
      say(events.noRoom(path, outcome.size).text);
      return EXIT.INCOMPLETE;
    case "in-use":
      say(`Cannot archive ${quote(path)}: it was changed meanwhile`);
      return EXIT.INCOMPLETE;
    case "nothing": {
      if (sealed.find(path) !== undefined) say(`${quote(path)} is sealed already`);
      else say(`${quote(path)}: there is no such file, or it is empty`);
      return sealed.find(path) !== undefined ? EXIT.OK : EXIT.REFUSED;
    }
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
