// Finding log files: a full scan at start and each `scan_interval`, and directory watches that show a new or
// renamed file at once. What matches is adopted into its pattern's spool (adopt.ts).

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Files } from "../platform/files.ts";
import type { Generation } from "../spool/entry.ts";
import type { Spools } from "../spool/spools.ts";
import type { PatternOptions } from "./options.ts";

export interface DiscoveryPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly emit: Emit;
}

export interface DiscoveryOptions {
  readonly patterns: readonly PatternOptions[];
  /** The client's data directory, for patterns without their own. */
  readonly datadir: string;
  readonly scanInterval: number;
}

/** Something that keeps a matching file from being delivered. */
export interface Problem {
  readonly kind: "unreadable" | "unlinkable" | "refused-name" | "link-not-followed" | "odd-file";
  readonly source: Bytes;
  /** One line, with the remedy where there is one. */
  readonly reason: string;
}

export interface ScanReport {
  /** Regular files at matching names, each inode once. */
  readonly matched: number;
  /** What was adopted by this scan; already announced. */
  readonly adopted: readonly Generation[];
  readonly problems: readonly Problem[];
}

export interface Discovery {
  /** Resolves when the first scan is done; scans and watches go on until `stop`. */
  start(): Promise<void>;
  /** One full scan without watches, for sync-once; resolves when all that it adopted was announced. */
  scanOnce(): Promise<ScanReport>;
  stop(): Promise<void>;
}

export declare function createDiscovery(ports: DiscoveryPorts, spools: Spools, options: DiscoveryOptions): Discovery;
