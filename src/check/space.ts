// Free space of a data directory's file system, in the steps in which the client acts: below 10 % what is delivered is
// let go of early, below 5 % it calls for help. And the disk that only the spool still holds, which a deletion of a log
// file does not free.

import { type Bytes, quote } from "../base/text.ts";
import type { HostFacts } from "../platform/host-facts.ts";
import { error, type Finding, ok, shellWord, sizeInWords, warning } from "./finding.ts";
import { nearest } from "./spool.ts";

/** `onlyHere`: bytes of files in the spool that have no other name. */
export function checkSpace(host: HostFacts, datadir: Bytes, onlyHere: number): Finding[] {
  const space = host.fileSystem(nearest(host, datadir));
  if (space === undefined || space.total === 0) return [];
  const subject = quote(datadir);
  const share = space.free / space.total;
  const free = `${sizeInWords(space.free)} free of ${sizeInWords(space.total)} (${Math.floor(share * 100)} %)`;
  const look = `du -xsh ${shellWord(datadir)}; df -h ${shellWord(nearest(host, datadir))}`;
  const found: Finding[] = [];
  if (share >= 0.1) found.push(ok("free-space", subject, free));
  else if (share >= 0.05) {
    found.push(
      warning("free-space", subject, `${free}: delivered files are let go of before their retention ends`, look),
    );
  } else found.push(error("free-space", subject, `${free}: the disk is nearly full`, look));
  const text = `${sizeInWords(onlyHere)} that only the spool still holds`;
  if (onlyHere < space.total / 10) return [...found, ok("spool-only", subject, text)];
  const remedy = "shaftlog status   # which destination is behind: they go once every destination has them";
  return [...found, warning("spool-only", subject, `${text}: deleting the log files freed none of it`, remedy)];
}
