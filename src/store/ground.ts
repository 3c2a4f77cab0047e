// What the open files of a store stand on: the disk, the clock, what is kept beside the files, and whom they tell
// what. It knows nothing of such a file but that there is one, `R` (resource.ts).

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import type { MakeDurable } from "./durable.ts";
import type { Kept } from "./kept.ts";
import type { Names } from "./names.ts";

/** What resources share. */
export interface GroundOf<R> {
  readonly root: Directory;
  readonly names: Names;
  readonly clock: Clock;
  readonly fsync: boolean;
  readonly newHash: NewHash;
  readonly kept: Kept;
  readonly emit: Emit;
  readonly sync: MakeDurable;
  /** The process must end: what the disk holds is not known any more. */
  readonly fatal: () => void;
  /** About how many bytes one append may collect before it writes. */
  readonly chunk: () => number;
  /** `bytes` more were written. */
  readonly appended: (resource: R, bytes: number) => void;
  /** The holder has let go. */
  readonly released: (resource: R) => void;
  /** A sync is done. */
  readonly settled: (resource: R) => void;
  /** The kernel gave no descriptor. */
  readonly exhausted: () => void;
}
