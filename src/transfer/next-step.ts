// What to do next for one file at one destination. Pure: everything it decides by is in its arguments, and it
// changes nothing.

import { isSuperseded, lengthOf } from "../spool/entry.ts";
import { isRecent, type Progress, type Queue } from "./progress.ts";

export type Step =
  /** HEAD: nothing is known, or what was known is in doubt. */
  | { readonly kind: "ask" }
  /** HEAD with a digest: are the bytes that both have the same? */
  | { readonly kind: "compare" }
  /** PUT from `offset` on. */
  | { readonly kind: "send"; readonly offset: number; readonly backlog: number }
  | { readonly kind: "rest" };

/** What is known of the destination. */
export interface Known {
  /** It has shown the id of a server that refuses whatever is not at the end. */
  readonly strict: boolean;
  /** It tells digests. */
  readonly verifies: boolean | undefined;
}

export function nextStep(progress: Progress, { strict, verifies }: Known): Step {
  const length = lengthOf(progress.generation);
  if (progress.restart && progress.generation !== progress.of) return { kind: "ask" };
  if (!progress.known) {
    if (!progress.fresh) return { kind: "ask" };
    // A name that nobody can have heard of: an empty file needs no word at all, and a strict server would
    // refuse the first bytes if it had some already.
    if (length === 0) return { kind: "rest" };
    return strict ? { kind: "send", offset: 0, backlog: length } : { kind: "ask" };
  }
  if (progress.doubt && verifies !== false && Math.min(progress.offset, length) > 0) return { kind: "compare" };
  if (progress.offset < length) return { kind: "send", offset: progress.offset, backlog: length - progress.offset };
  // Equal size is enough to be idle. Where it is not, or the copy is longer or was, the bytes tell.
  const wasLonger = progress.offset > length || progress.ahead;
  const isDue = progress.compare || (wasLonger && !isSuperseded(progress.generation));
  if (!isDue || verifies === false || progress.verified >= length) return { kind: "rest" };
  // The answer came from another life of the server, and the question was one to the life before.
  return { kind: verifies === undefined ? "ask" : "compare" };
}

/** More bytes behind than this is a backlog, not a live append. */
export const LIVE = 256 * 1024;

/** A file that nobody can have heard of, with no more bytes than this, shares its connection with others. */
export const SMALL = 64 * 1024;

/** What there is to wait for between opening a file and reading it. */
export interface Waits {
  readonly syncSource: boolean;
  readonly rateLimit: object | undefined;
}

/** Where a file waits for `step`: what changes now does not wait behind what was found at the start. */
export function queueFor(progress: Progress, step: Exclude<Step, { kind: "rest" }>, waits: Waits): Queue {
  if (step.kind === "send") {
    const isSmall = step.backlog <= SMALL && progress.generation.start === 0;
    // Of many that wait while they are open, each takes a descriptor.
    const atOnce = !waits.syncSource && waits.rateLimit === undefined;
    if (progress.fresh && isSmall && atOnce) return "new";
    return step.backlog > LIVE ? "bulk" : "live";
  }
  return step.kind === "compare" || progress.fresh || isRecent(progress) ? "live" : "cold";
}
