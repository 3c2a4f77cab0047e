// The files that one destination is to have: found by generation, counted in one pass, and each in its turn where one
// of them has to be asked about on behalf of all. Pure.

import type { Generation } from "../spool/entry.ts";
import { type Summary, stateOf } from "./destination-parts.ts";
import { backlogOf, type Progress } from "./progress.ts";

/** So many files keep the running digest of what was sent; one that lost it is read again from its beginning. */
const HASHES = 2048;
/** So many files at the most are passed over in one turn. */
const MOST_PASSED_OVER = 32;

export class Files {
  readonly #all = new Map<Generation, Progress>();
  readonly #hashed = new Set<Progress>();

  add(progress: Progress): void {
    this.#all.set(progress.of, progress);
  }

  get(generation: Generation): Progress | undefined {
    return this.#all.get(generation);
  }

  remove(generation: Generation): void {
    const progress = this.#all.get(generation);
    if (progress !== undefined) this.#hashed.delete(progress);
    this.#all.delete(generation);
  }

  values(): IterableIterator<Progress> {
    return this.#all.values();
  }

  /** `progress` was served just now: its running digest is kept, and the one not used for longest is let go. */
  keepHash(progress: Progress): void {
    this.#hashed.delete(progress);
    if (progress.hash === undefined) return;
    this.#hashed.add(progress);
    if (this.#hashed.size <= HASHES) return;
    const oldest = this.#hashed.values().next().value as Progress;
    oldest.hash = undefined;
    this.#hashed.delete(oldest);
  }

  /** Each in its turn; one whose requests got no answer only where there is no other. */
  next(): Progress | undefined {
    let next: Progress | undefined;
    for (let tries = Math.min(this.#all.size, MOST_PASSED_OVER); tries > 0; tries--) {
      next = this.#all.values().next().value as Progress;
      this.#all.delete(next.of);
      this.#all.set(next.of, next); // now the last in the map's order
      if (next.broken === 0) break;
    }
    return next;
  }

  /** One pass over all. `inTrouble`: the destination as a whole; `faults`: files that do not get on. */
  summary(inTrouble: boolean, faults: number): Summary {
    let backlog = 0;
    let behind = 0;
    for (const progress of this.#all.values()) {
      const owed = backlogOf(progress);
      backlog += owed;
      if (owed > 0) behind++;
    }
    return { state: stateOf(inTrouble, faults, behind), backlog, behind, faults };
  }
}
