// What a server's archive has to do, and what keeps it from that: no room for a copy beside the file, or another file under
// the copy's name. Where there is no archive, what comes of removing by hand. Pure.

import { type Bytes, quote } from "../base/text.ts";
import { counted, type Finding, ok, pathsInWords, shellWord, sizeInWords, warning } from "./finding.ts";

/** A file that was unchanged for `archive.after`. */
export interface Due {
  /** Below the data directory. */
  readonly path: Bytes;
  readonly size: number;
  /** There is a file under the name of its copy. */
  readonly isTaken: boolean;
}

export function archiveOff(datadir: Bytes): Finding {
  const text =
    "off: nothing is ever compressed or removed; what is removed or compressed by hand is sent again as long as a client holds it";
  return ok("server-archive", quote(datadir), text);
}

/** `room`: bytes that may be written. */
export function checkArchive(datadir: Bytes, due: readonly Due[], room: number): Finding[] {
  const found: Finding[] = [];
  const at = (path: Bytes): Bytes => `${datadir}/${path}`;
  const taken = due.filter(({ isTaken }) => isTaken).map(({ path }) => at(path));
  const [first] = taken;
  if (first !== undefined) {
    const text = "not compressed: there is a file with .zst behind its name that is not its copy";
    const remedy = `ls -l ${shellWord(first)} ${shellWord(`${first}.zst`)}   # move the second one away`;
    found.push(warning("server-archive", pathsInWords(taken), text, remedy));
  }
  const tooLarge = due.filter(({ size }) => size > room).map(({ path }) => at(path));
  if (tooLarge.length > 0) {
    const text = `not compressed: all its bytes must fit beside it, and ${sizeInWords(Math.max(0, room))} may be written (limits.min_free_space)`;
    found.push(warning("server-archive", pathsInWords(tooLarge), text, `df -h ${shellWord(datadir)}   # make room`));
  }
  if (found.length > 0) return found;
  const bytes = due.reduce((sum, { size }) => sum + size, 0);
  return [
    ok("server-archive", quote(datadir), `${counted(due.length, "file")} to compress now, ${sizeInWords(bytes)}`),
  ];
}
