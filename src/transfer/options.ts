// What the configuration says of one destination, after reading. What a key means is written in
// docs/CONFIGURATION.md.

import type { TlsPaths } from "../platform/tls-files.ts";

export interface DestinationOptions {
  /** `url` as configured: http or https, ends with a slash, may hold `{hostname}` and `{machine}`. */
  readonly url: string;
  /** Path of the file with the bearer token that it knows us by. */
  readonly tokenFile?: string | undefined;
  /** Bytes a second that are sent to it at the most. */
  readonly rateLimit?: number | undefined;
  /** What is sent to it is compressed, where it takes that. */
  readonly compression?: "zstd" | "none" | undefined;
  /** Connections on which files are sent to it at the same time. */
  readonly concurrency?: number | undefined;
  /** Only where the URL is https, and not always there. */
  readonly tls?: TlsOptions | undefined;
}

export interface TlsOptions extends TlsPaths {
  /** `server_name`: instead of the URL's host, for what is sent and what is checked. */
  readonly serverName: string | undefined;
}
