// The form of the spool's small files (`.memory`, `.released`): a header line with the version, then one line
// per record, `<crc32> <JSON>`. Only appended to; a torn or damaged line is left out. A newer version is
// refused, not guessed. Byte strings stand in the JSON as they are, so the file is written in latin1.

import { crc32 } from "node:zlib";
import { StartFailure } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import { quote } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";

export interface Journal {
  /** First word of the header. */
  readonly kind: string;
  readonly version: number;
  /** The file's name in its data directory. */
  readonly file: Bytes;
}

export function headerOf(journal: Journal): Buffer {
  return Buffer.from(`${journal.kind} ${journal.version}\n`, "latin1");
}

export function lineOf(record: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(record), "latin1");
  return Buffer.concat([Buffer.from(`${sum(json)} `, "latin1"), json, NEWLINE]);
}

/** What a journal file held. `whole`: it ends with a sound line, so that a further one may be appended. */
export interface JournalContent {
  readonly records: unknown[];
  readonly bytes: number;
  readonly whole: boolean;
}

/**
 * Every sound record of the journal in `root`; undefined where there is no such file or its header is torn.
 * Throws StartFailure for a header of another program or a newer version; `datadir` is for the message.
 */
export function readJournal(root: Directory, journal: Journal, datadir: Bytes): JournalContent | undefined {
  if (root.lstat(journal.file)?.kind !== "file") return undefined;
  const bytes = readAll(root, journal.file);
  const headerEnd = bytes.indexOf(NEWLINE);
  if (headerEnd < 0) return undefined;
  const header = bytes.toString("latin1", 0, headerEnd);
  // A power cut leaves zeros in the place of bytes that were not synced, perhaps in front of others: torn.
  if (header.includes("\0")) return undefined;
  if (header !== `${journal.kind} ${journal.version}`) {
    throw new StartFailure(
      `Cannot read ${quote(journal.file)} in ${quote(datadir)}: it was written by another version of shaftlog; use that version, or move the file away`,
    );
  }
  const records: unknown[] = [];
  let start = headerEnd + 1;
  let sound = true;
  while (start < bytes.length) {
    const end = bytes.indexOf(NEWLINE, start);
    const json = bytes.subarray(start + SUM_LENGTH + 1, end < 0 ? bytes.length : end);
    sound = end >= 0 && bytes.toString("latin1", start, start + SUM_LENGTH) === sum(json);
    if (sound) records.push(JSON.parse(json.toString("latin1")));
    start = end < 0 ? bytes.length : end + 1;
  }
  return { records, bytes: bytes.length, whole: sound };
}

const NEWLINE = Buffer.from("\n");
const SUM_LENGTH = 8;

function sum(json: Uint8Array): string {
  return crc32(json).toString(16).padStart(SUM_LENGTH, "0");
}

function readAll(root: Directory, name: Bytes): Buffer {
  const file = root.openRead(name);
  try {
    const bytes = Buffer.alloc(file.stat().size);
    return bytes.subarray(0, file.readNow(bytes, 0, bytes.length, 0));
  } finally {
    file.close();
  }
}
