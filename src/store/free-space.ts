// The floor of free space: below it nobody's append begins, while sizes are told as ever, and as soon as there is
// room again appends go on. As long as what was promised since fits above the floor, the file system is asked once a
// second, and other writers may take it below in that second.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { lowSpace, spaceBack } from "./events.ts";
import type { Floor } from "./options.ts";

/** ms for which an answer of the file system is good. */
const FRESH = 1_000;
/** A share of a huge file system is no more than this, in bytes. */
const MOST_SHARE = 4 * 2 ** 30;

/** Bytes that must stay free on a file system of `total` bytes. */
export function leastFree(floor: Floor, total: number): number {
  return "bytes" in floor ? floor.bytes : Math.min(floor.share * total, MOST_SHARE);
}

export class FreeSpace {
  readonly #root: Directory;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #floor: Floor;
  /** Bytes above the floor that are not promised yet. */
  #left = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #low = false;

  constructor(root: Directory, clock: Clock, emit: Emit, floor: Floor) {
    this.#root = root;
    this.#clock = clock;
    this.#emit = emit;
    this.#floor = floor;
  }

  /** Whether an append of `bytes` may begin; they count as written. The last one that may can end below the floor. */
  take(bytes: number): boolean {
    if (this.#clock.elapsed() - this.#askedAt >= FRESH || this.#left <= 0) this.#ask();
    if (this.#left <= 0) return false;
    this.#left -= bytes;
    return true;
  }

  /** Bytes above the floor now, beside those that appends were promised. */
  left(): number {
    this.#ask();
    return this.#left;
  }

  #ask(): void {
    const { free, total } = this.#root.space();
    const floor = leastFree(this.#floor, total);
    this.#left = free - floor;
    this.#askedAt = this.#clock.elapsed();
    const low = this.#left <= 0;
    if (low !== this.#low) this.#emit(low ? lowSpace(free, floor) : spaceBack(free));
    this.#low = low;
  }
}
