// Trouble with a destination as a whole. While there is some, nothing is sent; after a back-off one probe goes
// out, and with its answer, or any other sign of progress, everything resumes at once. The one retry loop for
// destinations.

import type { Emit } from "../base/events.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { backoff, boundedRetryAfter } from "./backoff.ts";
import type { Served } from "./desk.ts";
import * as events from "./events.ts";

export type Down = Extract<Served, { kind: "down" }>;

export interface OutageParts {
  readonly url: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: Emit;
  /** Asks the destination something: what is wrong, or undefined where it answers. */
  readonly probe: () => Promise<Down | undefined>;
  /** The trouble is over. */
  readonly resume: () => void;
}

export class Outage {
  /** In words, while there is trouble. */
  trouble: string | undefined;
  /** Clock.elapsed() of its begin. */
  since = 0;
  readonly #parts: OutageParts;
  #failures = 0;
  #said = false;
  /** Clock.elapsed() of the last time that bytes were taken. */
  appendedAt: number | undefined;
  /** It did answer, and took nothing: that it answers something else meanwhile does not mean that it is over. */
  #answers = false;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: OutageParts) {
    this.#parts = parts;
  }

  /** A request failed or was answered with "not now". */
  down(down: Down): void {
    if (this.#stopped) return;
    const begins = this.trouble === undefined;
    this.trouble = down.cause;
    if (!begins) return; // others that were in flight report the same
    this.since = this.#parts.clock.elapsed();
    this.#failed(down);
  }

  /** An answer came that is no trouble. */
  answered(): void {
    if (!this.#answers) this.#end();
  }

  /** Bytes were taken: the next failure is a first one. */
  appended(): void {
    this.#failures = 0;
    this.appendedAt = this.#parts.clock.elapsed();
    this.#end();
    this.#over();
  }

  /** Nothing is on the wire, and nothing waits that could be sent. */
  quiet(): void {
    if (this.trouble === undefined) this.#over();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Everything goes on. */
  #end(): void {
    if (this.trouble === undefined) return;
    this.trouble = undefined;
    this.#timer?.cancel();
    if (!this.#answers) this.#over();
    this.#parts.resume();
  }

  /** There is no trouble any more, and that is told. */
  #over(): void {
    if (this.#said) this.#parts.emit(events.destinationRecovered(this.#parts.url));
    this.#said = false;
  }

  #failed(down: Down): void {
    const { clock, random, emit, url } = this.#parts;
    this.#failures++;
    this.#answers = down.answered;
    // One broken connection is no outage: said when asking again fails as well.
    if (this.#failures > 1 || down.answered) {
      this.#said = true;
      emit(
        down.answered ? events.destinationUnavailable(url, down.cause) : events.destinationUnreachable(url, down.cause),
      );
    }
    const wait = boundedRetryAfter(down.retryAfter, backoff(this.#failures, random()));
    this.#timer = clock.after(wait, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const down = await this.#parts.probe();
    if (this.#stopped || this.trouble === undefined) return;
    if (down === undefined) return this.#end();
    this.trouble = down.cause;
    this.#failed(down);
  }
}
