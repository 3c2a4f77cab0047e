// Programmer errors. On in production: a wrong offset must stop the process, not reach a log server.
// main.ts alone catches what is thrown here, says it, and ends with exit code 70.

/** Throws an AssertionFailure where `condition` does not hold. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new AssertionFailure(what);
}

/** Thrown for a state that the code says cannot be. Never caught but to end the process. */
export class AssertionFailure extends Error {
  override readonly name = "AssertionFailure";
}

/** A file size or offset: a non-negative integer that a double holds exactly. */
export function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
