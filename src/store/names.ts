// The directory entries that lead to a file, made durable. An entry is durable once its directory was fsynced
// after the entry was made; data without its entry is lost at a power cut.
// Promises: `durable(path)` holds for every entry from the data directory down to the file, whoever made it and
// when. A directory is fsynced once and again only after it changed: our own changes are told by `changed`,
// those of others show in its modification time. Waiters for one directory share an fsync.

import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import type { InMemory } from "./durable.ts";
import { directoriesTo, withDirectory } from "./tree.ts";

/** How many directories are remembered as clean. A forgotten one costs an fsync of a clean directory. */
const REMEMBERED = 4096;
/** Two changes within one tick of the kernel's file clock bear one time; in ms, with much to spare. */
const TICK = 100;

interface Sync {
  running: Promise<void>;
  /** The one behind the running one, for whoever came while it ran. */
  next: Promise<void> | undefined;
  /** An entry was made since the running one began. */
  changed: boolean;
}

interface Clean {
  readonly ino: bigint;
  readonly mtimeMs: number;
}

export class Names {
  readonly #root: Directory;
  readonly #clock: Clock;
  readonly #inMemory: InMemory;
  readonly #clean = new Map<Bytes, Clean>();
  readonly #syncs = new Map<Bytes, Sync>();

  constructor(root: Directory, clock: Clock, inMemory: InMemory) {
    this.#root = root;
    this.#clock = clock;
    this.#inMemory = inMemory;
  }

  /** We made an entry in `directory`. */
  changed(directory: Bytes): void {
    this.#clean.delete(directory);
    const sync = this.#syncs.get(directory);
    if (sync !== undefined) sync.changed = true;
  }

  /** Rejects with what fsync said, or with what kept a directory from being opened. */
  async durable(path: Bytes): Promise<void> {
    await Promise.all([...directoriesTo(path)].map((directory) => this.#sync(directory)));
  }

  #sync(directory: Bytes): Promise<void> {
    const sync = this.#syncs.get(directory);
    if (sync === undefined) {
      // In the books before it runs: in memory it is done at once.
      const first: Sync = { running: Promise.resolve(), next: undefined, changed: false };
      this.#syncs.set(directory, first);
      first.running = this.#run(directory);
      return first.running;
    }
    // The running one may have begun before the entry was made that the caller speaks of.
    sync.next ??= sync.running.then(
      () => this.#again(directory, sync),
      () => this.#again(directory, sync),
    );
    return sync.next;
  }

  #again(directory: Bytes, sync: Sync): Promise<void> {
    sync.next = undefined;
    sync.changed = false;
    sync.running = this.#run(directory);
    return sync.running;
  }

  async #run(directory: Bytes): Promise<void> {
    try {
      await withDirectory(this.#root, directory, async (at) => {
        const { dev, ino, mtimeMs } = at.now();
        const clean = this.#clean.get(directory);
        if (clean !== undefined && clean.ino === ino && clean.mtimeMs === mtimeMs) return;
        const settled = Math.abs(this.#clock.now() - mtimeMs) > TICK;
        if (this.#inMemory(dev)) at.syncNow();
        else await at.sync();
        // Where the last change is too young, another one could hide behind the same time: not remembered.
        if (settled && this.#syncs.get(directory)?.changed === false) this.#remember(directory, { ino, mtimeMs });
      });
    } finally {
      if (this.#syncs.get(directory)?.next === undefined) this.#syncs.delete(directory);
    }
  }

  #remember(directory: Bytes, clean: Clean): void {
    this.#clean.delete(directory);
    this.#clean.set(directory, clean);
    for (const oldest of this.#clean.keys()) {
      if (this.#clean.size <= REMEMBERED) break;
      this.#clean.delete(oldest);
    }
  }
}
