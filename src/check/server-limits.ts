// A server's room: free space above its floor, what identities have of their quota, and descriptors for as many
// connections as are configured.

import { type Bytes, quote } from "../base/text.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { counted, error, type Finding, ok, shellWord, sizeInWords, warning } from "./finding.ts";
import { nearest } from "./spool.ts";

/** As the store has it: bytes, or a share of the file system but at most 4 GiB. */
export type Floor = { readonly bytes: number } | { readonly share: number };

const MOST_SHARE = 4 * 2 ** 30;

export function checkFloor(host: HostFacts, datadir: Bytes, floor: Floor): Finding[] {
  const space = host.fileSystem(nearest(host, datadir));
  if (space === undefined) return [];
  const kept = "bytes" in floor ? floor.bytes : Math.min(floor.share * space.total, MOST_SHARE);
  const text = `${sizeInWords(space.free)} free of ${sizeInWords(space.total)}, ${sizeInWords(kept)} are kept free (limits.min_free_space)`;
  const look = `du -xh --max-depth=1 ${shellWord(datadir)} | sort -h   # archive what is old: clients send again what is removed by hand as long as they hold it`;
  const subject = quote(datadir);
  if (space.free <= kept) return [error("server-free-space", subject, `${text}: every append is refused (507)`, look)];
  if (space.free < kept + space.total / 20)
    return [warning("server-free-space", subject, `${text}: little is left`, look)];
  return [ok("server-free-space", subject, text)];
}

export interface Used {
  /** The first segment of the path, which is whose it is. */
  readonly identity: Bytes;
  readonly files: number;
  readonly bytes: number;
}

export interface Quota {
  readonly files: number;
  readonly bytes: number;
}

/** From this share on it is told. */
const NEARLY = 0.9;

export function checkQuota(used: readonly Used[], quota: Quota): Finding[] {
  const found = used.flatMap(({ identity, files, bytes }) => {
    const share = Math.max(files / quota.files, bytes / quota.bytes);
    if (share < NEARLY) return [];
    const text = `${counted(files, "file")}, ${sizeInWords(bytes)}: ${Math.floor(share * 100)} % of what an identity may have`;
    const remedy = `shaftlog archive --now ${shellWord(`${identity}/`)}   # for bytes; or raise limits.*_per_identity`;
    if (share < 1) return [warning("server-quota", quote(identity), text, remedy)];
    return [error("server-quota", quote(identity), `${text}: its appends are refused (507)`, remedy)];
  });
  if (found.length > 0) return found;
  return [ok("server-quota", counted(used.length, "identity"), "none is near its quota")];
}

/** Descriptors that the process has for itself. */
const OWN = 40;

/** `limit`: RLIMIT_NOFILE of this process, which is the server's if it is started alike. */
export function checkDescriptors(limit: number, connections: number, running: number | undefined): Finding[] {
  const of = running === undefined ? "this shell may open" : `process ${running} may open`;
  const files = Math.min(1024, Math.max(4, Math.floor(limit / 4)));
  const room = limit - files - OWN;
  const text = `${of} ${limit} files, enough for ${Math.max(1, room)} of ${connections} connections`;
  if (room >= connections) return [ok("server-descriptors", "RLIMIT_NOFILE", text)];
  const remedy = `systemctl edit shaftlog-server   # LimitNOFILE=${2 ** Math.ceil(Math.log2(connections + 1024 + OWN))}`;
  return [warning("server-descriptors", "RLIMIT_NOFILE", `${text}: beyond that clients are turned away (503)`, remedy)];
}
