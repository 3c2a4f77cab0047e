// Whose trouble is it when a request gets no answer: the destination's, or that of the one file? Something at the
// other end may break the connection at this file's name or bytes and answer all else; then the others must
// not wait for it. Told by what happened in between: the destination answered, and this file broke again.

import type { Progress } from "./progress.ts";

/** A flaky network may hit one file twice by chance. */
const ENOUGH = 3;

/**
 * A request for `progress` got no answer. True where that is the file's own trouble.
 * `heardAt`: Clock.elapsed() of the destination's last answer; undefined: none in this process's life.
 */
export function isOwnTrouble(progress: Progress, heardAt: number | undefined, now: number): boolean {
  if (progress.broken === 0 || (heardAt ?? Number.NEGATIVE_INFINITY) > progress.brokenAt) progress.broken++;
  progress.brokenAt = now;
  return progress.broken >= ENOUGH;
}
