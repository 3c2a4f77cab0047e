// One data directory, open: the links in it, the names it released, its memory, its group commit. Says what its
// entries look like now; decides nothing about when to look (growth.ts) or what goes (retention.ts).

import { codeOf, isGone } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory, Files, OpenFile, Stat, Watch } from "../platform/files.ts";
import type { LeafKeeper } from "../protocol/leaf-keeper.ts";
import { beginningOf } from "./beginning.ts";
import { below, directoryOf, makeDirectories } from "./below.ts";
import { beginOfDoubt, leaveClean, takeClean } from "./clean.ts";
import { type Datadir, type Lock, openDatadir, TEMPORARY } from "./datadir.ts";
import type { Entry, Generation, Holder } from "./entry.ts";
import { oddInSpool, secondName } from "./events.ts";
import { addGeneration, type HeldEntry, newEntry, newestOf } from "./held.ts";
import { takeInventory } from "./inventory.ts";
import { openLeaves, sweepLeaves } from "./leaves.ts";
import { HEAD } from "./mark.ts";
import { MEMORY_FILE, Memory, type Remembered, readMemory } from "./memory.ts";
import { openHeld } from "./open-held.ts";
import type { Registry } from "./registry.ts";
import { Released } from "./released.ts";
import { Settler } from "./settle.ts";

export interface SpoolParts {
  readonly files: Files;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Takes the lock of a data directory, held until released; throws where another process has it. */
  readonly lock: (path: Bytes) => Lock;
  readonly registry: Registry;
}

export class Spool implements Holder {
  readonly path: Bytes;
  readonly root: Directory;
  readonly released: Released;
  readonly memory: Memory;
  readonly settler: Settler;
  readonly leaves: LeafKeeper;
  /** A watch shows everything that is written to a file that we hold: it lies on the same file system. */
  readonly isShown: boolean;
  readonly #lock: Lock;
  readonly #parts: SpoolParts;
  #temporary = 0;
  readonly #sweeping: Promise<void>;
  #closing = false;

  /** Throws StartFailure, or what the lock throws. Nothing is announced before `settle`. */
  constructor(path: Bytes, parts: SpoolParts) {
    const datadir: Datadir = openDatadir(parts.files, path, parts.lock, parts.emit);
    const { root } = datadir;
    this.path = path;
    this.root = root;
    this.isShown = root.showsWrites();
    this.#lock = datadir.lock;
    this.#parts = parts;
    try {
      this.released = new Released(root, path);
      this.settler = new Settler(root, path, parts.clock, parts.emit, (generation) =>
        parts.registry.announce(generation),
      );
      this.memory = new Memory({
        ...parts,
        root,
        datadir: path,
        recall: (name) => this.#recall(name),
        names: () => this.#names(),
      });
      this.leaves = openLeaves(root, path, parts.clock, parts.emit);
      this.#index(readMemory(root, path));
      this.#sweeping = sweepLeaves(
        root,
        parts.clock,
        () => this.#names(),
        () => this.#closing,
      );
    } catch (error) {
      datadir.lock.release();
      root.close();
      throw error;
    }
  }

  /** Opens the file through one of our links, verified to be that inode. */
  open(entry: Entry): OpenFile {
    return openHeld(this.root, entry);
  }

  /** lstat of one of our links; undefined where it is not that file any more. */
  look(generation: Generation): Stat | undefined {
    const { dev, ino } = generation.entry;
    try {
      const stat = below(this.root, generation.name, (directory, leaf) => directory.lstat(leaf));
      return stat !== undefined && stat.dev === dev && stat.ino === ino ? stat : undefined;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  /** Watches the entry through one of our links, whatever name it is written by. Throws where there are no watches left. */
  watch(entry: Entry, changed: () => void): Watch {
    return below(this.root, newestOf(entry).name, (directory, leaf) => directory.watchFile(leaf, changed));
  }

  /** True where somebody removed the data directory under our hands. */
  isRemoved(): boolean {
    return this.root.now().nlink === 0;
  }

  /** A name in the data directory itself that nothing has; a crash leaves it to the sweep at the next start. */
  temporary(): Bytes {
    return `${TEMPORARY}${++this.#temporary}`;
  }

  /** Links `from` in the data directory itself to the name `to`; EEXIST where that is taken. */
  linkTo(from: Bytes, to: Bytes): void {
    const link = () => below(this.root, to, (directory, leaf) => this.root.link(from, directory, leaf));
    try {
      link();
    } catch (error) {
      // As a rule the directories are there.
      if (codeOf(error) !== "ENOENT") throw error;
      makeDirectories(this.root, to, (parent) => this.settler.touch(parent));
      link();
    }
    this.settler.touch(directoryOf(to));
  }

  /** Gives a file we hold another name; EEXIST where that is taken. */
  linkAgain(entry: Entry, to: Bytes): void {
    const { name } = newestOf(entry);
    below(this.root, name, (from, leaf) => below(this.root, to, (into, toLeaf) => from.link(leaf, into, toLeaf)));
    this.settler.touch(directoryOf(to));
  }

  async close(): Promise<void> {
    this.#closing = true;
    await this.#sweeping;
    await this.settler.settle();
    this.leaves.stop();
    for (const { generations, sentTo, acknowledged, holder } of this.#parts.registry.entries()) {
      const newest = generations.at(-1);
      // Also where what a power cut left of the memory is all that is known: an end in order does not make it better.
      const isMore = sentTo > (acknowledged?.offset ?? 0) || acknowledged?.loaded === true;
      if (holder === this && newest !== undefined && isMore) this.memory.note(newest.name);
    }
    await this.memory.close();
    // Best effort: without it the memory only counts for less.
    await leaveClean(this.root, MEMORY_FILE).catch(() => {});
    this.released.close();
    this.root.close();
    this.#lock.release();
  }

  #index(memory: Map<Bytes, Remembered>): void {
    const { registry, emit, clock } = this.#parts;
    const clean = takeClean(this.root, MEMORY_FILE);
    const { files, directories, odd } = takeInventory(this.root, (name) => memory.has(name));
    const doubtedFrom = clean ? Number.POSITIVE_INFINITY : beginOfDoubt(this.root, MEMORY_FILE, files);
    if (odd.length > 0) emit(oddInSpool(this.path, odd.length, odd[0] as Bytes));
    for (const { stat, names, others } of files) {
      const known = registry.find(stat.dev, stat.ino);
      const kept = names.filter(({ name }) => known === undefined && registry.named(name) === undefined);
      const first = kept[0]?.name ?? known?.generations[0]?.name ?? "";
      for (const { name } of names) {
        if (!kept.some((one) => one.name === name))
          emit(secondName(this.path, registry.named(name)?.name ?? first, name));
      }
      for (const name of others) emit(secondName(this.path, first, name));
      if (kept.length === 0) continue;
      const entry = newEntry(this, stat, undefined, clock.elapsed());
      entry.inDoubt = stat.mtimeMs >= doubtedFrom;
      for (const { name, number, start } of kept) addGeneration(entry, name, number, start);
      registry.enter(entry);
      for (const generation of entry.generations) registry.reserve(generation);
      const remembered = memory.get(newestOf(entry).name);
      entry.source = remembered?.source;
      if (remembered === undefined) continue;
      entry.remembered = clean ? remembered.mark : { ...remembered.mark, loaded: true };
      entry.acknowledged = entry.remembered;
      entry.mark = remembered.mark;
      entry.head = remembered.head;
    }
    for (const path of directories) this.settler.touch(path);
    for (const generation of this.#generations()) this.settler.announceLater(generation);
  }

  #recall(name: Bytes): Remembered | undefined {
    const generation = this.#parts.registry.named(name);
    const entry = generation?.entry as HeldEntry | undefined;
    if (entry?.acknowledged === undefined || generation !== newestOf(entry) || entry.holder !== this) return undefined;
    const length = Math.min(HEAD, entry.acknowledged.offset);
    if (entry.head.length < length) entry.head = entry.acknowledged.head ?? beginningOf(entry, length);
    // What was sent behind it may have been taken: then the memory is not all that is there.
    const mark =
      entry.sentTo > entry.acknowledged.offset ? { ...entry.acknowledged, loaded: true as const } : entry.acknowledged;
    return { name, mark, head: entry.head, source: entry.source };
  }

  *#generations(): IterableIterator<Generation> {
    for (const entry of this.#parts.registry.entries()) if (entry.holder === this) yield* entry.generations;
  }

  *#names(): IterableIterator<Bytes> {
    for (const { name } of this.#generations()) yield name;
  }
}
