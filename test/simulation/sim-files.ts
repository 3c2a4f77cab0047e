// The port for files over a simulated disk, for one process. Each call is one into the kernel: the process may be
// killed in it, be out of descriptors, or find the disk full. What waits for a disk takes virtual time.

import type { Bytes } from "../../src/base/text.ts";
import type { Directory, Files, Glance, Listed, OpenFile, Stat, Watch } from "../../src/platform/files.ts";
import { type Disk, errno } from "./disk.ts";
import type { Inode } from "./inode.ts";
import { type FilesOptions, give, glanceOf, type Kernel, statOf, syncLater, take, watch } from "./kernel.ts";
import { SimFile } from "./sim-file.ts";
import type { Life, World } from "./world.ts";

export function simFiles(world: World, disk: Disk, life: Life, options: FilesOptions): Files {
  const kernel: Kernel = { world, disk, life, options, watches: 0, files: new Set() };
  life.endings.push(() => {
    for (const file of kernel.files) file.let();
  });
  return {
    open(path) {
      world.enter(life);
      let at = disk.root;
      for (const name of path.split("/")) if (name !== "") at = directoryIn(at, name);
      return new SimDirectory(kernel, at);
    },
    uid: () => 0,
  };
}

function directoryIn(at: Inode, name: Bytes): Inode {
  const inode = at.entries.get(name);
  if (inode === undefined) throw errno("ENOENT");
  if (inode.kind !== "directory") throw errno("ENOTDIR");
  return inode;
}

class SimDirectory implements Directory {
  readonly #kernel: Kernel;
  readonly #inode: Inode;
  #stat: Stat | undefined;
  #closed = false;

  constructor(kernel: Kernel, inode: Inode) {
    take(kernel);
    this.#kernel = kernel;
    this.#inode = inode;
  }

  get stat(): Stat {
    this.#stat ??= statOf(this.#kernel, this.#inode);
    return this.#stat;
  }

  now(): Stat {
    this.#enter();
    return statOf(this.#kernel, this.#inode);
  }

  again(): Directory {
    this.#enter();
    return new SimDirectory(this.#kernel, this.#inode);
  }

  directory(name: Bytes): Directory {
    this.#enter();
    return new SimDirectory(this.#kernel, directoryIn(this.#inode, name));
  }

  space(): { free: number; total: number } {
    this.#enter();
    return { free: this.#kernel.disk.room, total: this.#kernel.disk.total };
  }

  showsWrites(): boolean {
    return this.#kernel.options.hintLoss === 0;
  }

  inMemory(): boolean {
    return this.#kernel.options.inMemory;
  }

  list(): Listed[] {
    this.#enter();
    const all = [...this.#inode.entries].map(([name, { kind }]) => ({ name, kind }));
    return this.#kernel.options.plant === "list-forgets" ? all.filter((_, i) => i % 8 !== 7) : all;
  }

  lstat(name: Bytes): Stat | undefined {
    this.#enter();
    const inode = this.#inode.entries.get(name);
    return inode === undefined ? undefined : statOf(this.#kernel, inode);
  }

  glance(path: Bytes): Glance | undefined {
    this.#enter();
    let at = this.#inode;
    for (const name of path.split("/")) {
      const next = at.entries.get(name);
      if (next === undefined) return undefined;
      at = next;
    }
    return at.kind === "file" ? glanceOf(this.#kernel, at) : undefined;
  }

  readlink(_name: Bytes): Bytes {
    throw errno("EINVAL");
  }

  openRead(name: Bytes): OpenFile {
    this.#enter();
    return this.#open(name, false);
  }

  openAppend(name: Bytes): OpenFile {
    this.#enter();
    return this.#open(name, true);
  }

  create(name: Bytes, mode: number): OpenFile {
    this.#enter();
    const { disk } = this.#kernel;
    if (this.#inode.entries.has(name)) throw errno("EEXIST");
    if (this.#kernel.life.open >= this.#kernel.options.mostOpen) throw errno("EMFILE");
    const inode = disk.make(this.#inode, name, "file", mode);
    return new SimFile(this.#kernel, disk.open(inode, this.#inode, name), true);
  }

  mkdir(name: Bytes, mode: number): void {
    this.#enter();
    this.#kernel.disk.make(this.#inode, name, "directory", mode);
  }

  link(name: Bytes, into: Directory, to: Bytes): void {
    this.#enter();
    const inode = this.#inode.entries.get(name);
    if (inode === undefined) throw errno("ENOENT");
    this.#kernel.disk.link(inode, (into as SimDirectory).#inode, to);
  }

  rename(name: Bytes, to: Bytes): void {
    this.#enter();
    this.#kernel.disk.rename(this.#inode, name, to);
  }

  unlink(name: Bytes): void {
    this.#enter();
    if (this.#inode.entries.get(name)?.kind === "directory") throw errno("EISDIR");
    this.#kernel.disk.unlink(this.#inode, name);
  }

  rmdir(name: Bytes): void {
    this.#enter();
    directoryIn(this.#inode, name);
    this.#kernel.disk.unlink(this.#inode, name);
  }

  chmod(mode: number): void {
    this.#enter();
    this.#inode.mode = mode;
  }

  async sync(): Promise<void> {
    this.#enter();
    take(this.#kernel);
    try {
      await syncLater(this.#kernel, this.#inode, this.#kernel.options.plant === "names-not-durable");
    } finally {
      give(this.#kernel);
    }
  }

  syncNow(): void {
    this.#enter();
    this.#kernel.disk.beginSync(this.#inode)();
  }

  watch(changed: (name: Bytes | null) => void): Watch {
    this.#enter();
    return watch(this.#kernel, this.#inode, changed);
  }

  watchFile(name: Bytes, changed: () => void): Watch {
    this.#enter();
    const inode = this.#inode.entries.get(name);
    if (inode === undefined) throw errno("ENOENT");
    return watch(this.#kernel, inode, changed);
  }

  close(): void {
    if (!this.#kernel.life.alive) return;
    if (this.#closed) throw errno("EBADF");
    this.#closed = true;
    give(this.#kernel);
  }

  #enter(): void {
    this.#kernel.world.enter(this.#kernel.life);
    if (this.#closed) throw errno("EBADF");
  }

  #open(name: Bytes, found: boolean): OpenFile {
    const inode = this.#inode.entries.get(name);
    if (inode === undefined) throw errno("ENOENT");
    if (inode.kind === "directory") throw errno("EISDIR");
    return new SimFile(this.#kernel, this.#kernel.disk.open(inode, this.#inode, name), !found);
  }
}
