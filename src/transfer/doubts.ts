// Another life of a server puts all that was believed of it in doubt: at once, so that nothing is sent on an old
// belief. Asking anew is paced, since answers of several servers behind one URL, or of one that lies, are each another
// life: then files that have nothing to send are asked about once in a while instead of without a pause.

import type { Clock, Timer } from "../platform/clock.ts";
import { isRecent, type Progress } from "./progress.ts";

/** ms between two rounds of asking about everything. */
const APART = 10_000;
/** Rounds in a row that had to wait: a server may be restarted twice, but not all the time. */
const SUSPICIOUS = 3;

/** A file that changed within so many ms was being written. */
const LATELY = 3_600_000;

export interface DoubtsParts {
  readonly clock: Clock;
  readonly all: () => Iterable<Progress>;
  /** Has a file asked about. */
  readonly ask: (progress: Progress) => void;
  /** Has files in trouble tried again now. */
  readonly hurry: () => void;
  /** This is no restart any more. */
  readonly paced: () => void;
}

export class Doubts {
  readonly #parts: DoubtsParts;
  #askedAt = Number.NEGATIVE_INFINITY;
  /** Rounds in a row that had to wait. */
  #paced = 0;
  #timer: Timer | undefined;

  constructor(parts: DoubtsParts) {
    this.#parts = parts;
  }

  /** Nothing is known any more; what changed last is asked first. */
  begin(): void {
    for (const progress of this.#doubtful()) {
      progress.known = false;
      progress.verified = 0;
      progress.restart = true;
    }
    if (this.#timer !== undefined) return;
    const { clock, paced } = this.#parts;
    const wait = this.#askedAt + APART - clock.elapsed();
    if (wait <= 0) {
      this.#paced = 0;
      this.#ask();
      return;
    }
    if (++this.#paced === SUSPICIOUS) paced();
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      this.#ask();
    });
  }

  /** Whatever is believed of `progress` is asked about now, and its bytes are read and compared. */
  one(progress: Progress): void {
    if (!progress.fresh) progress.known = false;
    progress.verified = 0;
    progress.compare = true;
    progress.thorough = true;
    this.#parts.ask(progress);
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #ask(): void {
    this.#askedAt = this.#parts.clock.elapsed();
    this.#parts.hurry();
    const doubtful = this.#doubtful();
    const recent = doubtful.filter(isRecent);
    const since = this.#askedAt - LATELY;
    // What was just being written when the server ended is compared by digest; not so if this is no restart.
    for (const progress of recent)
      if (progress.generation.entry.changedAt > since) progress.compare ||= this.#paced === 0;
    recent.sort((a, b) => b.generation.entry.changedAt - a.generation.entry.changedAt);
    for (const progress of recent) this.#parts.ask(progress);
    for (const progress of doubtful) this.#parts.ask(progress);
  }

  #doubtful(): Progress[] {
    return [...this.#parts.all()].filter((progress) => !progress.fresh);
  }
}
