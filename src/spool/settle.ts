// Group commit of names: links are made at once, and one fsync of a directory makes all the links durable that
// were made before it began. A generation is announced only then: after a power cut, a file that was delivered
// under one name must not be adopted again under another (docs/ARCHITECTURE.md). A failed fsync is never
// tried again in this process: the kernel may have dropped what it could not write and say "done" next time. A directory
// that could not even be opened, for want of descriptors as a rule, was not synced: that is tried again.

import { isGone, isOfOpening } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { openBelow } from "./below.ts";
import type { Generation } from "./entry.ts";
import { syncFailed } from "./events.ts";

/** Directories synced at the same time. */
const PARALLEL = 4;
/** ms until a directory is tried again that could not be opened, and how often that is done: for a minute. */
const AGAIN = 100;
const TRIES = 600;

export class Settler {
  readonly #root: Directory;
  readonly #path: Bytes;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #announce: (generation: Generation) => void;
  #touched = new Set<Bytes>();
  #waiting: Generation[] = [];
  #running: Promise<void> | undefined;
  #failed = false;

  constructor(root: Directory, path: Bytes, clock: Clock, emit: Emit, announce: (generation: Generation) => void) {
    this.#root = root;
    this.#path = path;
    this.#clock = clock;
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
    for (let tries = 1; ; tries++) {
      try {
        await this.#trySync(path);
        return;
      } catch (error) {
        if (path !== "" && isGone(error)) return; // removed meanwhile, with all its names
        if (!isOfOpening(error) || tries === TRIES) {
          if (!this.#failed) this.#emit(syncFailed(this.#path, error));
          this.#failed = true;
          return;
        }
      }
      await new Promise<void>((resolve) => this.#clock.after(AGAIN, resolve));
    }
  }

  async #trySync(path: Bytes): Promise<void> {
    const directory = path === "" ? this.#root : openBelow(this.#root, path);
    try {
      await directory.sync();
    } finally {
      if (directory !== this.#root) directory.close();
    }
  }
}
