// The port for time, and this machine's clock behind it. Stations never read a clock or set a timer
// themselves, so that a simulation can.

export interface Clock {
  /** Wall clock, ms since 1970. May jump. */
  now(): number;
  /** Monotonic ms since some start. Never goes back. */
  elapsed(): number;
  /** Calls `run` once after `ms`; never earlier, never synchronously. */
  after(ms: number, run: () => void): Timer;
}

export interface Timer {
  /** Has no effect once the timer ran. */
  cancel(): void;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), 2 ** 31 - 1));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves after `ms`. */
export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
