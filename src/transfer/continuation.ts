// A file that a destination has sealed goes on there under a further name, `NAME.gN-from-P`, P being where the sealed copy
// ends (docs/PROTOCOL.md, "Sealed files"). That concerns this destination alone: others go on with NAME. Nothing of it is
// kept here, since the name follows from the file and P: after a restart the destination says once more that it is sealed.

import type { Bytes } from "../base/text.ts";
import { type Entry, type Generation, lengthOf } from "../spool/entry.ts";
import { nameGeneration } from "../spool/generations.ts";
import type { Progress } from "./progress.ts";

/** What follows the first `size` bytes of `generation`. It ends where that does. */
export function continuationOf(generation: Generation, size: number): Generation {
  const number = generation.number + 1;
  const start = generation.start + size;
  return new Continuation(generation, nameGeneration(generation.name, number, start), number, start);
}

/** The destination has the first `size` bytes of what is served now, and takes no more of them: the rest comes next. */
export function goOnBehind(progress: Progress, size: number): void {
  progress.generation = continuationOf(progress.generation, size);
  // A name of our own making is not to be given to something else.
  const { entry, number } = progress.generation;
  entry.continued = Math.max(entry.continued, number);
  forget(progress);
  shortened(progress); // while the answer was on its way, perhaps
}

/** Another life of the destination may have less: it is asked from the first name on. */
export function startOver(progress: Progress): void {
  progress.restart = false;
  if (progress.generation === progress.of) return;
  progress.generation = progress.of;
  forget(progress);
}

/** It is in doubt. Where nothing is there that follows its sealed copy, that is what is compared. */
export function compareSealed(progress: Progress): void {
  if (progress.generation === progress.of || progress.offset > 0) return;
  startOver(progress);
  progress.doubt = true;
}

function forget(progress: Progress): void {
  progress.offset = 0;
  progress.known = false;
  progress.fresh = false;
  progress.verified = 0;
  progress.hadAtFirst = undefined;
  progress.doubt = false;
  progress.hash = undefined;
  progress.ahead = false;
}

/** A part of the file, by the name that it has at the destination. */
export interface Segment {
  readonly name: Bytes;
  readonly start: number;
  readonly end: number;
}

/** What the destination has sealed of the generation that is served. */
export function sealedBefore(generation: Generation): Segment[] {
  const segments: Segment[] = [];
  for (let at = generation; at instanceof Continuation; at = at.before) {
    segments.unshift({ name: at.before.name, start: at.before.start, end: at.start });
  }
  return segments;
}

/** The file may be shorter by a new look: then less of it is verified than was. */
export function shortened(progress: Progress): void {
  const { of, generation } = progress;
  if (lengthOf(generation) < progress.verified) progress.verified = 0;
  if (generation === of || generation.entry.size >= generation.start) return;
  // It does not even reach what follows its sealed copy: compared from its first name on.
  progress.restart = true;
  progress.known = false;
}

class Continuation implements Generation {
  readonly before: Generation;
  readonly name: Generation["name"];
  readonly number: number;
  readonly start: number;

  constructor(before: Generation, name: Generation["name"], number: number, start: number) {
    this.before = before;
    this.name = name;
    this.number = number;
    this.start = start;
  }

  get entry(): Entry {
    return this.before.entry;
  }

  get end(): number | undefined {
    return this.before.end;
  }
}
