// The files that are open here, by path. Promises: a bounded number, least recently used closed first; each
// request gets the file that its path leads to at that moment: one that another hand replaced, cut or lengthened
// since is dropped and judged anew. Nothing is remembered of a file that is closed: what the disk holds is the
// truth, and it costs one fdatasync to vouch for it again.

import { lacksDescriptors } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Timer } from "../platform/clock.ts";
import { grown, replaced, shrunk } from "./events.ts";
import type { Trouble } from "./outcome.ts";
import { type Ground, Resource } from "./resource.ts";
import { type Found, look, open } from "./tree.ts";
import { troubleOf } from "./trouble.ts";

/** A file that nobody asked for in this long, in ms, is closed. */
const IDLE = 60_000;
/** So many are closed at a time, some ms of work, and so many ms later the next ones. */
const AT_ONCE = 256;
const BETWEEN = 10;

/** Open from its making until `stop`. */
export class OpenFiles {
  readonly #ground: Ground;
  readonly #most: number;
  /** Least recently used first. */
  readonly #resources = new Map<Bytes, Resource>();
  /** Dropped, but a write or a sync is still under way. */
  readonly #leaving = new Set<Resource>();
  #sweep: Timer;
  #stopped: (() => void) | undefined;

  constructor(ground: Ground, most: number) {
    this.#ground = ground;
    this.#most = most;
    this.#sweep = ground.clock.after(IDLE / 2, () => this.#closeIdle());
  }

  /** What is known of `path` without looking. */
  peek(path: Bytes): Resource | undefined {
    return this.#resources.get(path);
  }

  /** The resource that `path` leads to now; undefined where nothing is there and nobody is about to make it. */
  touch(path: Bytes, need: "append" | "sync"): Resource | Trouble | undefined {
    try {
      const known = this.#resources.get(path);
      const usable = known !== undefined && (need === "sync" || known.writable || !known.idle);
      if (usable && known.state === "live" && this.#isThere(known)) return this.#enter(known);
      const found = look(this.#ground.root, path);
      if (known !== undefined) {
        if (known.state === "cutting") return { kind: "no-space", size: undefined };
        if (usable && known.matches(found)) return this.#enter(known);
        this.#notice(known, found);
        this.#drop(known);
      }
      if (found.kind === "obstructed") return found;
      if (found.kind === "absent") return undefined;
      this.#makeRoom(this.#most - 1);
      const opened = this.#open(path, need);
      if (!("kind" in opened)) return this.#enter(new Resource(path, this.#ground, opened));
      return opened.kind === "absent" ? undefined : opened;
    } catch (error) {
      return troubleOf(error, path, this.#ground.emit);
    }
  }

  /** A resource for a file that does not exist yet. */
  make(path: Bytes): Resource {
    this.#makeRoom(this.#most - 1);
    return this.#enter(new Resource(path, this.#ground, undefined));
  }

  /** Closes the file at `path`. False where somebody needs it. */
  letGo(path: Bytes): boolean {
    for (const leaving of this.#leaving) if (leaving.path === path) return false;
    const resource = this.#resources.get(path);
    if (resource !== undefined) this.#closeIfIdle(resource);
    return !this.#resources.has(path);
  }

  /** Something of `resource` came to its end: closes what nobody needs any more. */
  settled(resource: Resource): void {
    // A file that was never made, since its first byte never came, is forgotten.
    const needed = resource.state === "live" && resource.open && this.#stopped === undefined;
    if (!needed) this.#closeIfIdle(resource);
  }

  closeAllIdle(): void {
    this.#makeRoom(0);
  }

  /** Fences all who write; resolves once nothing is being written or synced. */
  async stop(): Promise<void> {
    this.#sweep.cancel();
    const stopped = new Promise<void>((resolve) => {
      this.#stopped = resolve;
    });
    for (const resource of [...this.#resources.values()]) {
      resource.holder?.fence();
      this.#closeIfIdle(resource);
    }
    if (this.#resources.size + this.#leaving.size > 0) await stopped;
  }

  /** Whether its path leads to it, as far as a glance tells: as a rule it does, and nobody was there meanwhile. */
  #isThere(known: Resource): boolean {
    const glance = this.#ground.root.glance(known.path);
    return glance !== undefined && known.isKnown(glance);
  }

  #open(path: Bytes, need: "append" | "sync"): ReturnType<typeof open> {
    try {
      return open(this.#ground.root, path, need);
    } catch (error) {
      if (!lacksDescriptors(error)) throw error;
      this.#makeRoom(0);
      return open(this.#ground.root, path, need);
    }
  }

  /** Puts it behind all others: the most recently used. */
  #enter(resource: Resource): Resource {
    resource.used = this.#ground.clock.elapsed();
    this.#resources.delete(resource.path);
    this.#resources.set(resource.path, resource);
    return resource;
  }

  /** Tells the operator what another hand did; a file that is only opened anew for writing is no news. */
  #notice(known: Resource, found: Found): void {
    const { path, written } = known;
    const { emit } = this.#ground;
    if (found.kind !== "file" || !known.same(found.stat)) {
      if (written > 0) emit(replaced(path));
    } else if (found.stat.size < written) emit(shrunk(path, written, found.stat.size));
    else if (found.stat.size > written) emit(grown(path, written, found.stat.size));
  }

  #drop(resource: Resource): void {
    this.#resources.delete(resource.path);
    this.#leaving.add(resource);
    resource.drop("failed");
    this.#closeIfIdle(resource);
  }

  #makeRoom(most: number): void {
    if (this.#resources.size <= most) return;
    for (const resource of this.#resources.values()) {
      this.#closeIfIdle(resource);
      if (this.#resources.size <= most) return;
    }
  }

  #closeIdle(): void {
    const before = this.#ground.clock.elapsed() - IDLE;
    let closed = 0;
    for (const resource of this.#resources.values()) {
      if (resource.used > before || closed === AT_ONCE) break;
      if (this.#closeIfIdle(resource)) closed++;
    }
    this.#sweep = this.#ground.clock.after(closed === AT_ONCE ? BETWEEN : IDLE / 2, () => this.#closeIdle());
  }

  /** False where somebody needs it. */
  #closeIfIdle(resource: Resource): boolean {
    if (!resource.close()) return false;
    this.#leaving.delete(resource);
    if (this.#resources.get(resource.path) === resource) this.#resources.delete(resource.path);
    if (this.#resources.size + this.#leaving.size === 0) this.#stopped?.();
    return true;
  }
}
