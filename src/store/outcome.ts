// What the store says to a request: expected outcomes as values. src/ingest turns them into statuses.

export type PutOutcome =
  /** Durable up to `size`, which is the end of this append. */
  | { readonly kind: "appended"; readonly size: number; readonly first: boolean }
  /** `size`: where the file ends, durable. */
  | { readonly kind: "not-at-end"; readonly size: number }
  /** Another append holds the file and is alive. */
  | { readonly kind: "held"; readonly size: number }
  /** The connection broke inside the body: nobody waits for an answer. */
  | { readonly kind: "torn" }
  | Trouble;

export type HeadOutcome =
  | { readonly kind: "size"; readonly size: number }
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
