// What one destination lacks, file by file: how many bytes, and since when the oldest of them is there. Kept up with
// every change, so that asking costs no walk; a file of which nothing is missing has no record here. Ages are told
// to a second or so: bytes that came within a second are as old as the first of them.

import type { Clock } from "../platform/clock.ts";
import { type Generation, lengthOf } from "../spool/entry.ts";
import { backlogOf, type Progress, reachOf } from "../transfer/progress.ts";

/** Bytes that come within so many ms of the ones before have their age. */
const TOGETHER = 1_000;
/** Ages kept of one file. */
const MOST_AGES = 16;

/** The bytes before `end`, as far as an earlier age does not cover them, were first seen at `since`. */
interface Age {
  end: number;
  /** Clock.elapsed() */
  since: number;
}

export interface Lacking extends Age {
  readonly progress: Progress;
  /** Bytes that are counted for it. */
  bytes: number;
  /** Of what came after, ascending; most files have no such. */
  later: Age[] | undefined;
}

export class Behind {
  readonly #clock: Clock;
  readonly #lacking = new Map<Generation, Lacking>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get files(): number {
    return this.#lacking.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  all(): IterableIterator<Lacking> {
    return this.#lacking.values();
  }

  /** The file is as long as it is, and the destination has of it what it has. */
  update(progress: Progress): void {
    const { of: generation } = progress;
    const bytes = backlogOf(progress);
    const lacking = this.#lacking.get(generation);
    if (lacking === undefined) {
      if (bytes === 0) return;
      const age = { end: lengthOf(generation), since: this.#clock.elapsed() };
      this.#lacking.set(generation, { progress, bytes, ...age, later: undefined });
      this.#bytes += bytes;
      return;
    }
    this.#bytes += bytes - lacking.bytes;
    lacking.bytes = bytes;
    if (bytes === 0) this.#lacking.delete(generation);
    else this.#age(lacking, reachOf(progress), lengthOf(generation));
  }

  remove(generation: Generation): void {
    this.#bytes -= this.#lacking.get(generation)?.bytes ?? 0;
    this.#lacking.delete(generation);
  }

  #age(oldest: Lacking, offset: number, length: number): void {
    const now = this.#clock.elapsed();
    while (oldest.end <= offset) {
      // Where nothing is left of what was known, what is missing has come just now.
      const next = oldest.later?.shift() ?? { end: length, since: now };
      if (oldest.later?.length === 0) oldest.later = undefined;
      oldest.end = next.end;
      oldest.since = next.since;
    }
    const last = oldest.later?.at(-1) ?? oldest;
    if (length <= last.end || now - last.since < TOGETHER) last.end = length;
    else if (oldest.later === undefined) oldest.later = [{ end: length, since: now }];
    else if (oldest.later.push({ end: length, since: now }) > MOST_AGES) oldest.later = halved(oldest.later);
  }
}

/** Half as many ages, each of two: rather too old than too young. */
function halved(ages: readonly Age[]): Age[] {
  return ages.flatMap((age, i) => (i % 2 === 0 ? [{ end: (ages[i + 1] ?? age).end, since: age.since }] : []));
}
