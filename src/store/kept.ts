// What the server keeps of its files beside them, so that work is spared and damage is told: the hashes of their full
// leaves, and what was acknowledged last. Its loss costs reading and knowledge, never a byte.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { LeafKeeper } from "../protocol/leaf-keeper.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import { Acknowledged } from "./acknowledged.ts";
import { leavesNotKept } from "./events.ts";

/** Open from its making until `stop`. */
export class Kept {
  readonly leaves: LeafKeeper;
  readonly acknowledged: Acknowledged;
  #told = false;

  constructor(root: Directory, clock: Clock, newHash: NewHash, emit: Emit) {
    const failed = (cause: unknown) => {
      if (!this.#told) emit(leavesNotKept(cause));
      this.#told = true;
    };
    this.leaves = new LeafKeeper({ root, clock, newHash, failed });
    this.acknowledged = new Acknowledged({ root, clock, newHash, failed });
  }

  /** Writes what waits. */
  stop(): void {
    this.leaves.stop();
    this.acknowledged.stop();
  }
}
