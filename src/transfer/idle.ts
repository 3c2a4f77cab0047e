// An idle destination is asked something now and then, or nobody would notice that it was restored from an
// older copy while nothing was written here. Spread, so that a thousand clients do not ask at once.

import type { Clock, Timer } from "../platform/clock.ts";

/** About this often, in ms. */
const ASK_EVERY = 15_000;

export class Idle {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #ask: () => void;
  #timer: Timer | undefined;

  constructor(clock: Clock, random: () => number, ask: () => void) {
    this.#clock = clock;
    this.#random = random;
    this.#ask = ask;
  }

  /** Nothing is on the wire from now on. */
  begin(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(ASK_EVERY * (0.75 + this.#random() / 2), this.#ask);
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
