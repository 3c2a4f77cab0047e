// What writes logs: an application appends numbered lines, rotates by rename or is rotated by copytruncate, goes on
// writing to the old file for a while, and loses its files to somebody who tidies up.

import { type Disk, errno } from "./disk.ts";
import type { Handle, Inode } from "./inode.ts";
import type { Model } from "./model.ts";
import type { Source } from "./source.ts";
import type { Swarm } from "./swarm.ts";
import type { World } from "./world.ts";

let pad = "";
while (pad.length < 500_000) pad += `${pad.length.toString(36)}.`;

/** Counts the lines of a schedule, so that no two are alike. */
export interface Serial {
  lines: number;
}

export class App {
  readonly #world: World;
  readonly #disk: Disk;
  readonly #model: Model;
  readonly #swarm: Swarm;
  readonly #serial: Serial;
  readonly #directory: string;
  readonly #name: string;
  #current: Handle | undefined;
  #old: Handle | undefined;

  constructor(world: World, disk: Disk, model: Model, swarm: Swarm, serial: Serial, directory: string, name: string) {
    this.#world = world;
    this.#disk = disk;
    this.#model = model;
    this.#swarm = swarm;
    this.#serial = serial;
    this.#directory = directory;
    this.#name = name;
  }

  /** Lines, or a part of one, to the current file or still to the old one. */
  write(): void {
    const { prng } = this.#world;
    const handle = this.#old !== undefined && prng.chance(0.3) ? this.#old : this.#open();
    if (handle === undefined) return;
    const count = prng.between(1, 3);
    for (let i = 0; i < count; i++) this.#line(handle);
    if (prng.chance(0.3)) this.#old = this.#close(this.#old);
  }

  /** A few files at once. */
  burst(): void {
    const { prng } = this.#world;
    const directory = this.#present();
    if (directory === undefined) return;
    const count = prng.between(2, 12);
    for (let i = 0; i < count; i++) {
      const name = `${this.#name}.burst-${this.#serial.lines}-${i}`;
      try {
        const handle = this.#disk.open(this.#disk.make(directory, name, "file", 0o640), directory, name);
        if (prng.chance(0.8)) this.#line(handle);
        this.#disk.close(handle);
      } catch {
        return; // the disk is full
      }
    }
  }

  rotate(): void {
    const directory = this.#present();
    if (directory === undefined) return;
    const { keep } = this.#swarm;
    const at = (n: number) => (n === 0 ? this.#name : `${this.#name}.${n}`);
    if (directory.entries.has(at(keep))) this.#disk.unlink(directory, at(keep));
    for (let n = keep - 1; n >= 0; n--) {
      if (directory.entries.has(at(n))) this.#disk.rename(directory, at(n), at(n + 1));
    }
    this.#world.note(() => `${this.#name} is rotated`);
    this.#close(this.#old);
    this.#old = this.#current;
    this.#current = undefined;
  }

  /** Somebody removes one of the files. */
  remove(): void {
    const directory = this.#present();
    if (directory === undefined) return;
    const names = [...directory.entries.keys()].filter((name) => name.startsWith(this.#name));
    if (names.length === 0) return;
    const name = this.#world.prng.pick(names);
    this.#world.note(() => `${name} is removed`);
    this.#disk.unlink(directory, name);
    if (this.#current?.directory === undefined && this.#current !== undefined) {
      this.#close(this.#old);
      this.#old = this.#current;
      this.#current = undefined;
    }
  }

  /** copytruncate; `isNoticed`: a client that is sure to notice is running. */
  truncate(isNoticed: (source: Source) => boolean): void {
    const { prng } = this.#world;
    const handle = this.#open();
    if (handle === undefined) return;
    const source = this.#model.sources.get(handle.inode);
    if (source === undefined || handle.inode.content.size === 0) return;
    if (!isNoticed(source)) this.#model.blur(source, "cut where the client cannot know");
    source.cutAt = this.#world.now;
    this.#world.note(() => `${this.#name} is truncated`);
    // What one destination has and another has not is not told apart by what is kept for a file: to nothing, then.
    const whole = this.#swarm.servers > 1 || prng.chance(0.8);
    this.#disk.truncate(handle, whole ? 0 : prng.below(handle.inode.content.size));
    if (prng.chance(0.5)) for (let i = prng.between(1, 12); i > 0; i--) this.#line(handle);
  }

  sync(): void {
    if (this.#current === undefined || this.#disk.failing) return;
    this.#disk.beginSync(this.#current.inode)();
    const directory = this.#current.directory;
    if (directory !== undefined) this.#disk.beginSync(directory)();
  }

  /** The host lost its power. */
  forget(): void {
    this.#current = undefined;
    this.#old = undefined;
  }

  /** Its directory, where there is one: not on a full disk. */
  #present(): Inode | undefined {
    try {
      return this.#where();
    } catch {
      return undefined;
    }
  }

  #where(): Inode {
    let at = this.#disk.root;
    for (const name of this.#directory.split("/")) {
      if (name !== "") at = at.entries.get(name) ?? this.#disk.make(at, name, "directory", 0o755);
    }
    return at;
  }

  #open(): Handle | undefined {
    if (this.#current !== undefined) return this.#current;
    try {
      const directory = this.#where();
      const inode = directory.entries.get(this.#name) ?? this.#disk.make(directory, this.#name, "file", 0o640);
      this.#current = this.#disk.open(inode, directory, this.#name);
      return this.#current;
    } catch {
      return undefined; // the disk is full
    }
  }

  #close(handle: Handle | undefined): undefined {
    if (handle !== undefined) this.#disk.close(handle);
  }

  #line(handle: Handle): void {
    const { prng } = this.#world;
    const { line } = this.#swarm;
    const begin = `${++this.#serial.lines}:${this.#model.sources.get(handle.inode)?.id}:`;
    // No kilobyte of one line is that of another one, also where both begin at the same place.
    const from = this.#serial.lines * 5;
    const text = `${begin}${pad.slice(from, from + prng.below(line))}${prng.chance(0.9) ? "\n" : ""}`;
    try {
      this.#disk.append(handle, Buffer.from(text, "latin1"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== errno("ENOSPC").code) throw error;
    }
  }
}
