// How far one generation has come at one destination. The destination's answer is the truth and this is what
// is believed of it: losing it costs one HEAD. Pure.

import type { TreeHash } from "../protocol/tree-hash.ts";
import type { Generation } from "../spool/entry.ts";
import { lengthOf } from "../spool/entry.ts";

export interface Progress {
  /** What the spool holds. */
  readonly of: Generation;
  /** What is served now: that, or what follows where the destination has sealed its copy of it (continuation.ts). */
  generation: Generation;
  /** It is to be asked about from its first name on. */
  restart: boolean;
  /** Bytes that the destination said are durable there; a belief only while `known` is false. */
  offset: number;
  /** False: ask before anything is sent. */
  known: boolean;
  /** Adopted in this life and never sent: a strict destination may be sent the first bytes without asking. */
  fresh: boolean;
  /** How many first bytes are known to be the same there, by their digest. */
  verified: number;
  /** How much it had when it was asked first in this life: sent, if by us, in an earlier one. undefined: not asked yet. */
  hadAtFirst: number | undefined;
  /** Something did not fit: the bytes are to be compared before anything is sent. */
  doubt: boolean;
  /** Equal size is not enough: the bytes are to be compared as well. Only where the destination may tell digests. */
  compare: boolean;
  /** For that our own bytes are to be read, whatever is remembered of them. */
  thorough: boolean;
  /** The running digest of the first bytes here; of use where its size is `offset`. A cache. */
  hash: TreeHash | undefined;
  /** The entry's `rewrites` that it belongs to. */
  hashOf: number;
  /** The remote was seen longer than the local file. */
  ahead: boolean;
  /** Was this destination seen to append to this file? Of interest where it is not a strict server. */
  appends: "unknown" | "asked" | "yes";
  /** Which queue it waits in. */
  queue: Queue | undefined;
  /** Somebody is serving it now. */
  busy: boolean;
  /** Refusals since it last got on: "not at the end" may happen once; again and again is a fault. */
  refusals: number;
  /** Faults since it last got on. */
  faults: number;
  /** Outages since it last got on that began with a request for it (whose-trouble.ts). */
  broken: number;
  /** Clock.elapsed() of the last of them; 0: there was none, and not a number that takes an object of its own. */
  brokenAt: number;
  fault: Fault | undefined;
  /** A fault of it was told. */
  complained: boolean;
}

export type Queue = "live" | "new" | "cold" | "bulk";

/** Why a file does not get on at a destination that otherwise works. */
export interface Fault {
  /**
   * `denied`: the destination's word; `local`: our file cannot be read; `no-append`: it does not append; `diverged`:
   * its bytes are not ours.
   */
  readonly kind: "denied" | "local" | "no-append" | "diverged";
  /** In words, for the operator. */
  readonly text: string;
  /** True where trying again will not help until someone acts. */
  readonly lasting: boolean;
  /** Clock.elapsed() from which it is tried again. */
  readonly retryAt: number;
}

export function newProgress(generation: Generation, fresh: boolean, compare: boolean): Progress {
  return {
    of: generation,
    generation,
    restart: false,
    offset: 0,
    known: false,
    fresh,
    verified: 0,
    hadAtFirst: undefined,
    doubt: false,
    compare,
    thorough: compare,
    hash: undefined,
    hashOf: 0,
    ahead: false,
    appends: "unknown",
    queue: undefined,
    busy: false,
    refusals: 0,
    faults: 0,
    broken: 0,
    brokenAt: 0,
    fault: undefined,
    complained: false,
  };
}

/** The destination has more of it than before: whatever happens next is a new trouble. */
export function gotOn(progress: Progress): void {
  progress.refusals = 0;
  progress.faults = 0;
  progress.broken = 0;
}

/** The first `size` bytes are the same there. `always`: that is asked anew whatever it is. */
export function isSame(progress: Progress, size: number, always: boolean): void {
  // While that was on the wire the file may have been truncated: then nothing is verified of what it holds now.
  progress.verified = size <= lengthOf(progress.generation) ? size : 0;
  if (always || progress.verified === 0) return;
  progress.compare = false;
  progress.thorough = false;
}

/** Bytes that are here and, as far as is known, not yet durable there. */
export function backlogOf(progress: Progress): number {
  return Math.max(0, lengthOf(progress.generation) - progress.offset);
}

/** So many first bytes it said that it has, under whatever names. */
export function reachOf({ of, generation, offset }: Progress): number {
  return generation.start - of.start + offset;
}

/** True where the destination holds the first `whole` bytes: by what it said and, where that is due, by digest. */
export function holdsBytes(progress: Progress, whole: number): boolean {
  // What it has sealed was compared with ours.
  const length = whole - (progress.generation.start - progress.of.start);
  if (length <= 0) return true;
  return progress.known && progress.offset >= length && (!progress.compare || progress.verified >= length);
}

/** What was not compared yet is to be compared from now on; false where that is so already, or nothing is left to. */
export function comesToBeCompared(progress: Progress): boolean {
  if (progress.compare || progress.verified >= lengthOf(progress.generation)) return false;
  progress.compare = true;
  return true;
}

/** Changed in this process's life. */
export function isRecent(progress: Progress): boolean {
  return progress.generation.entry.changedAt > Number.NEGATIVE_INFINITY;
}

/** The running digest of the first `size` bytes, where it is at hand and of the bytes that are there now. */
export function runningHash(progress: Progress, size: number): TreeHash | undefined {
  const { hash, hashOf, generation } = progress;
  return hash?.size === size && hashOf === generation.entry.rewrites ? hash : undefined;
}

/** `hash`: of bytes that were read when the entry had been rewritten `rewrites` times. */
export function keepHash(progress: Progress, hash: TreeHash | undefined, rewrites: number): void {
  progress.hash = hash;
  progress.hashOf = rewrites;
}
