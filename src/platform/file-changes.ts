// Notices that files were replaced, by looking at them every few seconds: whatever way that happened (written in
// place, renamed over, a link on the way swapped, another mount), and on any file system. Promises: a change is told
// once the files have been still from one look to the next, so that a certificate and its key are read as a pair.

import type { Clock, Timer } from "./clock.ts";
import { stampOf } from "./tls-files.ts";

/** ms between two looks. */
const LOOK = 1_000;

/** Looks from its making until `stop`. */
export class FileChanges {
  readonly #clock: Clock;
  readonly #paths: readonly string[];
  readonly #changed: () => void;
  #known: string;
  #seen: string;
  #timer: Timer;

  constructor(clock: Clock, paths: readonly string[], changed: () => void) {
    this.#clock = clock;
    this.#paths = paths;
    this.#changed = changed;
    this.#known = stampOf(paths);
    this.#seen = this.#known;
    this.#timer = this.#next();
  }

  /** The files are about to be read for another reason. */
  taken(): void {
    this.#known = stampOf(this.#paths);
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#clock.after(LOOK, () => {
      const stamp = stampOf(this.#paths);
      const still = stamp === this.#seen;
      this.#seen = stamp;
      if (still && stamp !== this.#known) {
        this.#known = stamp;
        this.#changed();
      }
      this.#timer = this.#next();
    });
  }
}
