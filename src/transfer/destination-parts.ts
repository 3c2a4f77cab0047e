// What a destination is made of and what it tells of itself: the types between it and those who compose it.
// All are injected, so that it runs on a simulated spool, network and clock as well.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Codec } from "../platform/codec.ts";
import type { Stat } from "../platform/files.ts";
import type { HttpClient } from "../platform/http.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import type { Entry, Generation } from "../spool/entry.ts";
import type { Mark } from "../spool/mark.ts";

/** What a destination needs of the spool. */
export interface SpoolDesk {
  /** Compares an entry with a fresh look at its file. */
  noticed(entry: Entry, stat: Stat): void;
  /** The entry's bytes from `start` on are not what was delivered: they go on as a new generation. */
  supersede(entry: Entry, start: number, reason: string): void;
  /** The entry's bytes were rewritten: it goes on as a new generation from offset 0. */
  rewritten(entry: Entry): void;
  /** A destination acknowledged the bytes up to `mark`. */
  acknowledged(generation: Generation, mark: Mark): void;
}

export interface DestinationParts {
  /** After substitution: scheme, host, port and the path with its final slash, percent-encoded. */
  readonly url: URL;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly newHash: NewHash;
  /** Every file is compared by digest, also one that has nothing to send. */
  readonly compareAll: boolean;
  /** Our bytes are made durable here before they are sent; default: no. */
  readonly syncSource?: boolean | undefined;
  /** Bytes a second at the most; default: as fast as it goes. */
  readonly rateLimit?: number | undefined;
  /** What is sent is compressed by it, where the destination takes that; default: not at all. */
  readonly codec?: Codec | undefined;
  /** Connections on which files are sent at the same time. */
  readonly concurrency?: number | undefined;
  /** In [0, 1). */
  readonly random: () => number;
  readonly spool: SpoolDesk;
  readonly emit: Emit;
}

export type DestinationState = "in sync" | "sending" | "in error";

/** `inTrouble`: as a whole; `faults`: files that do not get on; `behind`: files with a backlog. */
export function stateOf(inTrouble: boolean, faults: number, behind: number): DestinationState {
  return inTrouble || faults > 0 ? "in error" : behind > 0 ? "sending" : "in sync";
}

export interface Summary {
  readonly state: DestinationState;
  /** Bytes that are not known to be durable there. */
  readonly backlog: number;
  /** Files with a backlog. */
  readonly behind: number;
  /** Files that do not get on. */
  readonly faults: number;
}
