// What the store says to a request: expected outcomes as values, never exceptions.
// src/ingest/answers.ts turns them into statuses; docs/PROTOCOL.md, section 8, has their order.

import type { PrefixDigest } from "../protocol/digest-field.ts";

export type PutOutcome =
  /** Durable up to `size`, which is the end of this append. `digest`: of all bytes up to there, where it was asked for. */
  | {
      readonly kind: "appended";
      readonly size: number;
      readonly first: boolean;
      readonly digest: Uint8Array | undefined;
    }
  /** At the end, but the bytes before it are others than the sender believes. `digest`: of all `size` bytes. */
  | { readonly kind: "diverged"; readonly size: number; readonly digest: Uint8Array }
  /** `size`: where the file ends, durable. */
  | { readonly kind: "not-at-end"; readonly size: number }
  /** At the end of a file that is sealed: nothing is appended to it any more. `digest`: of all `size` bytes. */
  | { readonly kind: "sealed"; readonly size: number; readonly digest: Uint8Array }
  /** Another append holds the file and is alive. */
  | { readonly kind: "held"; readonly size: number }
  /** The connection broke inside the body: nobody waits for an answer. */
  | { readonly kind: "torn" }
  | Trouble;

/** What digest is asked for. */
export interface Want {
  /** Of so many of the first bytes, at most those that are durable. */
  readonly size: number;
  /** It is to be of bytes that are read from the disk just now. */
  readonly fresh: boolean;
}

export type HeadOutcome =
  | { readonly kind: "size"; readonly size: number; readonly digest?: PrefixDigest | undefined }
  /** Nothing is there that is durable. */
  | { readonly kind: "absent" }
  | Trouble;

export type Trouble =
  /** Something is in the way that no request can mend. */
  | { readonly kind: "obstructed" }
  /** `size`: what is durable, where that is known. */
  | { readonly kind: "no-space"; readonly size: number | undefined }
  /** Out of descriptors or memory: passes by itself. */
  | { readonly kind: "exhausted" }
  | { readonly kind: "failed"; readonly size: number | undefined };
