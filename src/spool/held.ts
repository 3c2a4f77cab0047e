// An entry as the spool itself keeps it: what everybody sees (entry.ts) and what only the spool and discovery
// need. There is one object per file for as long as we hold it, so it stays small.

import type { Bytes } from "../base/text.ts";
import type { Stat } from "../platform/files.ts";
import type { Entry, Generation, Holder } from "./entry.ts";

export interface HeldEntry extends Entry {
  /** Clock.elapsed() of the last look at the file, in whole ms: with a fraction it takes an object of its own. */
  lookedAt: number;
  /** Its first bytes, at most HEAD, as they were acknowledged; kept in the spool's memory. */
  head: Bytes;
  /** True while a watched directory shows the file's writes under the name `source`. */
  reachable: boolean;
  /** It lost one of several names: who opened it by that one is not shown by the others. */
  strayed: boolean;
  /** A further generation that could not be made yet. */
  due: Cut | undefined;
}

/** Where a file stopped being what was delivered of it. */
export interface Cut {
  /** Offset from which its bytes are other ones. */
  readonly start: number;
  /** What it held before, in bytes. */
  readonly before: number;
  /** In words: "was truncated". */
  readonly reason: string;
}

export function newEntry(holder: Holder, stat: Stat, source: Bytes | undefined, now: number): HeldEntry {
  return {
    holder,
    dev: sameDevice(stat.dev),
    ino: stat.ino,
    generations: [],
    source,
    inDoubt: false,
    rewrites: 0,
    rewritten: false,
    continued: 0,
    sentTo: 0,
    size: stat.size,
    mtimeMs: stat.mtimeMs,
    nlink: stat.nlink,
    changedAt: Number.NEGATIVE_INFINITY,
    mark: undefined,
    remembered: undefined,
    acknowledged: undefined,
    lookedAt: Math.floor(now),
    head: "",
    reachable: false,
    strayed: false,
    due: undefined,
  };
}

/** The number itself is an object of its own in each stat; most files of a client lie on one device. */
function sameDevice(dev: bigint): bigint {
  if (dev !== lastDevice) lastDevice = dev;
  return lastDevice;
}

let lastDevice = 0n;

/** Adds a generation; those before it end where it starts. */
export function addGeneration(entry: Entry, name: Bytes, number: number, start: number): Generation {
  endAt(entry, start);
  const generation: Generation = { entry, name, number, start, end: undefined };
  // An array that grows, by push or by spreading, takes room for seventeen.
  entry.generations = entry.generations.length === 0 ? [generation] : [...entry.generations, generation];
  return generation;
}

/** Ends every generation of the entry at `offset`, where it does not end before. */
export function endAt(entry: Entry, offset: number): void {
  for (const generation of entry.generations) {
    if (generation.end === undefined || generation.end > offset) generation.end = offset;
  }
}

/** The generation that is still growing. */
export function newestOf(entry: Entry): Generation {
  return entry.generations[entry.generations.length - 1] as Generation;
}

/** True where every name that the file has is ours. */
export function isOnlyOurs(entry: Entry): boolean {
  return entry.nlink <= entry.generations.length;
}

/** What all spools together hold. */
export interface SpoolCounts {
  readonly entries: number;
  readonly generations: number;
  /** Bytes of files whose only names are ours. */
  readonly bytesOnlyHere: number;
  /** Since this process started. */
  readonly released: number;
  /** Files found truncated or rewritten since this process started: bytes may be lost (sync-once: exit code 3). */
  readonly shrunk: number;
}
