// What a running server tells of itself: the document behind `shaftlog status --json`, the socket and the admin
// listener. Keys are documented in docs/OPERATIONS.md, "Status", and never change their meaning. Times are ISO 8601 in
// UTC, sizes bytes, durations seconds; what is not known is null, never absent. Pure.

import type { RecentError } from "./client-document.ts";

export interface ServerStatusDocument {
  readonly schema: 1;
  readonly role: "server";
  readonly version: string;
  readonly pid: number;
  /** Path of the configuration file. */
  readonly config: string;
  readonly started_at: string;
  readonly now: string;
  /** Address and port. */
  readonly address: string;
  readonly connections: number;
  /** Made since the start. */
  readonly files: number;
  /** Appended since the start. */
  readonly bytes: number;
  readonly requests: ServerRequests;
  readonly rate_bytes_per_second: number;
  readonly fsync: boolean;
  /** Of the data directory's file system; null where it does not answer. */
  readonly free_bytes: number | null;
  readonly size_bytes: number | null;
  readonly certificate_days_left: number | null;
  readonly identities: readonly IdentityStatus[];
  readonly errors: readonly RecentError[];
}

/** Since the start, by what became of them. */
export interface ServerRequests {
  readonly appended: number;
  readonly asked: number;
  readonly not_at_end: number;
  readonly refused: number;
  readonly failed: number;
  readonly torn: number;
}

/** One client: by its certificate or token, else by the first part of the paths that it writes. */
export interface IdentityStatus {
  readonly name: string;
  readonly last_seen: string;
  /** Files below its prefix; null where they are not counted. */
  readonly files: number | null;
  /** Appended since the start. */
  readonly bytes: number;
  /** Bytes below its prefix; null where they are not counted. */
  readonly bytes_held: number | null;
  readonly rate_bytes_per_second: number;
  /** null within: unlimited. */
  readonly quota: { readonly files: number | null; readonly bytes: number | null } | null;
  readonly silent_seconds: number;
  /** For longer than `expected_interval`. */
  readonly silent: boolean;
}
