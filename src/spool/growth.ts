// Seeing what is written, through whatever name. Watches are hints: source directories are watched by discovery, and
// here a file that no watched directory shows (its owner moved or deleted it while a writer still holds it) is watched
// through our own link as long as it is active. The guarantee is the sweep, in slices: once in each scan interval every
// entry is looked at that watches do not show or that was written to lately, and any other once in twelve of them; and
// one in round robin in between.

import { codeOf } from "../base/errors.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Stat, Watch } from "../platform/files.ts";
import type { HeldEntry } from "./held.ts";
import { inSlices } from "./slices.ts";
import type { Watches } from "./watches.ts";

/** A file without a watched name is watched itself until it was unchanged for this long, in ms. */
const ACTIVE = 600_000;
/** A file that watches show is looked at in each sweep until it was unchanged for so many scan intervals, */
const LATELY = 2;
/** and then once in so many. As a rule discovery does that, where it reads its directory again (discovery/unchanged.ts). */
const SELDOM = 12;
/** Looks at one file that come closer than this, in ms, are one look: a busy writer makes thousands of hints. */
const CLOSE = 2;

export interface GrowthParts {
  readonly clock: Clock;
  readonly watches: Watches;
  readonly scanInterval: number;
  readonly periodicTriggerInterval: number;
  readonly entries: () => IterableIterator<HeldEntry>;
  /** lstat through our link; undefined where it is gone (which is dealt with there). */
  readonly look: (entry: HeldEntry) => Stat | undefined;
  /** Watches through our link. */
  readonly watch: (entry: HeldEntry, changed: () => void) => Watch;
  readonly noticed: (entry: HeldEntry, stat: Stat) => void;
  /** Called at the end of each sweep. */
  readonly swept: () => Promise<void>;
}

export class Growth {
  readonly #parts: GrowthParts;
  readonly #watched = new Map<HeldEntry, Watch>();
  readonly #soon = new Map<HeldEntry, Timer>();
  #robin: IterableIterator<HeldEntry> | undefined;
  #timers: Timer[] = [];
  #sweeping: Promise<void> | undefined;
  #previousSweep = Number.NEGATIVE_INFINITY;
  /** Floods of hints before the last sweep. */
  #floods = 0;
  #running = false;
  #stopped = false;

  constructor(parts: GrowthParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#previousSweep = this.#parts.clock.elapsed();
    this.#every(this.#parts.scanInterval, () => this.sweep());
    this.#every(this.#parts.periodicTriggerInterval, () => this.#lookAtNext());
  }

  /** Looks at every entry at which nobody looked since the sweep before, but for those that are cold. */
  sweep(): Promise<void> {
    return this.#begin(false);
  }

  /** Looks at every entry, whoever looked at it before now. */
  async sweepAll(): Promise<void> {
    while (this.#sweeping !== undefined) await this.#sweeping;
    await this.#begin(true);
  }

  /** The entry lost or got a watched name, or changed: decides whether it needs a watch of its own. */
  reconsider(entry: HeldEntry): void {
    if (!this.#running || this.#stopped) return;
    const watch = this.#watched.get(entry);
    const wanted = (!entry.reachable || entry.strayed) && this.#isActive(entry);
    if (!wanted && watch !== undefined) this.forget(entry);
    if (!wanted || watch !== undefined) return;
    const made = this.#parts.watches.attempt(() => this.#parts.watch(entry, () => this.#hinted(entry)));
    if (made === undefined) return;
    this.#watched.set(entry, made);
    // What was written before the watch was there made no hint.
    this.#look(entry);
  }

  /** Gives back what is kept for an entry. */
  forget(entry: HeldEntry): void {
    this.#watched.get(entry)?.close();
    this.#watched.delete(entry);
    this.#soon.get(entry)?.cancel();
    this.#soon.delete(entry);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    for (const watch of this.#watched.values()) watch.close();
    for (const timer of this.#soon.values()) timer.cancel();
    this.#watched.clear();
    await this.#sweeping;
  }

  #isActive(entry: HeldEntry): boolean {
    const { clock } = this.#parts;
    if (clock.elapsed() - entry.changedAt < ACTIVE) return true;
    // Of what happened before this process only the file's own time tells.
    return entry.changedAt === Number.NEGATIVE_INFINITY && clock.now() - entry.mtimeMs < ACTIVE;
  }

  /** Watches show it, and nothing was written to it for long. */
  #isCold(entry: HeldEntry): boolean {
    const { clock, scanInterval } = this.#parts;
    const now = clock.elapsed();
    // Who opened it by a further name than ours and the one that is seen is not shown by that one's directory.
    if (!entry.reachable || entry.strayed || entry.nlink > entry.generations.length + 1) return false;
    if (!entry.holder.isShown) return false;
    if (now - entry.lookedAt >= SELDOM * scanInterval || now - entry.changedAt < LATELY * scanInterval) return false;
    return entry.changedAt > Number.NEGATIVE_INFINITY || clock.now() - entry.mtimeMs >= LATELY * scanInterval;
  }

  #hinted(entry: HeldEntry): void {
    this.#parts.watches.hinted();
    if (this.#stopped || this.#soon.has(entry)) return;
    const { clock } = this.#parts;
    const look = () => {
      this.#soon.delete(entry);
      this.#look(entry);
    };
    if (clock.elapsed() - entry.lookedAt >= CLOSE) look();
    else this.#soon.set(entry, clock.after(CLOSE, look));
  }

  #look(entry: HeldEntry): void {
    if (this.#stopped || entry.generations.length === 0) return;
    let stat: Stat | undefined;
    try {
      stat = this.#parts.look(entry);
    } catch (error) {
      // Not now, for want of descriptors or of rights: at the next sweep. Who sends it tells what is wrong.
      if (codeOf(error) === "") throw error;
    }
    if (stat !== undefined) this.#parts.noticed(entry, stat);
  }

  #begin(all: boolean): Promise<void> {
    this.#sweeping ??= this.#sweep(all).finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweep(all: boolean): Promise<void> {
    const { clock, entries, watches } = this.#parts;
    const isFlooded = watches.floods !== this.#floods;
    this.#floods = watches.floods;
    const since = all ? Number.POSITIVE_INFINITY : this.#previousSweep;
    this.#previousSweep = clock.elapsed();
    const look = (entry: HeldEntry) => {
      if (entry.lookedAt < since && (all || isFlooded || !this.#isCold(entry))) this.#look(entry);
      this.reconsider(entry);
    };
    await inSlices(
      clock,
      (function* () {
        for (const entry of entries()) {
          look(entry);
          yield;
        }
      })(),
      () => this.#stopped,
    );
    if (!this.#stopped) await this.#parts.swept();
  }

  #lookAtNext(): void {
    this.#robin ??= this.#parts.entries();
    const next = this.#robin.next();
    if (next.done) this.#robin = undefined;
    else this.#look(next.value);
  }

  #every(ms: number, run: () => void | Promise<void>): void {
    const index = this.#timers.length;
    const again = () => {
      if (this.#stopped) return;
      this.#timers[index] = this.#parts.clock.after(ms, () => void Promise.resolve(run()).finally(again));
    };
    again();
  }
}
