// Leaves of files that are gone: whoever removes files below the data directory knows nothing of them. One of the 256
// directories of leaf files is looked through every few minutes, a few files at a time, so that all are within a day.

import type { Bytes } from "../base/text.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { parseLeaves, withLeafDirectory } from "../protocol/leaf-file.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import { look } from "./tree.ts";

/** ms between two directories, and between two slices of one. */
const EVERY = 300_000;
const PAUSE = 20;
/** Files in a slice. */
const SLICE = 32;

/** Runs from its making until `stop`. */
export class LeafSweep {
  readonly #root: Directory;
  readonly #clock: Clock;
  readonly #newHash: NewHash;
  #timer: Timer;
  #next: number;

  /** `first`: which directory comes first, in [0, 256): short lives look at others each time. */
  constructor(root: Directory, clock: Clock, newHash: NewHash, first: number) {
    this.#root = root;
    this.#clock = clock;
    this.#newHash = newHash;
    this.#next = first;
    this.#timer = clock.after(EVERY, () => this.#begin());
  }

  stop(): void {
    this.#timer.cancel();
  }

  #begin(): void {
    const directory = this.#next.toString(16).padStart(2, "0");
    this.#next = (this.#next + 1) % 256;
    this.#goOn(directory, this.#tried(() => this.#in(directory, (at) => at.list().map(({ name }) => name))) ?? []);
  }

  #goOn(directory: Bytes, names: readonly Bytes[]): void {
    for (const name of names.slice(0, SLICE)) this.#tried(() => this.#judge(directory, name));
    const rest = names.slice(SLICE);
    this.#timer =
      rest.length > 0
        ? this.#clock.after(PAUSE, () => this.#goOn(directory, rest))
        : this.#clock.after(EVERY, () => this.#begin());
  }

  #judge(directory: Bytes, name: Bytes): void {
    const read = this.#in(directory, (at) => parseLeaves(at, name, this.#newHash));
    if (read === undefined || "kind" in read || look(this.#root, read.path).kind !== "absent") return;
    this.#in(directory, (at) => at.unlink(name));
  }

  #in<T>(directory: Bytes, use: (at: Directory) => T): T | undefined {
    return withLeafDirectory(this.#root, directory, use);
  }

  /** What cannot be read or removed stays. */
  #tried<T>(run: () => T): T | undefined {
    try {
      return run();
    } catch {
      return undefined;
    }
  }
}
