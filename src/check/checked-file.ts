// The files that match, as the checks look at them. At the command they were found just now and only read; in a running
// client they are what the spool holds.

import type { Bytes } from "../base/text.ts";

export interface CheckedFile {
  /** Where it is; absolute. */
  readonly path: Bytes;
  /** What it is called at the destinations. */
  readonly name: Bytes;
  readonly size: number;
  readonly dev: bigint;
  /** The spool links it already. */
  readonly isHeld: boolean;
  /** The data directory of the pattern that matches it. */
  readonly datadir: Bytes;
}
