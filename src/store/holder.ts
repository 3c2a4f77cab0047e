// The append that holds a resource, as the resource and those who wait for it see it; and what becomes of bytes
// that are to be made durable.

/** The append that holds the resource. */
export interface Holder {
  readonly connection: number;
  /** A write of its is under way in another thread. */
  readonly underWay: boolean;
  silentFor(now: number): number;
  /** From now on it writes nothing; it lets go as soon as a write under way is done. */
  fence(): void;
}

export type Published = "durable" | "no-space" | "failed";

/** Told once the first `end` bytes are durable, or when they will not become so. */
export interface Waiter {
  readonly end: number;
  readonly settle: (result: Published) => void;
}

/**
 * Takes those out of `waiters` who wait for no more than the first `end` bytes. In place: an array that was left behind
 * would be old garbage, on which all that it once held lives until the next full collection of a long-lived heap.
 */
export function takeDue(waiters: Waiter[], end: number): Waiter[] {
  const due = waiters.filter((waiter) => waiter.end <= end);
  const left = due.length === waiters.length ? [] : waiters.filter((waiter) => waiter.end > end);
  waiters.splice(0, waiters.length, ...left);
  return due;
}
