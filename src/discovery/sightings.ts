// Where files are seen now: path → entry. An entry's source is one of the paths at which it is seen; when that
// is gone, the spool is told, since a writer may still hold the file (spool/growth.ts).

import type { Bytes } from "../base/text.ts";
import type { HeldEntry } from "../spool/held.ts";
import type { Spools } from "../spool/spools.ts";

export class Sightings {
  readonly #spools: Spools;
  #now = new Map<Bytes, HeldEntry>();
  /** What the scan under way has seen. */
  #next: Map<Bytes, HeldEntry> | undefined;

  constructor(spools: Spools) {
    this.#spools = spools;
  }

  at(path: Bytes): HeldEntry | undefined {
    return this.#now.get(path);
  }

  /** `reachable`: what is written to it under this path makes a hint. */
  see(path: Bytes, entry: HeldEntry, reachable: boolean): void {
    const before = this.#now.get(path);
    if (before !== undefined && before !== entry) this.#gone(path, before);
    // One string for map and entry: there are very many of them.
    const key = entry.source === path ? entry.source : path;
    if (before !== entry) this.#now.set(key, entry);
    this.#next?.set(key, entry);
    // Of several names the latest look is right; within a scan the first one stays, or they would change places each time.
    const settled = entry.source !== undefined && entry.source !== path && this.#next?.get(entry.source) === entry;
    if (!settled) this.#spools.seen(entry, key, reachable);
  }

  absent(path: Bytes): void {
    const entry = this.#now.get(path);
    if (entry === undefined) return;
    this.#now.delete(path);
    this.#next?.delete(path);
    this.#gone(path, entry);
  }

  /** The entry has not that name any more. */
  #gone(path: Bytes, entry: HeldEntry): void {
    this.#spools.lost(entry, entry.source !== undefined && entry.source !== path);
  }

  beginScan(): void {
    this.#next = new Map();
  }

  /** What the scan has not seen is no longer there, or never was in this process. */
  *endScan(): Generator<void, void> {
    const seen = this.#next ?? this.#now;
    for (const entry of this.#spools.entries()) {
      if (entry.source === undefined || seen.get(entry.source) !== entry) this.#spools.lost(entry);
      yield;
    }
    this.#now = seen;
    this.#next = undefined;
  }
}
