// Long work in short slices: a generator yields at each point where it may be interrupted, and is resumed until
// a slice's time is used up; then the event loop has its turn. Nothing of ours blocks it for more than a few ms.

import type { Clock } from "../platform/clock.ts";

/** How long one slice may take, in ms. */
const SLICE = 4;
/** Steps between two looks at the clock. */
const STEPS = 16;

/** Runs `work` to its end, or until `stopped` says so. */
export function inSlices(clock: Clock, work: Generator<void, void>, stopped: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const slice = () => {
      try {
        const until = clock.elapsed() + SLICE;
        do {
          if (stopped()) {
            work.return(); // runs its finally blocks: descriptors are closed
            resolve();
            return;
          }
          // A step takes microseconds, and reading the clock is a good part of that.
          for (let i = 0; i < STEPS; i++) {
            const step = work.next();
            if (step.done) {
              resolve();
              return;
            }
          }
        } while (clock.elapsed() < until);
        clock.after(0, slice);
      } catch (error) {
        reject(error);
      }
    };
    slice();
  });
}
