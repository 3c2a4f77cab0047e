// What the server keeps of its files beside them, so that work is spared and damage is told: the hashes of their full
// leaves, and what was acknowledged last. Its loss costs reading and knowledge, never a byte.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { LeafKeeper } from "../protocol/leaf-keeper.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import { Acknowledged } from "./acknowledged.ts";
import { leavesNotKept } from "./events.ts";
import { LeafSweep } from "./leaf-sweep.ts";

/** Open from its making until `stop`. */
export class Kept {
  readonly leaves: LeafKeeper;
  readonly acknowledged: Acknowledged;
  #told = false;

  readonly #sweep: LeafSweep;

  constructor(root: Directory, clock: Clock, newHash: NewHash, emit: Emit) {
    const failed = (cause: unknown) => {
      if (!this.#told) emit(leavesNotKept(cause));
      this.#told = true;
    };
    this.leaves = new LeafKeeper({ root, clock, newHash, failed });
    this.acknowledged = new Acknowledged({ root, clock, newHash, failed });
    this.#sweep = new LeafSweep(root, clock, newHash, Math.floor(clock.now()) % 256);
  }

  /** Writes what waits. */
  stop(): void {
    this.#sweep.stop();
    this.leaves.stop();
    this.acknowledged.stop();
  }
}
