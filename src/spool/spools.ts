// The spools of one client: one per distinct data directory, behind one face. Looks entries up by identity,
// keeps names unique across all of them, tells listeners, and owns the growth sweep and retention.
// Composition: openSpools → attach and listen (destinations) → start; sync-once leaves out start and calls
// sweep and retain itself.

import { assert } from "../base/assert.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Stat } from "../platform/files.ts";
import { partsWithin } from "./beginning.ts";
import { normal } from "./datadir.ts";
import type { Entry, Generation, SpoolListener } from "./entry.ts";
import { isSuperseded } from "./entry.ts";
import { notSuperseded, shorterThanDelivered, shrunk, spoolLinkGone } from "./events.ts";
import { goOn } from "./go-on.ts";
import { Growth } from "./growth.ts";
import { addGeneration, type Cut, type HeldEntry, isOnlyOurs, newEntry, newestOf, type SpoolCounts } from "./held.ts";
import { type Delivery, LettingGo } from "./letting-go.ts";
import type { Mark } from "./mark.ts";
import type { SpoolsOptions } from "./options.ts";
import { Registry } from "./registry.ts";
import { Spool, type SpoolParts } from "./spool.ts";
import { Watches } from "./watches.ts";

export type { SpoolCounts } from "./held.ts";
export type { Delivery } from "./letting-go.ts";

export type SpoolPorts = Omit<SpoolParts, "registry">;

/**
 * Opens, locks, tidies and indexes every data directory. Rejects with StartFailure (or what `lock` throws).
 * Nothing is announced before every directory found is durable.
 */
export async function openSpools(ports: SpoolPorts, options: SpoolsOptions): Promise<Spools> {
  const registry = new Registry();
  const opened: Spool[] = [];
  try {
    for (const path of new Set(options.datadirs.map(normal))) opened.push(new Spool(path, { ...ports, registry }));
    await Promise.all(opened.map((spool) => spool.settler.settle()));
  } catch (error) {
    for (const spool of opened) await spool.close();
    throw error;
  }
  return new Spools(ports, options, registry, opened);
}

export class Spools {
  readonly watches: Watches;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #registry: Registry;
  readonly #spools: readonly Spool[];
  readonly #growth: Growth;
  readonly #lettingGo: LettingGo;
  #shrunk = 0;
  readonly #onClosed: () => void;

  constructor(
    ports: { readonly clock: Clock; readonly emit: Emit },
    options: SpoolsOptions,
    registry: Registry,
    spools: readonly Spool[],
    /** Called at the end of `close`. */
    closed: () => void = () => {},
  ) {
    this.#onClosed = closed;
    this.#clock = ports.clock;
    this.#emit = ports.emit;
    this.#registry = registry;
    this.#spools = spools;
    this.#lettingGo = new LettingGo({
      clock: ports.clock,
      emit: ports.emit,
      retention: options.retention,
      scanInterval: options.scanInterval,
      spools,
      entries: () => registry.entries(),
      isPending: (generation) => registry.isPending(generation),
      drop: (generation) => this.#drop(generation),
    });
    this.watches = new Watches(ports.clock, ports.emit);
    this.#growth = new Growth({
      clock: ports.clock,
      watches: this.watches,
      scanInterval: options.scanInterval,
      periodicTriggerInterval: options.periodicTriggerInterval,
      entries: () => registry.entries(),
      look: (entry) => this.#look(entry),
      watch: (entry, changed) => (entry.holder as Spool).watch(entry, changed),
      noticed: (entry, stat) => this.noticed(entry, stat),
      swept: () => this.#lettingGo.retain(),
    });
    for (const entry of registry.entries()) {
      const offset = entry.acknowledged?.offset ?? 0;
      if (entry.size < offset) this.#emit(shorterThanDelivered(newestOf(entry), offset));
    }
  }

  /** Where to ask what was delivered; without it nothing is released. */
  attach(delivery: Delivery): void {
    this.#lettingGo.delivery = delivery;
  }

  /** Tells `listener` of every generation held durably now, in this call, and from then on of all that happens. */
  listen(listener: SpoolListener): void {
    this.#registry.listen(listener);
  }

  generations(): Iterable<Generation> {
    return this.#registry.generations();
  }

  entries(): Iterable<HeldEntry> {
    return this.#registry.entries();
  }

  find(dev: bigint, ino: bigint): HeldEntry | undefined {
    return this.#registry.find(dev, ino);
  }

  /** The open spool at the data directory `path`. */
  at(path: Bytes): Spool {
    const wanted = normal(path);
    const spool = this.#spools.find((one) => one.path === wanted);
    assert(spool !== undefined, "every data directory of a pattern was opened");
    return spool;
  }

  /** True for the top directory of one of these spools. */
  isOwn(stat: Stat): boolean {
    return this.#spools.some(({ root }) => root.stat.dev === stat.dev && root.stat.ino === stat.ino);
  }

  /** True where another file has, or ever had, this name at the destinations. */
  isTaken(name: Bytes): boolean {
    return this.#registry.named(name) !== undefined || this.#spools.some(({ released: names }) => names.has(name));
  }

  /** A file that was just linked into `spool` as `name`; announced as soon as the link is durable. */
  adopted(spool: Spool, stat: Stat, name: Bytes, source: Bytes): { entry: HeldEntry; generation: Generation } {
    const entry = newEntry(spool, stat, source, this.#clock.elapsed());
    entry.changedAt = this.#clock.elapsed();
    const generation = addGeneration(entry, name, 1, 0);
    this.#registry.enter(entry);
    this.#registry.reserve(generation);
    spool.settler.announceLater(generation);
    return { entry, generation };
  }

  /** Resolves when everything adopted up to now was announced. */
  async settled(): Promise<void> {
    await Promise.all(this.#spools.map((spool) => spool.settler.settle()));
  }

  /** The entry is seen under the name `source`; `reachable`: in a directory whose watch shows what is written to it. */
  seen(entry: HeldEntry, source: Bytes, reachable: boolean): void {
    entry.source = source;
    if (entry.reachable && reachable) return;
    entry.reachable = reachable;
    this.#growth.reconsider(entry);
  }

  /** The entry lost a name: its writer may hold it still. `elsewhere`: it is seen under another one. */
  lost(entry: HeldEntry, elsewhere = false): void {
    if (!elsewhere) entry.source = undefined;
    entry.reachable &&= elsewhere;
    entry.strayed ||= elsewhere;
    this.#growth.reconsider(entry);
  }

  /** Compares an entry with a fresh look at its file. */
  noticed(entry: Entry, stat: Stat): void {
    const held = entry as HeldEntry;
    const before = held.size;
    held.lookedAt = Math.floor(this.#clock.elapsed());
    held.nlink = stat.nlink;
    held.mtimeMs = stat.mtimeMs;
    if (held.due !== undefined) this.#goOn(held, held.due);
    // Where digests tell the byte at which local and remote part, transfer decides on it; else the beginning must do.
    const byDigest = this.#lettingGo.delivery?.comparesBytes() ?? false;
    if (stat.size === before) {
      if (!byDigest) this.#judgeShorter(held);
      return;
    }
    held.size = stat.size;
    held.changedAt = held.lookedAt;
    // Nothing is left of the newest generation where the file does not even reach its beginning.
    const nothing = stat.size === 0 || stat.size < newestOf(held).start;
    if (stat.size < before && (nothing || !byDigest)) this.#goOn(held, { start: 0, before, reason: "was truncated" });
    else if (byDigest || !this.#judgeShorter(held)) this.#registry.changed(held);
  }

  /** The entry's bytes are not those that were read before: it goes on as a new generation from offset 0. */
  rewritten(entry: Entry): void {
    this.supersede(entry, 0, "was truncated or rewritten between two looks");
  }

  /**
   * The entry's bytes from `start` on are not what was delivered: they go on under a new generation. Older ones
   * end at `start` at once (`changed`); `added` follows when the new name is durable. While that is on its way
   * a further call has no effect.
   */
  supersede(entry: Entry, start: number, reason: string): void {
    const held = entry as HeldEntry;
    if (held.generations.length === 0 || this.#registry.isPending(newestOf(held))) return;
    this.#goOn(held, { start, before: held.mark?.offset ?? held.size, reason });
  }

  /** A destination said that it holds everything of the entry up to `mark.offset`: remembered over restarts. */
  acknowledged(generation: Generation, mark: Mark): void {
    const entry = generation.entry as HeldEntry;
    if (isSuperseded(generation)) return;
    if (entry.acknowledged !== undefined && mark.offset <= entry.acknowledged.offset) return;
    entry.acknowledged = mark;
    if (entry.holder instanceof Spool) entry.holder.memory.note(generation.name);
  }

  counts(): SpoolCounts {
    let bytesOnlyHere = 0;
    for (const entry of this.#registry.entries()) if (isOnlyOurs(entry)) bytesOnlyHere += entry.size;
    return {
      entries: this.#registry.entryCount,
      generations: this.#registry.generationCount,
      bytesOnlyHere,
      released: this.#lettingGo.released,
      shrunk: this.#shrunk,
    };
  }

  /** Watches and sweeps from now on, and releases what retention allows. */
  start(): void {
    this.#growth.start();
  }

  /** One full stat sweep, and what retention allows. */
  sweep(): Promise<void> {
    return this.#growth.sweepAll();
  }

  /** One round of retention; the number of generations released. */
  async retain(): Promise<number> {
    const before = this.#lettingGo.released;
    await this.#lettingGo.retain();
    return this.#lettingGo.released - before;
  }

  /** Stops everything, writes the memory, gives the locks back. */
  async close(): Promise<void> {
    await this.#growth.stop();
    await this.#lettingGo.stop();
    for (const spool of this.#spools) await spool.close();
    this.#onClosed();
  }

  /** True where the entry is shorter than what was delivered and begins otherwise; it goes on as a new generation. */
  #judgeShorter(entry: HeldEntry): boolean {
    const offset = entry.acknowledged?.offset;
    const start = offset === undefined || entry.size >= offset ? undefined : partsWithin(entry);
    if (offset === undefined || start === undefined) return false;
    this.#goOn(entry, { start, before: offset, reason: "is shorter than what was delivered of it" });
    return true;
  }

  #goOn(entry: HeldEntry, cut: Cut): void {
    const old = newestOf(entry);
    const reached = this.#lettingGo.delivery?.reached(old) ?? [];
    const outcome = goOn(entry, cut, this.#registry, (name) => this.isTaken(name));
    if (outcome.kind === "failed") {
      if (outcome.first) this.#emit(notSuperseded(old, outcome.cause));
    } else {
      old.entry.holder.leaves?.drop(old.name);
      this.#shrunk++;
      this.#emit(shrunk(old, cut, entry.size, outcome.generation.name, reached));
    }
    this.#registry.changed(entry);
    if (outcome.kind === "made") void this.settled().then(() => this.#lettingGo.releaseEnded(entry));
    entry.acknowledged = undefined;
    entry.remembered = undefined;
  }

  #look(entry: HeldEntry): Stat | undefined {
    const { holder } = entry;
    if (!(holder instanceof Spool)) return undefined;
    for (const generation of [...entry.generations]) {
      const stat = holder.look(generation);
      if (stat !== undefined) return stat;
      this.#emit(spoolLinkGone(generation, holder.path));
      this.#drop(generation);
    }
    return undefined;
  }

  #drop(generation: Generation): void {
    this.#registry.drop(generation);
    const entry = generation.entry as HeldEntry;
    entry.holder.leaves?.drop(generation.name);
    if (entry.generations.length === 0) this.#growth.forget(entry);
  }
}
