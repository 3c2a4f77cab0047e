// What the server's configuration says of its listener, of whom it takes and of the paths it takes, after reading.
// What a key means is written in docs/CONFIGURATION.md.

import type { ConnectionLimits } from "../platform/http-server.ts";

export interface IngestOptions {
  /** `bind_address` */
  readonly bindAddress: string;
  /** `listen_port`; 0 lets the kernel choose. */
  readonly listenPort: number;
  /** `validate_regex`: what a decoded path must match. */
  readonly validateRegex: RegExp;
  /** `client_prefix`: which part of the tree is a client's, from the names in its certificate; undefined: all of it. */
  readonly clientPrefix: string | undefined;
  readonly connectionLimits: ConnectionLimits;
  readonly requestLimits: RequestLimits;
}

/** What one request is held to. */
export interface RequestLimits {
  /** Fields of a request. */
  readonly headerCount: number;
  /** Bytes of one range. */
  readonly maxRange: number;
  /** Bytes of a request's target. */
  readonly pathLength: number;
  /** Segments of a path. */
  readonly pathDepth: number;
}
