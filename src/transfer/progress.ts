// How far one generation has come at one destination. The destination's answer is the truth and this is what
// is believed of it: losing it costs one HEAD. Pure.

import type { Generation } from "../spool/entry.ts";
import { lengthOf } from "../spool/entry.ts";

export interface Progress {
  readonly generation: Generation;
  /** Bytes that the destination said are durable there; a belief only while `known` is false. */
  offset: number;
  /** False: ask before anything is sent. */
  known: boolean;
  /** Adopted in this life and never sent: a strict destination may be sent the first bytes without asking. */
  fresh: boolean;
  /** The remote was seen longer than the local file. */
  ahead: boolean;
  /** Was this destination seen to append to this file? Of interest where it is not a strict server. */
  appends: "unknown" | "asked" | "yes";
  /** Which queue it waits in. */
  queue: Queue | undefined;
  /** Somebody is serving it now. */
  busy: boolean;
  /** Refusals since the last append: "not at the end" may happen once; again and again is a fault. */
  refusals: number;
  fault: Fault | undefined;
}

export type Queue = "live" | "cold" | "bulk";

/** Why a file does not get on at a destination that otherwise works. */
export interface Fault {
  /** `denied`: the destination's word; `local`: our file cannot be read; `no-append`: it does not append. */
  readonly kind: "denied" | "local" | "no-append";
  /** In words, for the operator. */
  readonly text: string;
  /** True where trying again will not help until someone acts. */
  readonly lasting: boolean;
  /** Clock.elapsed() from which it is tried again. */
  readonly retryAt: number;
}

export function newProgress(generation: Generation, fresh: boolean): Progress {
  return {
    generation,
    offset: 0,
    known: false,
    fresh,
    ahead: false,
    appends: "unknown",
    queue: undefined,
    busy: false,
    refusals: 0,
    fault: undefined,
  };
}

/** Bytes that are here and, as far as is known, not yet durable there. */
export function backlogOf(progress: Progress): number {
  return Math.max(0, lengthOf(progress.generation) - progress.offset);
}

/** True where the destination has said that it holds the first `length` bytes. */
export function holdsBytes(progress: Progress, length: number): boolean {
  return length === 0 || (progress.known && progress.offset >= length);
}
