// A file that a destination has sealed goes on there under a further name, `NAME.gN-from-P`, P being where the sealed copy
// ends (docs/PROTOCOL.md, "Sealed files"). That concerns this destination alone: others go on with NAME. Nothing of it is
// kept here, since the name follows from the file and P: after a restart the destination says once more that it is sealed.

import type { Entry, Generation } from "../spool/entry.ts";
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
}

/** Another life of the destination may have less: it is asked from the first name on. */
export function startOver(progress: Progress): void {
  progress.restart = false;
  if (progress.generation === progress.of) return;
  progress.generation = progress.of;
  forget(progress);
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

class Continuation implements Generation {
  readonly #before: Generation;
  readonly name: Generation["name"];
  readonly number: number;
  readonly start: number;

  constructor(before: Generation, name: Generation["name"], number: number, start: number) {
    this.#before = before;
    this.name = name;
    this.number = number;
    this.start = start;
  }

  get entry(): Entry {
    return this.#before.entry;
  }

  get end(): number | undefined {
    return this.#before.end;
  }
}
