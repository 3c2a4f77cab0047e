// What one destination lacks, file by file: how many bytes, and since when the oldest of them is there. Kept up with
// every change, so that asking costs no walk; of files of which nothing is missing few have a record here. Ages are told
// to a second or so: bytes that came within a second are as old as the first of them.

import type { Clock } from "../platform/clock.ts";
import { type Generation, lengthOf } from "../spool/entry.ts";
import { backlogOf, type Progress, reachOf } from "../transfer/progress.ts";

/** Bytes that come within so many ms of the ones before have their age. */
const TOGETHER = 1_000;
/** Ages kept of one file. */
const MOST_AGES = 16;
/** Records kept of files that lack nothing, where not as many lack something. */
const MOST_IDLE = 1024;

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
  /** With some that lack nothing any more: a file that grows all the time keeps its record. */
  #records = new Map<Generation, Lacking>();
  #files = 0;
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get files(): number {
    return this.#files;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Records that are kept. */
  get size(): number {
    return this.#records.size;
  }

  *all(): IterableIterator<Lacking> {
    for (const lacking of this.#records.values()) if (lacking.bytes > 0) yield lacking;
  }

  /** The file is as long as it is, and the destination has of it what it has. */
  update(progress: Progress): void {
    const { of: generation } = progress;
    const bytes = backlogOf(progress);
    const lacking = this.#records.get(generation);
    if (lacking === undefined) {
      if (bytes === 0) return;
      const age = { end: lengthOf(generation), since: this.#clock.elapsed() };
      this.#records.set(generation, { progress, bytes, ...age, later: undefined });
      this.#files++;
      this.#bytes += bytes;
    } else if (bytes === 0) this.#clear(lacking);
    else if (lacking.bytes === 0) {
      lacking.bytes = bytes;
      lacking.end = lengthOf(generation);
      lacking.since = this.#clock.elapsed();
      this.#files++;
      this.#bytes += bytes;
    } else {
      this.#bytes += bytes - lacking.bytes;
      lacking.bytes = bytes;
      this.#age(lacking, reachOf(progress), lengthOf(generation));
    }
  }

  remove(generation: Generation): void {
    const lacking = this.#records.get(generation);
    if (lacking !== undefined) this.#clear(lacking);
  }

  #clear(lacking: Lacking): void {
    if (lacking.bytes === 0) return;
    this.#files--;
    this.#bytes -= lacking.bytes;
    lacking.bytes = 0;
    lacking.later = undefined;
    const idle = this.#records.size - this.#files;
    // Made anew, once for many: taking one out of a large map and putting it in again costs as much as the map is large.
    if (idle > MOST_IDLE && idle > this.#files) {
      this.#records = new Map([...this.#records].filter(([, { bytes }]) => bytes > 0));
    }
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
