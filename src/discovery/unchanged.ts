// Directories in which a scan has nothing to read: watches show what is written there, and their times of change that no
// name came or went since they were read last. Relied on only where the file system is known for both
// (Directory.showsWrites), times were at rest when they were read, and no hints may have been lost. Even then each directory
// is read again, and each of its files looked at, in one scan of `EVERY`, a part of them each time. Pure.

import type { Bytes } from "../base/text.ts";
import type { Listed, Stat } from "../platform/files.ts";

const EVERY = 10;
/** A directory that changed within so many ms may change again without another time: file systems count coarsely. */
const AT_REST = 2_000;

interface Read {
  readonly stat: Stat;
  /** Names that are to be looked at in each scan: directories, links, and files that are not held. */
  readonly rest: readonly Listed[];
  /** In which of `EVERY` scans it is read again. */
  readonly turn: number;
  /** The scan that came by last. */
  scan: number;
}

export class Unchanged {
  readonly #read = new Map<Bytes, Read>();
  #scan = 0;
  #turn = 0;
  #floods = 0;
  #all = true;

  /** `floods`: how often hints may have been lost so far; `all`: every directory is to be read in this scan. */
  beginScan(floods: number, all: boolean): void {
    this.#scan++;
    this.#all = all || floods !== this.#floods;
    this.#floods = floods;
  }

  /** What of the directory at `path`, as it is now, is to be looked at; undefined: it is to be read. */
  rest(path: Bytes, stat: Stat): readonly Listed[] | undefined {
    const read = this.#read.get(path);
    if (read === undefined) return undefined;
    read.scan = this.#scan;
    if (this.#all || this.#scan % EVERY === read.turn) return undefined;
    const { dev, ino, mtimeMs, ctimeMs } = read.stat;
    const isSame = stat.dev === dev && stat.ino === ino && stat.mtimeMs === mtimeMs && stat.ctimeMs === ctimeMs;
    return isSame ? read.rest : undefined;
  }

  /** The directory at `path` was read after `stat` was taken at `now`, ms since 1970; `rest` is of no file that is held. */
  wasRead(path: Bytes, stat: Stat, now: number, rest: readonly Listed[]): void {
    const changed = Math.max(stat.mtimeMs, stat.ctimeMs);
    if (now - changed < AT_REST) this.#read.delete(path);
    else {
      const turn = this.#read.get(path)?.turn ?? this.#turn++ % EVERY;
      this.#read.set(path, { stat, rest, turn, scan: this.#scan });
    }
  }

  /** Nothing is known of it any more: it is read when a scan comes to it. */
  forget(path: Bytes): void {
    this.#read.delete(path);
  }

  /** Forgets directories to which the scan did not come. */
  endScan(): void {
    for (const [path, { scan }] of this.#read) if (scan < this.#scan) this.#read.delete(path);
  }
}
