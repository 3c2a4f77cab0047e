// What sync-once has promised to bring over: every byte that was there at its start, to every destination.
// Knows when it is done, per destination: all delivered, or what is left will not get on, or it made no progress for
// the time allowed. What is found truncated on the way is bytes that may be lost: never passed over.

import { quote } from "../base/text.ts";
import { type Clock, delay } from "../platform/clock.ts";
import { type Entry, type Generation, lengthOf, type SpoolListener } from "../spool/entry.ts";
import { holdsBytes, type Progress, reachOf } from "../transfer/progress.ts";

export type GoalState = "delivered" | "incomplete" | "refused";

/** What is asked of a destination (transfer/destination.ts). */
export interface Receiver {
  readonly url: string;
  readonly outage: { readonly trouble: string | undefined };
  readonly bytesSent: number;
  readonly lastProgressAt: number;
  onChange: (progress: Progress) => void;
  progressOf(generation: Generation): Progress | undefined;
}

/** One file at one destination. */
export interface GoalResult {
  readonly destination: Receiver;
  readonly state: GoalState;
  /** Bytes that the destination said are durable; of the file's goal, not of what came later. */
  readonly acknowledged: number;
  readonly error: string | undefined;
}

export interface FileResult {
  readonly generation: Generation;
  /** Bytes that were there at the start. */
  readonly size: number;
  readonly results: readonly GoalResult[];
}

/** Bytes to bring over and how far that is, over all destinations together. */
export interface Totals {
  readonly files: number;
  /** Files of which every destination has everything. */
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
  /** Acknowledged in this run. */
  readonly bytesSent: number;
}

/** ms between two looks. */
const LOOK = 20;
/** Looks between two calls of `tick`. */
const LOOKS = 12;

const TRUNCATED = "it was truncated or rewritten: bytes may be lost";

class Goals {
  readonly destination: Receiver;
  /** What it may be waited for; looked at again as a whole once it is empty. */
  readonly waiting = new Set<Generation>();
  /** Why files did not get on; true: trying again will not help. */
  readonly errors = new Map<Generation, { readonly text: string; readonly lasting: boolean }>();
  /** All that can be delivered is, as of the last look. */
  complete = false;
  /** Clock.elapsed() from which it is waited for. */
  since: number;
  trouble: string | undefined;

  constructor(destination: Receiver, now: number) {
    this.destination = destination;
    this.since = now;
    destination.onChange = (progress) => {
      const { of: generation, fault } = progress;
      if (fault !== undefined) this.errors.set(generation, fault);
      // While it is tried again its fault is gone, and what was said of it still holds.
      else if (isReached(progress, lengthOf(generation))) this.errors.delete(generation);
    };
  }
}

export class SyncGoals implements SpoolListener {
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #each: readonly Goals[];
  readonly #goals = new Map<Generation, number>();
  /** Generations that ended in this run, or vanished, with the reason in words. */
  readonly #lost = new Map<Generation, string>();
  /** How often each entry was truncated since the start. */
  readonly #cuts = new Map<Entry, number>();
  /** What was acknowledged of those that are no longer held, in the order of the destinations. */
  readonly #released = new Map<Generation, readonly number[]>();
  #listening = false;
  #begun = false;
  #stopped: string | undefined;

  /** `timeout`: ms that a destination may go without any progress. */
  constructor(destinations: readonly Receiver[], clock: Clock, timeout: number) {
    this.#clock = clock;
    this.#timeout = timeout;
    this.#each = destinations.map((destination) => new Goals(destination, clock.elapsed()));
  }

  /** Tells that the generations known to the listener up to now were there before this run. */
  listening(): void {
    this.#listening = true;
  }

  /** `generation` had to be made in this run: what it goes on from was truncated or rewritten. */
  goesOn(generation: Generation): void {
    const { generations } = generation.entry;
    const old = generations[generations.indexOf(generation) - 1];
    if (old !== undefined) this.#lost.set(old, `${TRUNCATED}; it goes on as ${quote(generation.name)}`);
  }

  /** `generation` was truncated or rewritten. */
  cut(generation: Generation): void {
    if (!this.#lost.has(generation)) this.#lost.set(generation, TRUNCATED);
  }

  /** What is held now is what is to be brought over. */
  begin(generations: Iterable<Generation>): void {
    this.#begun = true;
    for (const generation of generations) this.#add(generation);
    for (const goals of this.#each) goals.since = this.#clock.elapsed();
  }

  /** SpoolListener. */
  added(generation: Generation): void {
    if (!this.#listening) return;
    if (generation.number > 1) this.goesOn(generation);
    if (!this.#begun) return;
    // A file that is truncated again and again is not followed for ever: once after the start has to do.
    const cuts = (this.#cuts.get(generation.entry) ?? 0) + 1;
    this.#cuts.set(generation.entry, cuts);
    if (cuts === 1) this.#add(generation);
  }

  /** SpoolListener. The end of a generation may have come nearer; growth after the start is not waited for. */
  changed(entry: Entry): void {
    for (const generation of entry.generations) {
      const goal = this.#goals.get(generation);
      if (goal !== undefined && lengthOf(generation) < goal) this.cut(generation);
    }
  }

  /** SpoolListener. It stays in the report. */
  released(generation: Generation): void {
    const goal = this.#goals.get(generation);
    if (goal === undefined) return;
    const offsets = this.#each.map(({ destination }) => reached(destination.progressOf(generation)) ?? 0);
    this.#released.set(generation, offsets);
    const isLost = offsets.some((offset) => offset < goal) && !this.#lost.has(generation);
    if (isLost) this.#lost.set(generation, "its link is gone from the data directory");
  }

  /**
   * Resolves when nothing more is to be waited for, or after `stop`; calls `tick` about four times a second.
   * `settled` resolves when all that the spool holds was announced.
   */
  async reached(tick: () => void, settled: () => Promise<void> = async () => {}): Promise<void> {
    for (let looks = 0; this.#stopped === undefined; looks++) {
      const thorough = looks % LOOKS === 0;
      const open = this.#each.filter((goals) => this.#isOpen(goals, thorough)).length;
      if (thorough) tick();
      if (open === 0 && thorough) {
        // A file that was found truncated is added when its new name is durable, after the old one ended.
        const { size } = this.#goals;
        await settled();
        if (this.#goals.size === size) return;
      }
      if (open === 0) looks = -1;
      else await delay(this.#clock, LOOK);
    }
  }

  /** Nothing more is waited for; `reason`: why, in words. */
  stop(reason: string): void {
    this.#stopped = reason;
  }

  *results(): IterableIterator<FileResult> {
    for (const [generation, size] of this.#goals) {
      yield { generation, size, results: this.#each.map((goals, i) => this.#result(goals, i, generation, size)) };
    }
    for (const generation of this.#lost.keys()) {
      if (this.#goals.has(generation)) continue;
      // It ended before this run could promise anything: nothing of it is left.
      yield { generation, size: 0, results: this.#each.map((goals, i) => this.#result(goals, i, generation, 0)) };
    }
  }

  totals(): Totals {
    let [bytes, bytesDone, bytesSent, filesDone] = [0, 0, 0, 0];
    for (const [generation, size] of this.#goals) {
      let everywhere = true;
      for (const { destination } of this.#each) {
        const progress = destination.progressOf(generation);
        bytes += size;
        bytesDone += progress === undefined ? size : Math.min(size, reachOf(progress));
        everywhere &&= progress === undefined || isReached(progress, size);
      }
      if (everywhere) filesDone++;
    }
    for (const { destination } of this.#each) bytesSent += destination.bytesSent;
    return { files: this.#goals.size, filesDone, bytes, bytesDone, bytesSent };
  }

  #add(generation: Generation): void {
    this.#goals.set(generation, lengthOf(generation));
    for (const goals of this.#each) goals.waiting.add(generation);
  }

  #isOpen(goals: Goals, thorough: boolean): boolean {
    const { destination } = goals;
    if (goals.complete && !thorough) return false;
    goals.trouble = destination.outage.trouble ?? goals.trouble;
    const now = this.#clock.elapsed();
    if (!this.#waits(goals)) {
      goals.complete = true;
      return false;
    }
    // It was complete and is in doubt again: it gets the whole time to answer.
    if (goals.complete) goals.since = now;
    goals.complete = false;
    return now - Math.max(goals.since, destination.lastProgressAt) < this.#timeout;
  }

  /** True while something can still be brought over. */
  #waits(goals: Goals): boolean {
    for (const generation of goals.waiting) {
      if (this.#isWaitedFor(goals, generation)) return true;
      goals.waiting.delete(generation);
    }
    // All of it was settled at some time; what was put in doubt since is found here.
    for (const generation of this.#goals.keys()) {
      if (this.#isWaitedFor(goals, generation)) goals.waiting.add(generation);
    }
    return goals.waiting.size > 0;
  }

  #isWaitedFor({ destination, errors }: Goals, generation: Generation): boolean {
    const progress = destination.progressOf(generation);
    if (progress === undefined || isReached(progress, this.#reachable(generation))) return false;
    return errors.get(generation)?.lasting !== true;
  }

  /** Bytes of its goal that are still there. */
  #reachable(generation: Generation): number {
    return Math.min(this.#goals.get(generation) ?? 0, lengthOf(generation));
  }

  #result(goals: Goals, index: number, generation: Generation, size: number): GoalResult {
    const { destination, errors, complete } = goals;
    const progress = destination.progressOf(generation);
    const offset = reached(progress) ?? this.#released.get(generation)?.[index] ?? 0;
    const acknowledged = Math.min(size, offset);
    const lost = this.#lost.get(generation);
    if (lost !== undefined) return { destination, state: "refused", acknowledged, error: lost };
    const known = errors.get(generation);
    const isDone = progress === undefined || isReached(progress, size) || (complete && known === undefined);
    if (isDone) return { destination, state: "delivered", acknowledged: size, error: undefined };
    if (known?.lasting === true) return { destination, state: "refused", acknowledged, error: known.text };
    const error = known?.text ?? goals.trouble ?? this.#stopped ?? "no progress within the time allowed";
    return { destination, state: "incomplete", acknowledged, error };
  }
}

function reached(progress: Progress | undefined): number | undefined {
  return progress === undefined ? undefined : reachOf(progress);
}

/** A file that is empty here needs no word of the destination. */
function isReached(progress: Progress, goal: number): boolean {
  return progress.fault === undefined && holdsBytes(progress, goal);
}
