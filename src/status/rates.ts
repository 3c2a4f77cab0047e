// Bytes a second of late, for any number of counters that only grow. They are read every two seconds, and a rate is
// that of the last ten: so counting costs the counters' owners nothing, and a rate falls to 0 soon after the last byte.

import type { Clock, Timer } from "../platform/clock.ts";

/** ms between two readings. */
const EVERY = 2_000;
/** Readings kept of each counter. */
const KEPT = 5;

interface Reading {
  readonly at: number;
  readonly total: number;
}

/** Reads from its making until `stop`. */
export class Rates<Key> {
  readonly #clock: Clock;
  readonly #counters: () => Iterable<readonly [Key, number]>;
  readonly #readings = new Map<Key, Reading[]>();
  #timer: Timer;

  /** `counters`: what is to be read, by key; a key that is new is taken to begin at 0. */
  constructor(clock: Clock, counters: () => Iterable<readonly [Key, number]>) {
    this.#clock = clock;
    this.#counters = counters;
    this.#read();
    this.#timer = this.#next();
  }

  /** `total`: what the counter shows now. */
  of(key: Key, total: number): number {
    const now = this.#clock.elapsed();
    const first = this.#readings.get(key)?.[0] ?? { at: now - EVERY, total: 0 };
    // Just after a start a few ms would make any rate.
    return Math.round(((total - first.total) * 1000) / Math.max(1000, now - first.at));
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#clock.after(EVERY, () => {
      this.#read();
      this.#timer = this.#next();
    });
  }

  #read(): void {
    const at = this.#clock.elapsed();
    for (const [key, total] of this.#counters()) {
      let readings = this.#readings.get(key);
      if (readings === undefined) {
        readings = [{ at: at - EVERY, total: this.#readings.size === 0 ? total : 0 }];
        this.#readings.set(key, readings);
      }
      readings.push({ at, total });
      if (readings.length > KEPT) readings.shift();
    }
  }
}
