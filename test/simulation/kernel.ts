// What one process has of a simulated kernel: a view of a disk, descriptors, watches, and waiting for the disk. Watches
// are hints: late, merged, or lost. A process that was killed while it waited never hears of it.

import type { Bytes } from "../../src/base/text.ts";
import type { Glance, Stat, Watch } from "../../src/platform/files.ts";
import { type Disk, errno } from "./disk.ts";
import type { Inode, Watcher } from "./inode.ts";
import type { Life, World } from "./world.ts";

export interface FilesOptions {
  /** ms that an fsync takes, at the least and at the most. */
  readonly syncTime: readonly [number, number];
  /** The disk needs no time: what is synced is so at once. */
  readonly inMemory: boolean;
  readonly hintTime: readonly [number, number];
  /** How often a hint is lost. */
  readonly hintLoss: number;
  /** Descriptors of the process. */
  readonly mostOpen: number;
  /** Watches of the process. */
  readonly mostWatches: number;
  /** Planted bugs, to prove that the simulation finds them. */
  readonly plant: string | undefined;
}

/** One process's view of a disk. */
export interface Kernel {
  readonly world: World;
  readonly disk: Disk;
  readonly life: Life;
  readonly options: FilesOptions;
  watches: number;
  /** Its open files. */
  readonly files: Set<{ let(): void }>;
}

export function take({ life, options }: Kernel): void {
  if (life.open >= options.mostOpen) throw errno("EMFILE");
  life.open++;
}

export function give({ life }: Kernel): void {
  life.open--;
}

export function statOf({ options }: Kernel, inode: Inode): Stat {
  const { kind, ino, content, nlink, mode, atimeMs, mtimeMs, ctimeMs } = inode;
  const dev = 1n;
  const shown = options.plant === "inodes-collide" ? 2n + (ino % 8n) : ino;
  return { kind, dev, ino: shown, size: content.size, nlink, uid: 0, mode, atimeMs, mtimeMs, ctimeMs };
}

export function glanceOf(kernel: Kernel, inode: Inode): Glance {
  const { dev, ino, size, nlink, ctimeMs } = statOf(kernel, inode);
  return { dev: Number(dev), ino: Number(ino), size, nlink, ctimeMs };
}

export function later({ world, life }: Kernel, ms: number): Promise<void> {
  return new Promise((resolve) => world.after(ms, resolve, life));
}

export function syncLater({ world, disk, life, options }: Kernel, inode: Inode, planted: boolean): Promise<void> {
  const done = disk.beginSync(inode);
  return new Promise((resolve, reject) => {
    const end = () => {
      try {
        if (!planted) done();
        resolve();
      } catch (error) {
        reject(error);
      }
    };
    world.after(world.prng.time(...options.syncTime), end, life);
  });
}

export function watch(kernel: Kernel, inode: Inode, changed: (name: Bytes | null) => void): Watch {
  const { world, life, options } = kernel;
  if (kernel.watches >= options.mostWatches) throw errno("ENOSPC");
  kernel.watches++;
  const underWay = new Set<Bytes | null>();
  let closed = false;
  const watcher: Watcher = {
    hint(name) {
      if (underWay.has(name) || world.prng.chance(options.hintLoss)) return;
      underWay.add(name);
      const tell = () => {
        underWay.delete(name);
        if (closed) return "quiet";
        return changed(name);
      };
      world.after(world.prng.time(...options.hintTime), tell, life);
    },
  };
  inode.watchers.add(watcher);
  const close = () => {
    closed = true;
    inode.watchers.delete(watcher);
  };
  life.endings.push(close);
  return {
    close() {
      if (!closed) kernel.watches--;
      close();
    },
  };
}
