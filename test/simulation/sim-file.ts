// An open file of the port for files over a simulated disk, for one process.

import type { Glance, OpenFile, Stat } from "../../src/platform/files.ts";
import { errno } from "./disk.ts";
import type { Handle } from "./inode.ts";
import { give, glanceOf, type Kernel, later, statOf, syncLater, take } from "./kernel.ts";

export class SimFile implements OpenFile {
  readonly #kernel: Kernel;
  readonly #handle: Handle;
  /** Made by this process. */
  readonly #made: boolean;
  #closed = false;

  constructor(kernel: Kernel, handle: Handle, made: boolean) {
    try {
      take(kernel);
    } catch (error) {
      kernel.disk.close(handle);
      throw error;
    }
    this.#kernel = kernel;
    this.#handle = handle;
    this.#made = made;
    kernel.files.add(this);
  }

  stat(): Stat {
    this.#enter();
    return statOf(this.#kernel, this.#handle.inode);
  }

  glance(): Glance {
    this.#enter();
    return glanceOf(this.#kernel, this.#handle.inode);
  }

  async read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    this.#enter();
    await later(this.#kernel, this.#kernel.world.prng.time(0.05, 2));
    return this.readNow(into, offset, length, position);
  }

  readNow(into: Uint8Array, offset: number, length: number, position: number): number {
    this.#enter();
    const bytes = this.#handle.inode.content.view(position, Math.min(position + length, this.#size));
    into.set(bytes, offset);
    return bytes.byteLength;
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    this.#enter();
    for (const piece of pieces) {
      await later(this.#kernel, this.#kernel.world.prng.time(0.02, 1));
      this.appendNow([piece]);
    }
  }

  appendNow(pieces: readonly Uint8Array[]): void {
    const { disk, options, world } = this.#kernel;
    for (const piece of pieces) {
      this.#enter();
      const short = options.plant === "short-writes" && world.prng.chance(0.02);
      disk.append(this.#handle, short ? piece.subarray(0, piece.byteLength >> 1) : piece);
    }
  }

  async sync(): Promise<void> {
    this.#enter();
    await syncLater(this.#kernel, this.#handle.inode, this.#forgets);
  }

  syncNow(): void {
    this.#enter();
    const done = this.#kernel.disk.beginSync(this.#handle.inode);
    if (!this.#forgets) done();
  }

  truncate(size: number): void {
    this.#enter();
    this.#kernel.disk.truncate(this.#handle, size);
  }

  close(): void {
    if (!this.#kernel.life.alive) return;
    if (this.#closed) throw errno("EBADF");
    this.let();
    give(this.#kernel);
  }

  get #forgets(): boolean {
    const { plant } = this.#kernel.options;
    return plant === "data-not-durable" || (plant === "found-not-durable" && !this.#made);
  }

  get #size(): number {
    return this.#handle.inode.content.size;
  }

  /** The descriptor is given back. */
  let(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#kernel.files.delete(this);
    this.#kernel.disk.close(this.#handle);
  }

  #enter(): void {
    this.#kernel.world.enter(this.#kernel.life);
    if (this.#closed) throw errno("EBADF");
  }
}
