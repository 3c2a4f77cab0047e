// What the configuration says of the spool, after reading.
// Times are in ms; paths are byte strings. What a key means is written in
// docs/CONFIGURATION.md.

import type { Bytes } from "../base/text.ts";

export interface SpoolOptions {
  /** `retention` in ms: how long a fully delivered entry that only we hold stays; Infinity for `never`. */
  readonly retention: number;
}

export interface SpoolsOptions extends SpoolOptions {
  /** Absolute paths of the data directories, the client's own first; doubles are ignored. */
  readonly datadirs: readonly Bytes[];
  /** `scan_interval`: a full stat sweep this often, in ms. */
  readonly scanInterval: number;
  /** `periodic_trigger_interval`: one entry in round robin this often, in ms. */
  readonly periodicTriggerInterval: number;
}
