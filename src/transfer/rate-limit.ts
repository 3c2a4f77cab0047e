// So many bytes a second to one destination, and no more. Who wants to send asks first and is told at once where there
// is room, or waits: lines written just now before any backlog, each in the order of asking. Nothing is discarded; what
// waits lies in the spool. Pure but for the clock that is handed in.

import type { Clock, Timer } from "../platform/clock.ts";

/** What the head of a request takes on the wire, about. */
const HEAD = 300;
/** ms: so much may be sent at once after a silence, and one range is no more than that takes. */
const BURST = 100;
const LEAST_RANGE = 4096;

interface Waiting {
  readonly cost: number;
  readonly go: (allowed: boolean) => void;
}

export class RateLimit {
  readonly #rate: number;
  readonly #clock: Clock;
  readonly #live: Waiting[] = [];
  readonly #backlog: Waiting[] = [];
  /** Clock.elapsed() at which all that was allowed has been sent at the rate. */
  #busyUntil = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#rate = bytesPerSecond / 1000;
    this.#clock = clock;
  }

  /** The largest range: a longer one would keep live lines waiting. */
  get most(): number {
    return Math.max(LEAST_RANGE, Math.floor(this.#rate * BURST));
  }

  /** True where `bytes` may be sent now, and are counted; false where `wait` is due. */
  take(bytes: number, live: boolean): boolean {
    const isFirst = this.#live.length === 0 && (live || this.#backlog.length === 0);
    if (!isFirst || this.#due() > 0) return false;
    this.#count(bytes + HEAD);
    return true;
  }

  /** So many of the bytes that were counted are not sent after all. */
  spared(bytes: number): void {
    this.#busyUntil -= bytes / this.#rate;
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    this.#plan();
  }

  /** Resolves when `bytes` may be sent, and counts them; with false when nothing more is to be sent at all. */
  wait(bytes: number, live: boolean): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    return new Promise((go) => {
      (live ? this.#live : this.#backlog).push({ cost: bytes + HEAD, go });
      this.#plan();
    });
  }

  /** Lets go of all that wait. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const { go } of [...this.#live.splice(0), ...this.#backlog.splice(0)]) go(false);
  }

  /** ms until something may be sent. */
  #due(): number {
    return this.#busyUntil - BURST - this.#clock.elapsed();
  }

  #count(cost: number): void {
    this.#busyUntil = Math.max(this.#busyUntil, this.#clock.elapsed()) + cost / this.#rate;
  }

  #plan(): void {
    this.#timer ??= this.#clock.after(Math.max(0, this.#due()), () => {
      this.#timer = undefined;
      while (this.#due() <= 0) {
        const next = this.#live.shift() ?? this.#backlog.shift();
        if (next === undefined) return;
        this.#count(next.cost);
        next.go(true);
      }
      if (this.#live.length + this.#backlog.length > 0) this.#plan();
    });
  }
}
