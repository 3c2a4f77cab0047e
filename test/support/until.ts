// Waiting for a condition, never for a length of time. The bound is a liveness bound: generous, so that a slow
// machine passes, and short enough that what hangs is told.

import { setTimeout as sleep } from "node:timers/promises";

/** ms. */
export const PATIENCE = 20_000;

/** What `condition` returns once that is neither undefined, null nor false; fails after `within` ms. */
export async function until<T>(
  condition: () => T | undefined | null | false | Promise<T | undefined | null | false>,
  what: string,
  within = PATIENCE,
): Promise<T> {
  const end = performance.now() + within;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value;
    if (performance.now() > end) throw new Error(`Waited in vain, ${within} ms: ${what}`);
    await sleep(10);
  }
}
