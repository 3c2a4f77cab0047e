// The two configuration files after reading: everything checked, every default filled in, times in ms. What a
// key means is written in docs/CONFIGURATION.md.

import type { AdminOptions } from "../admin/options.ts";
import type { ArchiveOptions } from "../archive/options.ts";
import type { PatternOptions } from "../discovery/options.ts";
import type { IngestOptions } from "../ingest/options.ts";
import type { ServerTlsPaths } from "../platform/server-tls-files.ts";
import type { SpoolOptions } from "../spool/options.ts";
import type { StoreOptions } from "../store/options.ts";
import type { DestinationOptions } from "../transfer/options.ts";

export interface ClientConfig extends SpoolOptions {
  /** Where the file was read from, for messages. */
  readonly path: string;
  readonly datadir: string;
  readonly logfile: string;
  readonly scanInterval: number;
  readonly statusInterval: number;
  readonly periodicTriggerInterval: number;
  /** `sync_source`: bytes are made durable here before they are sent. */
  readonly syncSource: boolean;
  readonly patterns: readonly PatternOptions[];
  readonly destinations: readonly DestinationOptions[];
  /** `admin.listen`; undefined: nowhere. */
  readonly admin: AdminOptions | undefined;
}

export interface ServerConfig extends StoreOptions, IngestOptions {
  readonly path: string;
  /** `archive`: what becomes of files that are not written to any more; undefined: nothing. */
  readonly archive: ArchiveOptions | undefined;
  /** `tls`: the files; plain HTTP without. */
  readonly tls: ServerTlsPaths | undefined;
  /** `tokens_file` */
  readonly tokensFile: string | undefined;
  readonly logfile: string;
  readonly statusInterval: number;
  /** `expected_interval`: who is silent for longer is told of as missing. */
  readonly expectedInterval: number;
  /** `admin.listen`; undefined: nowhere. */
  readonly admin: AdminOptions | undefined;
}
