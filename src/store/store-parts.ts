// What a store is made of, and what it tells of itself: the types between it and those who compose it.
// All are injected, so that it runs on a simulated disk, network and clock as well.

import type { SealedFiles } from "../archive/sealed-files.ts";
import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import type { Floor, Quota } from "./options.ts";

export interface StoreParts {
  /** The open data directory; stays the caller's. */
  readonly root: Directory;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly fsync: boolean;
  readonly newHash: NewHash;
  readonly quota: Quota;
  readonly minFreeSpace: Floor;
  /** How many files may be kept open for later requests. */
  readonly mostOpen: number;
  /** Files that are not there any more, and are remembered. */
  readonly sealed?: SealedFiles | undefined;
  /** Called when the process must end. */
  readonly fatal: () => void;
  /** Told how many seconds each sync of a file took. */
  readonly synced?: ((seconds: number) => void) | undefined;
}

export interface StoreCounts {
  /** Bytes written since the start. */
  readonly bytes: number;
  /** Files appended to since the last call. */
  readonly files: number;
}

/** Since the start. */
export interface StoreTotals {
  readonly bytes: number;
  /** Files that were made. */
  readonly files: number;
}
