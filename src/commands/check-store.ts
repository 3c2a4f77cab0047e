// What `shaftlog check` finds by looking through a server's data directory, where there is a reason to: what identities have
// of their quota, and what the archive has to do. Files are not opened; other work of this process goes on meanwhile.

import { SealedFiles } from "../archive/sealed-files.ts";
import { isGone, StartFailure } from "../base/errors.ts";
import { type Bytes, bytesOf } from "../base/text.ts";
import type { Finding } from "../check/finding.ts";
import { archiveOff, checkArchive, type Due } from "../check/server-archive.ts";
import { checkQuota } from "../check/server-limits.ts";
import { nearest } from "../check/spool.ts";
import type { ServerConfig } from "../config/options.ts";
import { systemClock } from "../platform/clock.ts";
import type { Directory, Stat } from "../platform/files.ts";
import { sha256 } from "../platform/node-hash.ts";
import { nodeHostFacts } from "../platform/node-host-facts.ts";
import { zstd } from "../platform/node-zstd.ts";
import { allFiles } from "../store/all-files.ts";
import { leastFree } from "../store/free-space.ts";
import { inDirectory, parentOf } from "../store/tree.ts";
import { pause } from "./check-host.ts";
import { openStore } from "./verify-server.ts";

/** Files looked at before others of this process get their turn. */
const AT_ONCE = 500;

export async function checkStore(config: ServerConfig): Promise<Finding[]> {
  const { archive, clientPrefix, tokensFile } = config;
  // Only where clients are known are they held to a quota.
  const isKnown = clientPrefix !== undefined || tokensFile !== undefined;
  const off = archive === undefined ? [archiveOff(bytesOf(config.datadir))] : [];
  if (!isKnown && archive === undefined) return off;
  let root: Directory;
  try {
    root = openStore(config.datadir, config.path);
  } catch (cause) {
    if (cause instanceof StartFailure) return off; // told as server-datadir
    throw cause;
  }
  const used = new Map<Bytes, { files: number; bytes: number }>();
  const due: Due[] = [];
  const sealed = new SealedFiles({ root, newHash: sha256, codec: zstd, emit: () => {} });
  let count = 0;
  for (const name of allFiles(root)) {
    if (++count % AT_ONCE === 0) await pause();
    const { size = 0, mtimeMs = systemClock.now() } = statOf(root, name) ?? {};
    const identity = name.slice(0, Math.max(0, name.indexOf("/")));
    const one = used.get(identity) ?? { files: 0, bytes: 0 };
    used.set(identity, { files: one.files + 1, bytes: one.bytes + size });
    const isOld = archive !== undefined && size > 0 && systemClock.now() - mtimeMs >= archive.after;
    if (!isOld || sealed.isCopy(name)) continue;
    due.push({ path: name, size, isTaken: statOf(root, `${name}.zst`) !== undefined });
  }
  root.close();
  const each = [...used].map(([identity, one]) => ({ identity, ...one }));
  const quota = isKnown ? checkQuota(each, config.quota) : [];
  return [...quota, ...(archive === undefined ? off : checkArchive(bytesOf(config.datadir), due, room(config)))];
}

/** Bytes that may be written. */
function room({ datadir, minFreeSpace }: ServerConfig): number {
  const space = nodeHostFacts.fileSystem(nearest(nodeHostFacts, bytesOf(datadir)));
  return space === undefined ? Number.POSITIVE_INFINITY : space.free - leastFree(minFreeSpace, space.total);
}

function statOf(root: Directory, name: Bytes): Stat | undefined {
  try {
    return inDirectory(root, parentOf(name), (at) => at.lstat(name.slice(name.lastIndexOf("/") + 1)));
  } catch (cause) {
    if (!isGone(cause)) throw cause;
    return undefined;
  }
}
