// How long to wait after the nth failure in a row. Pure. Half a second, doubling, at most ten, with jitter so
// that a thousand clients of one server that comes back do not all knock at once.

const FIRST = 500;
const MOST = 10_000;

/** ms to wait after `failures` (1 or more) in a row; `random` in [0, 1). */
export function backoff(failures: number, random: number): number {
  const whole = Math.min(MOST, FIRST * 2 ** Math.min(failures - 1, 10));
  return Math.max(FIRST, whole * (0.5 + random / 2));
}

/** A Retry-After of a server, in ms, kept within what an operator would put up with. */
export function boundedRetryAfter(asked: number | undefined, own: number): number {
  return asked === undefined ? own : Math.min(MOST, Math.max(FIRST, asked));
}
