// Rest between pieces of work: as long as the work took, so that it never takes more than half of one processor. Ended at
// once when all is to end: then whoever rests is thrown out of its work, and undoes it.

import type { Clock, Timer } from "../platform/clock.ts";

export class Stopped extends Error {
  override readonly name = "Stopped";
}

export class Rest {
  readonly #clock: Clock;
  #stopped = false;
  #waking: { readonly timer: Timer; readonly reject: (error: Stopped) => void } | undefined;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.elapsed();
  }

  /** Rejects with Stopped. One at a time. */
  pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.reject(new Stopped());
    return new Promise((resolve, reject) => {
      const timer = this.#clock.after(ms, () => {
        this.#waking = undefined;
        this.#since = this.#clock.elapsed();
        resolve();
      });
      this.#waking = { timer, reject };
    });
  }

  /** As long as was worked since the last rest: half of one processor is taken at the most. */
  asLong(): Promise<void> {
    return this.pause(this.#clock.elapsed() - this.#since);
  }

  stop(): void {
    this.#stopped = true;
    this.#waking?.timer.cancel();
    this.#waking?.reject(new Stopped());
  }
}
