// The floor of free space: below it nobody's append begins, while sizes are told as ever, and as soon as there is
// room again appends go on. The file system is asked at most once a second as long as what was promised since fits
// above the floor; other writers may take it below in that second.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { lowSpace, spaceBack } from "./events.ts";
import type { Floor } from "./options.ts";

/** ms for which an answer of the file system is good. */
const FRESH = 1_000;
/** A share of a huge file system is no more than this, in bytes. */
const MOST_SHARE = 4 * 2 ** 30;

export class FreeSpace {
  readonly #root: Directory;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #floor: Floor;
  /** Bytes that may still be promised. */
  #left = 0;
  #askedAt = Number.NEGATIVE_INFINITY;
  #low = false;

  constructor(root: Directory, clock: Clock, emit: Emit, floor: Floor) {
    this.#root = root;
    this.#clock = clock;
    this.#emit = emit;
    this.#floor = floor;
  }

  /** Whether `bytes` more may be written; they count as written. */
  take(bytes: number): boolean {
    if (this.#clock.elapsed() - this.#askedAt >= FRESH || bytes > this.#left) this.#ask();
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  #ask(): void {
    const { free, total } = this.#root.space();
    const floor = "bytes" in this.#floor ? this.#floor.bytes : Math.min(this.#floor.share * total, MOST_SHARE);
    this.#left = free - floor;
    this.#askedAt = this.#clock.elapsed();
    const low = this.#left <= 0;
    if (low !== this.#low) this.#emit(low ? lowSpace(free, floor) : spaceBack(free));
    this.#low = low;
  }
}
