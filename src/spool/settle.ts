// Group commit of names: links are made at once, and one fsync of a directory makes all the links durable that
// were made before it began. A generation is announced only then: after a power cut, a file that was delivered
// under one name must not be adopted again under another (docs/ARCHITECTURE.md). A failed fsync is never
// tried again in this process: the kernel may have dropped what it could not write and say "done" next time.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";
import { openBelow } from "./below.ts";
import type { Generation } from "./entry.ts";
import { syncFailed } from "./events.ts";

/** Directories synced at the same time. */
const PARALLEL = 4;

export class Settler {
  readonly #root: Directory;
  readonly #path: Bytes;
  readonly #emit: Emit;
  readonly #announce: (generation: Generation) => void;
  #touched = new Set<Bytes>();
  #waiting: Generation[] = [];
  #running: Promise<void> | undefined;
  #failed = false;

  constructor(root: Directory, path: Bytes, emit: Emit, announce: (generation: Generation) => void) {
    this.#root = root;
    this.#path = path;
    this.#emit = emit;
    this.#announce = announce;
  }

  /** A name was made in or removed from the directory `path` below the root. */
  touch(path: Bytes): void {
    this.#touched.add(path);
  }

  /** Announces `generation` once all that was touched up to now is durable. */
  announceLater(generation: Generation): void {
    this.#waiting.push(generation);
    void this.settle();
  }

  /** Resolves when all that was touched up to now is durable and announced (or never will be: it failed). */
  settle(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    // Let the caller finish its burst of links before the first fsync.
    await Promise.resolve();
    while (this.#touched.size > 0 || this.#waiting.length > 0) {
      const paths = [...this.#touched];
      const generations = this.#waiting;
      this.#touched = new Set();
      this.#waiting = [];
      await this.#sync(paths);
      if (this.#failed) return;
      for (const generation of generations) this.#announce(generation);
    }
  }

  async #sync(paths: Bytes[]): Promise<void> {
    const worker = async () => {
      for (let path = paths.pop(); path !== undefined; path = paths.pop()) await this.#syncOne(path);
    };
    await Promise.all(Array.from({ length: Math.min(PARALLEL, paths.length) }, worker));
  }

  async #syncOne(path: Bytes): Promise<void> {
    let directory = this.#root;
    try {
      if (path !== "") directory = openBelow(this.#root, path);
    } catch {
      return; // removed meanwhile, with all its names
    }
    try {
      await directory.sync();
    } catch (error) {
      if (!this.#failed) this.#emit(syncFailed(this.#path, error));
      this.#failed = true;
    } finally {
      if (directory !== this.#root) directory.close();
    }
  }
}
