// A link of so many bytes a second, shared by all that goes over it in the order in which it comes. Relies on the
// kernel for nothing: what waits is held here, and whoever sends is held back by it.

import { setTimeout as sleep } from "node:timers/promises";

export class Throttle {
  /** Bytes a second; undefined: no limit. */
  rate: number | undefined;
  #free = 0;

  /** Resolves when `bytes` have gone over the link. */
  async pass(bytes: number): Promise<void> {
    if (this.rate === undefined) return;
    const now = performance.now();
    this.#free = Math.max(now, this.#free) + (bytes / this.rate) * 1000;
    if (this.#free > now) await sleep(this.#free - now);
  }
}
