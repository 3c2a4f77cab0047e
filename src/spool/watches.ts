// Watches are hints that can run out: the kernel has limits per user (inotify) and per process (descriptors).
// Whoever wants a watch asks here; where there is none left, sweeping has to do, the operator is told once
// which limit to raise, and the next scan tries again.

import { codeOf, lacksDescriptors } from "../base/errors.ts";
import { type Emit, type Event, warn } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Watch } from "../platform/files.ts";

/** The operator is told again after this long, in ms. */
const HOUR = 3_600_000;
/** The kernel keeps 16,384 hints and drops what comes then without a word: so many at once are a sign of that. */
const MANY = 1024;

export class Watches {
  readonly #clock: Clock;
  readonly #emit: Emit;
  #exhausted = false;
  /** It was so before the last `retry`. */
  #wasExhausted = false;
  #told = Number.NEGATIVE_INFINITY;
  #floods = 0;
  /** Hints since the event loop turned last. */
  #hints = 0;

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** There was no watch left at the last try. */
  get exhausted(): boolean {
    return this.#exhausted || this.#wasExhausted;
  }

  /** How often so many hints came at once that some may have been lost: what watches show is not all then. */
  get floods(): number {
    return this.#floods;
  }

  /** A watch gave a hint. */
  hinted(): void {
    if (++this.#hints === MANY) this.#floods++;
    if (this.#hints > 1) return;
    this.#clock.after(0, () => {
      this.#hints = 0;
    });
  }

  /** What `make` returns; undefined where it failed, or there was no watch left since `retry`. Never throws. */
  attempt(make: () => Watch): Watch | undefined {
    if (this.#exhausted) return undefined;
    try {
      return make();
    } catch (error) {
      const code = codeOf(error);
      // What is gone or closed to us is found out, and told, by whoever reads it.
      if (code !== "ENOSPC" && code !== "ENOMEM" && !lacksDescriptors(error)) return undefined;
      this.#exhausted = true;
      if (this.#clock.elapsed() - this.#told >= HOUR) {
        this.#told = this.#clock.elapsed();
        this.#emit(exhausted(code));
      }
      return undefined;
    }
  }

  /** The limit may have been raised, or watches given back. */
  retry(): void {
    this.#wasExhausted = this.#exhausted;
    this.#exhausted = false;
  }
}

function exhausted(code: string): Event {
  const limit =
    code === "ENOSPC"
      ? "raise the sysctl fs.inotify.max_user_watches"
      : code === "EMFILE"
        ? "raise the sysctl fs.inotify.max_user_instances or the limit of open files (ulimit -n, LimitNOFILE)"
        : "the host is short of files or memory";
  return warn(
    "watches-exhausted",
    `Cannot watch for changes (${code}): new files and lines are found only each scan_interval; ${limit}`,
  );
}
