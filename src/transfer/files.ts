// The files that one destination is to have: found by generation, counted in one pass, and each in its turn where one
// of them has to be asked about on behalf of all. Pure.

import type { Generation } from "../spool/entry.ts";
import { backlogOf, type Progress } from "./progress.ts";

/** So many files at the most are passed over in one turn. */
const MOST_PASSED_OVER = 32;

export class Files {
  readonly #all = new Map<Generation, Progress>();

  add(progress: Progress): void {
    this.#all.set(progress.generation, progress);
  }

  get(generation: Generation): Progress | undefined {
    return this.#all.get(generation);
  }

  remove(generation: Generation): void {
    this.#all.delete(generation);
  }

  values(): IterableIterator<Progress> {
    return this.#all.values();
  }

  /** Each in its turn; one whose requests got no answer only where there is no other. */
  next(): Progress | undefined {
    let next: Progress | undefined;
    for (let tries = Math.min(this.#all.size, MOST_PASSED_OVER); tries > 0; tries--) {
      next = this.#all.values().next().value as Progress;
      this.#all.delete(next.generation);
      this.#all.set(next.generation, next); // now the last in the map's order
      if (next.broken === 0) break;
    }
    return next;
  }

  /** One pass over all: bytes that are not known to be there, and how many files have such. */
  backlog(): { readonly bytes: number; readonly behind: number } {
    let bytes = 0;
    let behind = 0;
    for (const progress of this.#all.values()) {
      const owed = backlogOf(progress);
      bytes += owed;
      if (owed > 0) behind++;
    }
    return { bytes, behind };
  }
}
