// Where files are seen now: path → entry, by directory, since a scan passes over directories in which nothing changed
// (unchanged.ts). An entry's source is one of the paths at which it is seen; when that is gone, the spool is told,
// since a writer may still hold the file (spool/growth.ts).

import type { Bytes } from "../base/text.ts";
import type { HeldEntry } from "../spool/held.ts";
import type { Spools } from "../spool/spools.ts";

interface Seen {
  /** By path. */
  files: Map<Bytes, HeldEntry>;
  /** What the scan under way has seen; undefined where it passed over the directory, and `files` are there still. */
  next: Map<Bytes, HeldEntry> | undefined;
  /** The scan that came by last. */
  scan: number;
}

export class Sightings {
  readonly #spools: Spools;
  readonly #directories = new Map<Bytes, Seen>();
  #scan = 0;
  #isScanning = false;

  constructor(spools: Spools) {
    this.#spools = spools;
  }

  at(path: Bytes): HeldEntry | undefined {
    return this.#directories.get(directoryOf(path))?.files.get(path);
  }

  /** `reachable`: what is written to it under this path makes a hint. */
  see(path: Bytes, entry: HeldEntry, reachable: boolean): void {
    const seen = this.#seenIn(directoryOf(path));
    const before = seen.files.get(path);
    if (before !== undefined && before !== entry) this.#gone(path, before);
    // One string for map and entry: there are very many of them.
    const key = entry.source === path ? entry.source : path;
    if (before !== entry) seen.files.set(key, entry);
    seen.next?.set(key, entry);
    // Of several names the latest look is right; within a scan the first one stays, or they would change places each time.
    const settled = entry.source !== undefined && entry.source !== path && this.#isSeenAgain(entry.source, entry);
    if (!settled) this.#spools.seen(entry, key, reachable);
  }

  absent(path: Bytes): void {
    const seen = this.#directories.get(directoryOf(path));
    const entry = seen?.files.get(path);
    if (seen === undefined || entry === undefined) return;
    seen.files.delete(path);
    seen.next?.delete(path);
    this.#gone(path, entry);
  }

  /** The scan passes over `directory`: what was seen there is there. How many files that are. */
  stay(directory: Bytes): number {
    const seen = this.#directories.get(directory);
    if (seen === undefined) return 0;
    seen.scan = this.#scan;
    seen.next = undefined;
    return seen.files.size;
  }

  beginScan(): void {
    this.#scan++;
    this.#isScanning = true;
  }

  /** What the scan has not seen is no longer there, or never was in this process. */
  *endScan(): Generator<void, void> {
    this.#isScanning = false;
    for (const [directory, seen] of this.#directories) {
      if (seen.scan < this.#scan || seen.next?.size === 0) this.#directories.delete(directory);
      else seen.files = seen.next ?? seen.files;
      seen.next = undefined;
    }
    for (const entry of this.#spools.entries()) {
      if (entry.source === undefined || this.at(entry.source) !== entry) this.#spools.lost(entry);
      yield;
    }
  }

  #seenIn(directory: Bytes): Seen {
    let seen = this.#directories.get(directory);
    if (seen === undefined) {
      seen = { files: new Map(), next: undefined, scan: -1 };
      this.#directories.set(directory, seen);
    }
    if (this.#isScanning && seen.scan < this.#scan) {
      seen.scan = this.#scan;
      seen.next = new Map();
    }
    return seen;
  }

  #isSeenAgain(path: Bytes, entry: HeldEntry): boolean {
    const seen = this.#isScanning ? this.#directories.get(directoryOf(path)) : undefined;
    return seen?.scan === this.#scan && (seen.next ?? seen.files).get(path) === entry;
  }

  /** The entry has not that name any more. */
  #gone(path: Bytes, entry: HeldEntry): void {
    this.#spools.lost(entry, entry.source !== undefined && entry.source !== path);
  }
}

function directoryOf(path: Bytes): Bytes {
  return path.slice(0, path.lastIndexOf("/"));
}
