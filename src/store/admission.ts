// Whether an append may begin now. Pure: time and state are passed in. The rules are docs/PROTOCOL.md,
// sections 5 and 6: judged at the written end, one writer per file, and a silent one yields.

import { SILENT_WRITER } from "../protocol/fields.ts";

/** The append that holds the file. */
export interface Holder {
  readonly connection: number;
  /** For how long, in ms, it has been the sender's turn; 0 while the body is whole or we are not reading. */
  readonly silentFor: number;
}

/** The append that asks. */
export interface Asker {
  readonly connection: number;
  /** Offset of its first byte. */
  readonly start: number;
  /** For how long, in ms, it has waited. */
  readonly waited: number;
}

export type Admission =
  | { readonly kind: "admit" }
  /** Ask again when the holder is done, but at the latest after `ms`. */
  | { readonly kind: "wait"; readonly ms: number }
  /** The holder is to be fenced; ask again when it is done. */
  | { readonly kind: "take-over" }
  /** The holder is alive. */
  | { readonly kind: "conflict" }
  | { readonly kind: "not-at-end" };

/** `end`: how many bytes are written, durable or not. */
export function admit(end: number, holder: Holder | undefined, asker: Asker): Admission {
  if (holder === undefined) return asker.start === end ? ADMIT : NOT_AT_END;
  // What follows on one connection follows a body that has come as a whole: we are the slow ones.
  if (holder.connection === asker.connection) return { kind: "wait", ms: Number.POSITIVE_INFINITY };
  if (holder.silentFor >= SILENT_WRITER) return TAKE_OVER;
  if (asker.waited >= SILENT_WRITER) return CONFLICT;
  return { kind: "wait", ms: SILENT_WRITER - Math.max(holder.silentFor, asker.waited) };
}

const ADMIT: Admission = { kind: "admit" };
const TAKE_OVER: Admission = { kind: "take-over" };
const CONFLICT: Admission = { kind: "conflict" };
const NOT_AT_END: Admission = { kind: "not-at-end" };
