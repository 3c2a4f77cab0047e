// What sync-once has promised to bring over: every byte that was there at its start, to every destination.
// Knows when it is done, per destination: all delivered, or what is left will not get on, or time ran out.

import { type Clock, delay } from "../platform/clock.ts";
import { type Generation, lengthOf } from "../spool/entry.ts";
import type { Destination } from "../transfer/destination.ts";
import { holdsBytes, type Progress } from "../transfer/progress.ts";

export type GoalState = "delivered" | "incomplete" | "refused";

/** One file at one destination. */
export interface GoalResult {
  readonly destination: Destination;
  readonly state: GoalState;
  /** Bytes that the destination said are durable; of the file's goal, not of what came later. */
  readonly acknowledged: number;
  readonly error: string | undefined;
}

export class SyncGoals {
  readonly #destinations: readonly Destination[];
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #goals = new Map<Generation, number>();
  readonly #timedOut = new Set<Destination>();

  /** `timeout`: ms that a destination may go without any progress. */
  constructor(destinations: readonly Destination[], clock: Clock, timeout: number) {
    this.#destinations = destinations;
    this.#clock = clock;
    this.#timeout = timeout;
  }

  /** SpoolListener: all that is there now, and what a truncated file goes on as. */
  added(generation: Generation): void {
    this.#goals.set(generation, lengthOf(generation));
  }

  /** The end of a generation may have come nearer; growth after the start is not waited for. */
  changed(entry: Generation["entry"]): void {
    for (const generation of entry.generations) {
      const goal = this.#goals.get(generation);
      if (goal !== undefined) this.#goals.set(generation, Math.min(goal, lengthOf(generation)));
    }
  }

  released(_generation: Generation): void {
    // Released because it was delivered: it stays in the report.
  }

  get generations(): IterableIterator<[Generation, number]> {
    return this.#goals.entries();
  }

  /** Resolves when nothing more is to be waited for; calls `tick` about four times a second meanwhile. */
  async reached(tick: () => void): Promise<void> {
    for (;;) {
      const open = this.#destinations.filter((destination) => this.#isOpen(destination));
      tick();
      if (open.length === 0) return;
      await delay(this.#clock, 20);
      for (let i = 0; i < 11 && open.every((destination) => this.#isOpen(destination)); i++)
        await delay(this.#clock, 20);
    }
  }

  resultsOf(generation: Generation): GoalResult[] {
    const goal = this.#goals.get(generation) ?? 0;
    return this.#destinations.map((destination) => this.#result(destination, generation, goal));
  }

  /** Bytes to deliver and bytes delivered, over all destinations. */
  totals(): { goal: number; done: number; files: number } {
    let goal = 0;
    let done = 0;
    for (const [generation, length] of this.#goals) {
      for (const destination of this.#destinations) {
        goal += length;
        done += Math.min(length, destination.progressOf(generation)?.offset ?? length);
      }
    }
    return { goal, done, files: this.#goals.size };
  }

  #isOpen(destination: Destination): boolean {
    if (this.#timedOut.has(destination)) return false;
    let waits = false;
    for (const [generation, goal] of this.#goals) {
      const progress = destination.progressOf(generation);
      if (progress === undefined || isReached(progress, goal) || progress.fault?.lasting === true) continue;
      waits = true;
      break;
    }
    if (!waits) return false;
    if (this.#clock.elapsed() - destination.lastProgressAt < this.#timeout) return true;
    this.#timedOut.add(destination);
    return false;
  }

  #result(destination: Destination, generation: Generation, goal: number): GoalResult {
    const progress = destination.progressOf(generation);
    if (progress === undefined || isReached(progress, goal)) {
      return { destination, state: "delivered", acknowledged: goal, error: undefined };
    }
    const acknowledged = Math.min(goal, progress.offset);
    if (progress.fault?.lasting === true) {
      return { destination, state: "refused", acknowledged, error: progress.fault.text };
    }
    const error = progress.fault?.text ?? destination.outage.trouble ?? "no progress within the time allowed";
    return { destination, state: "incomplete", acknowledged, error };
  }
}

/** A file that is empty here needs no word of the destination. */
function isReached(progress: Progress, goal: number): boolean {
  return progress.fault === undefined && holdsBytes(progress, goal);
}
