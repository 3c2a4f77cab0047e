// The directories that are watched, each once however many patterns and paths lead to it. A hint is handed on
// with the directory open: the very one that is watched, found again by its real path and verified. Where
// it is not there any more, somebody moved it, and a scan has to find out where things are now.

import type { Bytes } from "../base/text.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Directory, Watch } from "../platform/files.ts";
import type { Watches } from "../spool/watches.ts";
import type { Place } from "./interest.ts";
import { openReal } from "./resolve.ts";

/** Descriptors kept open for directories in which much happens; few, since nobody else can have them meanwhile. */
const OPEN = 8;
/** And for how long without a hint, in ms: an open descriptor keeps a file system from being unmounted. */
const IDLE = 1000;

export interface WatchedParts {
  readonly top: Directory;
  readonly clock: Clock;
  readonly watches: Watches;
  /** Something happened to a name in a watched directory; null: nobody knows to which. */
  readonly hinted: (id: string, place: Place, name: Bytes | null) => void;
}

/** Whether a directory is watched; `newly`: not before this call. */
export type Watching = "no" | "newly" | "already";

interface Watched {
  readonly watch: Watch;
  /** By path, with the scan that came by last. */
  readonly places: Map<Bytes, { readonly place: Place; readonly scan: number }>;
}

export class WatchedDirectories {
  readonly #parts: WatchedParts;
  readonly #watched = new Map<string, Watched>();
  readonly #open = new Map<string, { readonly directory: Directory; usedAt: number }>();
  #timer: Timer | undefined;

  constructor(parts: WatchedParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#watched.size;
  }

  /** Watches the directory from now on, if that is possible. */
  add(directory: Directory, place: Place, scan: number): Watching {
    const id = idOf(directory);
    const known = this.#watched.get(id);
    if (known !== undefined) {
      known.places.set(place.path, { place, scan });
      return "already";
    }
    const places = new Map([[place.path, { place, scan }]]);
    const tell = (name: Bytes | null) => {
      this.#parts.watches.hinted();
      // Of the directory itself: perhaps it is gone, and the watch with it, and another one has its inode number by now.
      if (name === null) this.#drop(id, watched);
      for (const one of [...places.values()]) this.#parts.hinted(id, one.place, name);
    };
    const watch = this.#parts.watches.attempt(() => directory.watch(tell));
    if (watch === undefined) return "no";
    const watched = { watch, places };
    this.#watched.set(id, watched);
    return "newly";
  }

  /** The watched directory `id`, open until some time later; undefined where it is not at `place` any more. */
  open(id: string, place: Place): Directory | undefined {
    const now = this.#parts.clock.elapsed();
    const cached = this.#open.get(id);
    if (cached !== undefined) {
      cached.usedAt = now;
      return cached.directory;
    }
    let directory: Directory;
    try {
      directory = openReal(this.#parts.top, place.real);
    } catch {
      return undefined;
    }
    if (idOf(directory) !== id) {
      directory.close();
      return undefined;
    }
    if (this.#open.size >= OPEN) this.#closeOpened([...this.#open][0]?.[0]);
    this.#open.set(id, { directory, usedAt: now });
    this.#timer ??= this.#parts.clock.after(IDLE, () => this.#closeIdle());
    return directory;
  }

  /** Drops the watches of directories to which the scan did not come. */
  endScan(scan: number): void {
    for (const [id, { watch, places }] of this.#watched) {
      for (const [path, seen] of places) if (seen.scan < scan) places.delete(path);
      if (places.size > 0) continue;
      watch.close();
      this.#watched.delete(id);
    }
  }

  /** Gives all watches back: where hints were lost, so may have been the one that a watch is over. */
  closeAll(): void {
    for (const { watch } of this.#watched.values()) watch.close();
    this.#watched.clear();
  }

  stop(): void {
    this.closeAll();
    for (const id of [...this.#open.keys()]) this.#closeOpened(id);
    this.#timer?.cancel();
  }

  #drop(id: string, watched: Watched): void {
    if (this.#watched.get(id) !== watched) return;
    watched.watch.close();
    this.#watched.delete(id);
    this.#closeOpened(id);
  }

  #closeIdle(): void {
    const since = this.#parts.clock.elapsed() - IDLE;
    for (const [id, { usedAt }] of [...this.#open]) if (usedAt <= since) this.#closeOpened(id);
    this.#timer = this.#open.size === 0 ? undefined : this.#parts.clock.after(IDLE, () => this.#closeIdle());
  }

  #closeOpened(id: string | undefined): void {
    if (id === undefined) return;
    this.#open.get(id)?.directory.close();
    this.#open.delete(id);
  }
}

function idOf(directory: Directory): string {
  return `${directory.stat.dev}:${directory.stat.ino}`;
}
