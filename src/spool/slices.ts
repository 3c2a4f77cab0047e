// Long work in short slices: a generator yields at each point where it may be interrupted, and is resumed until
// a slice's time is used up; then the event loop has its turn. Nothing of ours blocks it for more than a few ms.

import type { Clock } from "../platform/clock.ts";

/** How long one slice may take, in ms. */
const SLICE = 4;

/** Runs `work` to its end, or until `stopped` says so (undefined then). */
export function inSlices<T>(clock: Clock, work: Generator<void, T>, stopped: () => boolean): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const slice = () => {
      try {
        const until = clock.elapsed() + SLICE;
        do {
          if (stopped()) {
            work.return(undefined as never); // runs its finally blocks: descriptors are closed
            return resolve(undefined);
          }
          const step = work.next();
          if (step.done) return resolve(step.value);
        } while (clock.elapsed() < until);
        clock.after(0, slice);
      } catch (error) {
        reject(error);
      }
    };
    slice();
  });
}
