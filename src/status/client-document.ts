// What a running client tells of itself: the document behind `shaftlog status --json`, the socket and the admin
// listener. Keys are documented in docs/OPERATIONS.md, "Status", and never change their meaning. Times are ISO 8601 in
// UTC, sizes bytes, durations seconds; what is not known is null, never absent. Pure.

export interface ClientStatus {
  readonly schema: 1;
  readonly role: "client";
  readonly version: string;
  readonly pid: number;
  /** Path of the configuration file. */
  readonly config: string;
  readonly started_at: string;
  readonly now: string;
  readonly destinations: readonly DestinationStatus[];
  /** Those with most bytes to send, at most ten, over all destinations. */
  readonly behind: readonly FileBehind[];
  readonly files: FilesStatus;
  readonly spool: readonly SpoolStatus[];
  /** The kernel has no more watches: changes are found by looking, once in `scan_interval`. */
  readonly watches_exhausted: boolean;
  readonly errors: readonly RecentError[];
}

export interface DestinationStatus {
  readonly url: string;
  readonly state: "in sync" | "sending" | "in error";
  readonly backlog_bytes: number;
  readonly files_behind: number;
  /** Since the oldest byte that is not acknowledged was first seen; 0 where there is none. */
  readonly lag_seconds: number;
  /** Since the start. */
  readonly bytes_sent: number;
  /** Of these, so many did not go over the network, since they were compressed. */
  readonly bytes_spared: number;
  readonly rate_bytes_per_second: number;
  /** At that rate; 0: nothing is left; null: it does not get on. */
  readonly catch_up_seconds: number | null;
  /** Files that do not get on by themselves. */
  readonly files_refused: number;
  readonly requests: RequestsByOutcome;
  readonly last_error: LastError | null;
  readonly last_acknowledged_at: string | null;
  readonly certificate_days_left: number | null;
}

/** Since the start. */
export interface RequestsByOutcome {
  readonly appended: number;
  readonly asked: number;
  readonly refused: number;
  readonly failed: number;
}

export interface LastError {
  readonly text: string;
  /** Its event's name. */
  readonly event: string;
  /** When this trouble began. */
  readonly since: string;
  /** When it was told last. */
  readonly at: string;
}

export interface FileBehind {
  readonly destination: string;
  readonly name: string;
  readonly source: string | null;
  readonly size: number;
  readonly acknowledged: number;
  readonly backlog_bytes: number;
  readonly lag_seconds: number;
  /** Why it does not get on. */
  readonly trouble: string | null;
}

export interface FilesStatus {
  /** Held now. */
  readonly adopted: number;
  /** Of these, changed within the last hour. */
  readonly live: number;
  /** Since the start. */
  readonly released: number;
  readonly found: number;
}

export interface SpoolStatus {
  readonly datadir: string;
  /** Of all files that are held. */
  readonly bytes: number;
  /** Of those whose owner deleted them: the disk that only the spool keeps in use. */
  readonly bytes_only_here: number;
  /** Of the file system; null where it does not answer. */
  readonly free_bytes: number | null;
  readonly size_bytes: number | null;
}

/** A warning or an error of late. */
export interface RecentError {
  /** When it was told last. */
  readonly at: string;
  readonly level: "warn" | "error";
  readonly event: string;
  readonly text: string;
}
