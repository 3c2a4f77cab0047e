// Trouble with single files at one destination: each waits by itself and is tried again now and then, paced,
// so that neither ten thousand refused names nor one costs the others anything. The one retry loop for files.

import type { Clock, Timer } from "../platform/clock.ts";
import { backoff } from "./backoff.ts";
import type { Fault, Progress } from "./progress.ts";

/** ms between two tries of a file that the destination does not take. */
const RETRY_LASTING = 10_000;
const RETRY_DIVERGED = 300_000;
const RETRIES_PER_SECOND = 20;
const LOOK_EVERY = 500;

export class Faults {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #retry: (progress: Progress) => void;
  readonly #waiting = new Set<Progress>();
  #timer: Timer | undefined;

  /** `retry` is called with a file whose wait is over; its fault is gone then. */
  constructor(clock: Clock, random: () => number, retry: (progress: Progress) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#retry = retry;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** `progress` does not get on: nothing is sent for it until its wait is over. */
  add(progress: Progress, fault: Omit<Fault, "retryAt">): void {
    progress.faults++;
    const retryAt = this.#clock.elapsed() + this.#wait(progress, fault);
    progress.fault = { ...fault, retryAt };
    this.#waiting.delete(progress);
    this.#waiting.add(progress);
    this.#timer ??= this.#clock.after(LOOK_EVERY, () => this.#look());
  }

  /** Another life of the server: whatever was wrong may be mended; `strict`: this one appends. */
  hurry(strict: boolean): void {
    for (const progress of this.#waiting) {
      if (progress.fault === undefined || (progress.fault.kind === "no-append" && !strict)) continue;
      progress.fault = { ...progress.fault, retryAt: 0 };
    }
  }

  remove(progress: Progress): void {
    this.#waiting.delete(progress);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #wait(progress: Progress, fault: Omit<Fault, "retryAt">): number {
    // Comparing costs reading the file at both ends, and only an operator's act can change the outcome.
    if (fault.kind === "diverged") return RETRY_DIVERGED;
    // A server that overwrites is not tried again: each try could do more harm.
    if (fault.kind === "no-append") return Number.POSITIVE_INFINITY;
    if (!fault.lasting) return backoff(progress.faults, this.#random());
    return Math.max(RETRY_LASTING, (this.#waiting.size / RETRIES_PER_SECOND) * 1000);
  }

  #look(): void {
    this.#timer = undefined;
    const now = this.#clock.elapsed();
    let tries = RETRIES_PER_SECOND;
    for (const progress of [...this.#waiting]) {
      if (tries === 0) break;
      if (progress.fault === undefined || progress.fault.retryAt > now) continue;
      tries--;
      this.#waiting.delete(progress);
      progress.fault = undefined;
      this.#retry(progress);
    }
    if (this.#waiting.size > 0) this.#timer ??= this.#clock.after(LOOK_EVERY, () => this.#look());
  }
}
