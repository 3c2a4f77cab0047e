// Whether a file system can be trusted with links, locks and changes that are seen at once: a data directory or a log
// directory on a network file system, an overlay, or in memory is told, by the magic number of statfs(2).

import { type Bytes, quote } from "../base/text.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { type Finding, ok, shellWord, warning } from "./finding.ts";
import { nearest } from "./spool.ts";

/** linux/magic.h and the file systems' own headers. */
const NETWORK: Readonly<Record<number, string>> = {
  26985: "NFS",
  4283649346: "CIFS",
  4266872130: "SMB2",
  20859: "SMB",
  1397113167: "AFS",
  12805120: "Ceph",
  16914839: "9p",
  1702057286: "FUSE",
  198183888: "Lustre",
  1196443219: "GPFS",
  18225520: "GFS2",
};
export const OVERLAY = 0x794c7630;
const IN_MEMORY: Readonly<Record<number, string>> = { 16914836: "tmpfs", 2240043254: "ramfs" };

/** `what`: "data directory". Where it is to be made yet, what it will lie in. */
export function checkFileSystem(host: HostFacts, path: Bytes, what: string): Finding[] {
  const found = host.fileSystem(nearest(host, path));
  if (found === undefined) return [];
  const subject = quote(path);
  const remedy = `findmnt -T ${shellWord(path)}   # use a local file system such as ext4 or xfs there, or a mounted volume`;
  const network = NETWORK[found.type];
  if (found.type === OVERLAY) {
    const text = `${what} on an overlay file system: it goes with its container, and a file of a lower layer gets another inode when it is first written or linked`;
    return [warning("file-system-overlay", subject, text, remedy)];
  }
  if (IN_MEMORY[found.type] !== undefined) {
    const text = `${what} on ${IN_MEMORY[found.type]}: what is not delivered is lost with the next boot`;
    return [warning("file-system-in-memory", subject, text, remedy)];
  }
  if (network !== undefined) {
    const text = `${what} on ${network}: what other hosts write is not seen at once, and locks and links may not hold`;
    return [warning("file-system-network", subject, text, remedy)];
  }
  return [ok("file-system", subject, `${what} on a local file system`)];
}
