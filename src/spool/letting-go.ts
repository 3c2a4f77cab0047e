// When retention (retention.ts) runs, and what the operator is told of it: after each sweep, for every spool;
// generations of which nothing counts any more go as soon as their successor is durable.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Generation } from "./entry.ts";
import { diskNearlyFull, notReleased, type Reached, released } from "./events.ts";
import { type HeldEntry, isOnlyOurs, newestOf } from "./held.ts";
import { type RetentionRules, releaseEnded, retainIn } from "./retention.ts";
import { Spool } from "./spool.ts";

/** What the destinations hold; asked by retention and for messages. */
export interface Delivery {
  /** Whether every byte of a generation is durable at every destination. */
  isDelivered(generation: Generation): boolean;
  /** Whether each destination tells digests, as far as is known. */
  comparesBytes(): boolean;
  /** Per destination how much of a generation it acknowledged. */
  reached(generation: Generation): readonly Reached[];
}

export interface LettingGoParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly retention: number;
  readonly scanInterval: number;
  readonly spools: readonly Spool[];
  readonly entries: () => IterableIterator<HeldEntry>;
  /** True while the generation's link is not durable. */
  readonly isPending: (generation: Generation) => boolean;
  /** The generation's link is gone. */
  readonly drop: (generation: Generation) => void;
}

/** Below this part of free space the operator is told how much of it we hold. */
const NEARLY_FULL = 0.05;
/** At most this often, in ms. */
const TELL_AGAIN = 60_000;

export class LettingGo {
  /** Without it nothing is released that has bytes. */
  delivery: Delivery | undefined;
  /** Files let go of since the start. */
  released = 0;
  readonly #parts: LettingGoParts;
  readonly #toldFull = new Map<Spool, number>();
  #retaining: Promise<void> | undefined;
  #ending: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: LettingGoParts) {
    this.#parts = parts;
  }

  /** One round for every spool. */
  retain(): Promise<void> {
    this.#retaining ??= this.#retain().finally(() => {
      this.#retaining = undefined;
    });
    return this.#retaining;
  }

  /** Lets go of the entry's generations of which nothing counts any more. */
  releaseEnded(entry: HeldEntry): Promise<void> {
    this.#ending = this.#ending.then(() => this.#releaseEnded(entry));
    return this.#ending;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#retaining;
    await this.#ending;
  }

  async #retain(): Promise<void> {
    const { spools, entries, drop, emit } = this.#parts;
    for (const entry of entries()) if (entry.generations.length > 1) await this.releaseEnded(entry);
    for (const spool of spools) {
      if (this.#stopped) return;
      this.#tellNearlyFull(spool);
      if (this.delivery === undefined) continue;
      await retainIn(spool, entries, this.#rules(), {
        stopped: () => this.#stopped,
        released: (generation, early) => {
          drop(generation);
          this.released++;
          emit(released(generation, early));
        },
        failed: (generation, cause) => emit(notReleased(generation, cause)),
      });
    }
  }

  async #releaseEnded(entry: HeldEntry): Promise<void> {
    const { holder } = entry;
    if (this.#stopped || !(holder instanceof Spool) || entry.generations.length < 2) return;
    // Until the successor is durable, the old link is what a power cut leaves.
    if (this.#parts.isPending(newestOf(entry))) return;
    try {
      await releaseEnded(holder, entry, this.#rules(), (generation) => this.#parts.drop(generation));
    } catch (cause) {
      this.#parts.emit(notReleased(newestOf(entry), cause));
    }
  }

  #tellNearlyFull(spool: Spool): void {
    const { clock, emit, entries } = this.#parts;
    const { free, total } = spool.root.space();
    const told = this.#toldFull.get(spool) ?? Number.NEGATIVE_INFINITY;
    if (total === 0 || free / total >= NEARLY_FULL || clock.elapsed() - told < TELL_AGAIN) return;
    this.#toldFull.set(spool, clock.elapsed());
    let bytes = 0;
    for (const entry of entries()) if (entry.holder === spool && isOnlyOurs(entry)) bytes += entry.size;
    emit(diskNearlyFull(spool.path, (100 * free) / total, bytes));
  }

  #rules(): RetentionRules {
    const { clock, retention, scanInterval } = this.#parts;
    return {
      clock,
      retention,
      scanInterval,
      isDelivered: (generation) => this.delivery?.isDelivered(generation) ?? false,
    };
  }
}
