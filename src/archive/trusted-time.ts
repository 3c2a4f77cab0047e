// When it is, as far as the wall clock can be trusted with what cannot be taken back. A clock that jumps while we run makes
// everything look old at once: after a jump, forward or back, the archive rests for an hour, in which NTP or somebody may
// set it right. A clock that was wrong before the start cannot be told; so nothing is deleted in the first hour.

import type { Clock } from "../platform/clock.ts";

/** More than this in ms between two looks, beside the time that went by, is a jump. */
const JUMP = 60_000;
export const REST = 3_600_000;

export class TrustedTime {
  readonly #clock: Clock;
  readonly #jumped: (ms: number) => void;
  readonly #rest: number;
  readonly #began: number;
  #trustedFrom = 0;
  #offset: number;

  /** `rest`: ms to rest after a jump. */
  constructor(clock: Clock, rest: number, jumped: (ms: number) => void) {
    this.#clock = clock;
    this.#rest = rest;
    this.#jumped = jumped;
    this.#began = clock.elapsed();
    this.#offset = clock.now() - this.#began;
  }

  /** ms since 1970; undefined after a jump. To be asked more often than clocks drift by a minute. */
  now(): number | undefined {
    const elapsed = this.#clock.elapsed();
    const offset = this.#clock.now() - elapsed;
    const jump = offset - this.#offset;
    this.#offset = offset;
    if (Math.abs(jump) > JUMP) {
      this.#trustedFrom = elapsed + this.#rest;
      this.#jumped(jump);
    }
    return elapsed < this.#trustedFrom ? undefined : this.#clock.now();
  }

  /** Whether this process runs for `ms`. */
  runsFor(ms: number): boolean {
    return this.#clock.elapsed() - this.#began >= ms;
  }
}
