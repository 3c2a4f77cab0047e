// What all spools of this client hold, by identity and by name, and who is told of it. A generation is known here
// from the moment its link exists, so that nothing is adopted twice and no name is given twice; it is announced
// only once its link is durable (settle.ts).

import { assert } from "../base/assert.ts";
import type { Bytes } from "../base/text.ts";
import type { Entry, Generation, SpoolListener } from "./entry.ts";
import type { HeldEntry } from "./held.ts";

export class Registry {
  readonly #byDevice = new Map<bigint, Map<bigint, HeldEntry>>();
  readonly #byName = new Map<Bytes, Generation>();
  /** Known, but not announced yet. */
  readonly #pending = new Set<Generation>();
  readonly #listeners: SpoolListener[] = [];
  #entries = 0;

  get entryCount(): number {
    return this.#entries;
  }

  get generationCount(): number {
    return this.#byName.size - this.#pending.size;
  }

  find(dev: bigint, ino: bigint): HeldEntry | undefined {
    return this.#byDevice.get(dev)?.get(ino);
  }

  named(name: Bytes): Generation | undefined {
    return this.#byName.get(name);
  }

  *entries(): IterableIterator<HeldEntry> {
    for (const device of this.#byDevice.values()) yield* device.values();
  }

  *generations(): IterableIterator<Generation> {
    for (const generation of this.#byName.values()) if (!this.#pending.has(generation)) yield generation;
  }

  isPending(generation: Generation): boolean {
    return this.#pending.has(generation);
  }

  listen(listener: SpoolListener): void {
    for (const generation of this.generations()) listener.added(generation);
    this.#listeners.push(listener);
  }

  /** Makes an entry known. Its generations follow. */
  enter(entry: HeldEntry): void {
    const device = this.#byDevice.get(entry.dev) ?? new Map<bigint, HeldEntry>();
    this.#byDevice.set(entry.dev, device);
    assert(!device.has(entry.ino), "one inode is one entry");
    device.set(entry.ino, entry);
    this.#entries++;
  }

  /** Makes a generation's name known; `announce` follows when it is durable. */
  reserve(generation: Generation): void {
    assert(!this.#byName.has(generation.name), "a name belongs to one generation");
    this.#byName.set(generation.name, generation);
    this.#pending.add(generation);
  }

  announce(generation: Generation): void {
    if (!this.#pending.delete(generation)) return;
    for (const listener of this.#listeners) listener.added(generation);
  }

  changed(entry: Entry): void {
    for (const listener of this.#listeners) listener.changed(entry);
  }

  /** Forgets a generation, and its entry with the last one. */
  drop(generation: Generation): void {
    const { entry } = generation;
    assert(this.#byName.delete(generation.name), "only what is held can be dropped");
    entry.generations = entry.generations.filter((one) => one !== generation);
    if (entry.generations.length === 0 && this.#byDevice.get(entry.dev)?.delete(entry.ino)) this.#entries--;
    if (this.#pending.delete(generation)) return;
    for (const listener of this.#listeners) listener.released(generation);
  }
}
