// Whose trouble is it when a request for a file gets no answer, or "not now": the destination's, or that of the one
// file? Something at the other end may break the connection at this file's name or bytes, or have no room for its large
// ranges, and take all else; then the others must not wait for it. Told by what happened in between: others were
// answered, or got on, and this file's trouble came again. Pure.

import type { Progress } from "./progress.ts";

/** A flaky network may hit one file twice by chance. */
const ENOUGH = 3;

/**
 * A request for `progress` was in vain. True where that is the file's own trouble.
 * `otherwiseAt`: Clock.elapsed() of the last time when the like of it was not in vain; undefined: never.
 */
export function isOwnTrouble(progress: Progress, otherwiseAt: number | undefined, now: number): boolean {
  if (progress.broken === 0 || (otherwiseAt ?? Number.NEGATIVE_INFINITY) > progress.brokenAt) progress.broken++;
  progress.brokenAt = now;
  return progress.broken >= ENOUGH;
}
