// What serving one file needs of its destination and reports to it, and how serving ends. The destination is
// behind it so that asking, sending and comparing can each be read alone.

import type { NewHash } from "../protocol/tree-hash.ts";
import type { Mark } from "../spool/mark.ts";
import type { Buffers } from "./buffers.ts";
import type { Compression } from "./compression.ts";
import type { Fault, Progress } from "./progress.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { Reading } from "./read-range.ts";
import type { Remote, Said } from "./remote.ts";
import type { Window } from "./window.ts";

/** Why serving a file ended. */
export type Served =
  | { readonly kind: "rest" }
  /** More to do at once. */
  | { readonly kind: "again" }
  | { readonly kind: "fault"; readonly fault: Omit<Fault, "retryAt"> }
  /** The destination as a whole is in trouble; the connection is given up. */
  | {
      readonly kind: "down";
      readonly cause: string;
      readonly answered: boolean;
      readonly retryAfter: number | undefined;
    };

/** Where our bytes and the destination's part. */
export interface Parted {
  /** How many first bytes are the same. */
  readonly at: number;
  /** How many bytes were compared. */
  readonly size: number;
  /** Digests of those, ours and the destination's. */
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

export interface Desk {
  readonly remote: Remote;
  readonly newHash: NewHash;
  /** Our bytes are made durable here before they are sent. */
  readonly syncSource: boolean;
  /** The destination has shown the id of a strict server. */
  readonly strict: boolean;
  /** It tells digests and judges by them; undefined: it has not shown yet. */
  readonly verifies: boolean | undefined;
  /** How much is sent in one range. */
  readonly window: Window;
  /** Where it is not to be sent to as fast as it goes. */
  readonly rateLimit: RateLimit | undefined;
  /** Where it is to be sent to compressed, if it takes that. */
  readonly compression: Compression | undefined;
  /** What ranges are read into; given back when their answer has come. */
  readonly buffers: Buffers;
  now(): number;
  /** An answer came. */
  heard(said: Said): void;
  /** An answer that may carry a digest did or did not. */
  showed(digest: boolean): void;
  /** The destination said how much it has. */
  learned(progress: Progress, size: number, exists: boolean): void;
  /** The destination acknowledged up to `offset`. */
  appended(progress: Progress, offset: number, mark: Mark | undefined): void;
  /** The destination has the first `size` bytes, which are ours, and takes no more under this name. */
  sealed(progress: Progress, size: number): void;
  /** The first `size` bytes are the same there. */
  same(progress: Progress, size: number): void;
  /** We changed: the file goes on as a generation from `offset` of the local file. */
  partedHere(progress: Progress, offset: number): void;
  /** The file is not what it was: let the spool look; false where that changed nothing. */
  lookAgain(progress: Progress, reading: Exclude<Reading, { kind: "piece" }>): boolean;
}
