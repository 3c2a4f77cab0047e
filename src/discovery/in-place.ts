// Files that are only read where they are: `sync-once --base DIR` and `--dry-run`. The spool found there keeps
// its names, other matching files get names as adoption would give them, suffixes coming from the inode so that
// they are the same each time. Nothing is written and nothing is locked.

import type { Bytes } from "../base/text.ts";
import type { Files } from "../platform/files.ts";
import type { Spools } from "../spool/spools.ts";
import type { DiscoveryOptions, DiscoveryPorts, ScanReport } from "./discover.ts";
import type { PatternOptions } from "./options.ts";

export interface InPlaceOptions extends DiscoveryOptions {
  /** `--base`: symbolic links of the literal parts resolve below it. undefined: this host itself (dry run). */
  readonly base: Bytes | undefined;
}

/** `spools` answers as the real ones do, in memory only; `start`, `sweep` and `retain` have nothing to do. */
export declare function openInPlace(
  ports: DiscoveryPorts,
  options: InPlaceOptions,
): Promise<{ readonly spools: Spools; readonly report: ScanReport }>;

/** True where a pattern's names hold `{time}` or `{atime}`, so that a second run would name the file anew. */
export declare function isUnstable(pattern: PatternOptions): boolean;

/** The first line of a small text file below `base` (etc/hostname, etc/machine-id), undefined where there is none. */
export declare function readLineBelow(files: Files, base: Bytes, path: Bytes): string | undefined;
