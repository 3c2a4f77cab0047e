// The data of the spool: an entry is one adopted inode, a generation one stable name of it. A file that is
// only ever appended to has one generation, from 0 to its end. Where it was truncated or rewritten, a further
// generation carries the bytes from the offset where local and acknowledged bytes part (docs/PROTOCOL.md,
// "When local and remote differ"). All of it can be read back from the names in the data directory.

import type { Bytes } from "../base/text.ts";
import type { OpenFile } from "../platform/files.ts";
import type { LeafKeeper } from "../protocol/leaf-keeper.ts";
import type { Mark } from "./mark.ts";

/** Where an entry's bytes are read from: its spool or, for a file that is only read in place, its source. */
export interface Holder {
  /** Opens the entry's file, verified to be that inode. Throws errno errors; ENOENT where it is gone. */
  open(entry: Entry): OpenFile;
  /** Watches of its names show everything that is written to it. */
  readonly isShown?: boolean;
  /** Where the hashes of full leaves are kept, by generation name; not where nothing is written. */
  readonly leaves?: LeafKeeper | undefined;
}

/** Who is told of what happens in the spool. Calls come one at a time and must not throw. */
export interface SpoolListener {
  /** A generation is held durably: its bytes may be sent from now on. */
  added(generation: Generation): void;
  /** The entry's size or the end of one of its generations changed. */
  changed(entry: Entry): void;
  /** The generation is no longer held. */
  released(generation: Generation): void;
}

export interface Entry {
  readonly holder: Holder;
  readonly dev: bigint;
  readonly ino: bigint;
  /** Ascending by `number`; never empty. */
  generations: readonly Generation[];
  /** Where the file was seen last, for messages; undefined when its owner's names are gone or not seen yet. */
  source: Bytes | undefined;
  /** It was written to shortly before a life that did not end in order: its bytes are to be compared. */
  inDoubt: boolean;
  /** How often its bytes were found to be others than were read before: what was kept of them is void. */
  rewrites: number;
  /** They were, since its newest generation was made: it was we who changed. */
  rewritten: boolean;
  /** The highest number of a name under which a destination goes on with it by itself; 0: none does. */
  continued: number;
  /** The furthest offset up to which bytes were sent in this life of which nobody knows whether they were taken. */
  sentTo: number;
  /** As the last look found them. */
  size: number;
  mtimeMs: number;
  nlink: number;
  /** Clock.elapsed() of the last change seen; -Infinity: not in this process's life. */
  changedAt: number;
  /** The furthest bytes that were sent, or compared: re-read before each append. */
  mark: Mark | undefined;
  /** The same as it was at the start of this life. */
  remembered: Mark | undefined;
  /** The furthest bytes that a destination acknowledged: kept over restarts in the spool's memory. */
  acknowledged: Mark | undefined;
}

export interface Generation {
  readonly entry: Entry;
  /** The path below the spool, and so the resource path at each destination. */
  readonly name: Bytes;
  /** 1 for the name that was given at adoption. */
  readonly number: number;
  /** Offset in the local file of this generation's first byte. */
  readonly start: number;
  /** Offset where a later generation took over; undefined: it goes on to the end of the file. */
  end: number | undefined;
}

/** How many bytes of `generation` there are to deliver, by the last look. */
export function lengthOf(generation: Generation): number {
  const { entry, start, end } = generation;
  return Math.max(0, (end === undefined ? entry.size : Math.min(end, entry.size)) - start);
}

/** True where a later generation took over. */
export function isSuperseded(generation: Generation): boolean {
  return generation.end !== undefined;
}
