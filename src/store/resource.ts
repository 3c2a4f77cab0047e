// One file that is open here: how far it is written, how far it is published, and who writes.
// Promises: `published` never exceeds what an fdatasync that began later than the write made durable, directory
// entries included; nothing found on disk is vouched for before this process synced it; one fdatasync is under
// way at a time, and all who wait share the next. docs/PROTOCOL.md, section 5; docs/decisions/ on failed syncs.

import { assert } from "../base/assert.ts";
import { isGone, isNoSpace, isOfOpening } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Glance, OpenFile, Stat } from "../platform/files.ts";
import { LEAF } from "../protocol/tree-hash.ts";
import type { Content } from "./content.ts";
import { cutBackTo } from "./cut-back.ts";
import { cannotSync, replaced, syncFailed } from "./events.ts";
import type { GroundOf } from "./ground.ts";
import { type Holder, type Published, takeDue, type Waiter } from "./holder.ts";
import { keptContent } from "./kept-content.ts";
import { create, type Found, type Opened } from "./tree.ts";

export type Ground = GroundOf<Resource>;

export class Resource {
  readonly path: Bytes;
  /** What the written bytes are. */
  readonly content: Content;
  readonly #ground: Ground;
  holder: Holder | undefined;
  /** False: it may be read, no more. */
  writable = true;
  /** Bytes in the file, durable or not. Judged by. */
  written = 0;
  /** Monotonic ms of the last request. */
  used = 0;
  /** The status interval in which it was last counted. */
  counted = -1;
  #file: OpenFile | undefined;
  /** Which file it is, once it is open. */
  #inode: Pick<Stat, "dev" | "ino"> | undefined;
  /** When it was changed last, as we left it: who else touches it changes that. ms since 1970. */
  #changedAt = 0;
  #published = 0;
  /** Up to here the bytes are not ours to cut: found when opened, or published. */
  #floor = 0;
  #vouched = false;
  #named = false;
  #created = false;
  /** Bytes of ours came to what was found. */
  #wrote = false;
  #syncing = false;
  #reading = 0;
  readonly #waiters: Waiter[] = [];
  /** `cutting`: holds bytes that may be gone; nothing is read of it or appended until they are cut off. */
  #state: "live" | "cutting" | "dropped" = "live";

  constructor(path: Bytes, ground: Ground, opened: Opened | undefined) {
    this.path = path;
    this.#ground = ground;
    this.content = keptContent(path, ground, opened?.stat, this);
    if (opened === undefined) return;
    this.#opened(opened.file, opened.stat);
    this.writable = opened.writable;
    this.written = opened.stat.size;
    this.#floor = opened.stat.size;
  }

  /** Durable bytes. */
  get published(): number {
    return this.#published;
  }

  get vouched(): boolean {
    return this.#vouched;
  }

  /** Made by this process, and perhaps not durable yet. */
  get created(): boolean {
    return this.#created;
  }

  get state(): "live" | "cutting" | "dropped" {
    return this.#state;
  }

  get open(): boolean {
    return this.#file !== undefined;
  }

  /** True where nobody needs it but the next request. */
  get idle(): boolean {
    return this.holder === undefined && !this.#syncing && this.#reading === 0 && this.#waiters.length === 0;
  }

  /** What was found on disk at first touch, to be vouched for once it was synced. */
  get found(): number {
    return this.#floor;
  }

  /** Whether `stat` is of this file, whatever its size. */
  same(stat: Stat): boolean {
    return this.#inode !== undefined && stat.ino === this.#inode.ino && stat.dev === this.#inode.dev;
  }

  /** Whether `found` is this file as we know it; where we are writing just now, it may be longer. */
  matches(found: Found): boolean {
    if (found.kind !== "file") return found.kind === "absent" && this.#file === undefined;
    return this.same(found.stat) && (found.stat.size === this.written || this.holder?.underWay === true);
  }

  /** The same by a glance, which may not be enough to know it again. */
  isKnown(glance: Glance): boolean {
    const inode = this.#inode;
    if (inode === undefined || glance.ino !== Number(inode.ino) || glance.dev !== Number(inode.dev)) return false;
    return glance.size === this.written || this.holder?.underWay === true;
  }

  /** The open file, made now where there is none. Throws what the kernel says. */
  prepare(): OpenFile {
    assert(this.#state === "live", "a dropped file is not written to");
    if (this.#file !== undefined) return this.#file;
    // Die here: nothing, or empty directories, or an empty file; the next life finds and uses them.
    const file = create(this.#ground.root, this.path, (directory) => this.#ground.names.changed(directory));
    this.#created = true;
    this.#ground.kept.leaves.drop(this.path); // of another file that had this name
    this.#opened(file, file.stat());
    return file;
  }

  #opened(file: OpenFile, { dev, ino, ctimeMs }: Stat): void {
    this.#file = file;
    this.#inode = { dev, ino };
    this.#changedAt = ctimeMs;
  }

  /** After a write that failed: how many bytes of it are in the file; undefined where that cannot be told. */
  recount(most: number): number | undefined {
    if (this.#file === undefined) return 0;
    const stat = this.#file.stat();
    const more = stat.size - this.written;
    if (more < 0 || more > most) return undefined;
    this.#changedAt = stat.ctimeMs; // by our own hand
    return more;
  }

  /** Whether the file is as long as we made it, and still has a name. */
  intact(): boolean {
    const now = this.#file?.glance() ?? this.#file?.stat();
    if (now === undefined) return false;
    this.#changedAt = now.ctimeMs;
    return now.size === this.written && now.nlink > 0;
  }

  /** The digest of the first `size` bytes, at most what is written. `fresh`: of bytes that are read just now. */
  prefix(size: number, fresh: boolean): Promise<Uint8Array> {
    const now = this.holder === undefined ? (this.#file?.glance() ?? this.#file?.stat()) : undefined;
    if (now !== undefined && now.ctimeMs !== this.#changedAt) {
      this.content.forget(); // another hand was there
      this.#changedAt = now.ctimeMs;
    }
    return this.content.prefix(size, fresh);
  }

  /** The file stays open while `read` runs. */
  async reading(read: (file: OpenFile) => Promise<Uint8Array>): Promise<Uint8Array> {
    const file = this.#file;
    assert(file !== undefined, "what has bytes is open");
    this.#reading++;
    try {
      return await read(file);
    } finally {
      this.#reading--;
      this.#ground.settled(this);
    }
  }

  /** Calls `settle` once the first `end` bytes are durable, or when they will not become so. */
  whenPublished(end: number, settle: (result: Published) => void): void {
    if (this.#vouched && end <= this.#published) settle("durable");
    else if (this.#state !== "live") settle("failed");
    else {
      assert(end <= this.written, "only what is written can become durable");
      this.#waiters.push({ end, settle });
      this.#sync();
    }
  }

  /** Nothing more is done with it: the path leads elsewhere, or what it holds is not what we know. */
  drop(result: Published): void {
    if (this.#state === "dropped") return;
    this.#state = "dropped";
    this.#giveUp(result);
  }

  /** Closes the file once nobody uses it. True where it is closed. */
  close(): boolean {
    if (!this.idle) return false;
    if (this.#state === "cutting") this.#cut();
    else if (this.#state === "live" && this.#wrote) this.#seal();
    this.#state = "dropped";
    this.#file?.close();
    this.#file = undefined;
    return true;
  }

  /** Left in order: whoever finds it as it is now may rely on what is kept of it. */
  #seal(): void {
    if (this.written < LEAF || !this.content.isSound()) return;
    const stat = this.#file?.stat();
    if (stat?.size === this.written && stat.nlink > 0) this.#ground.kept.leaves.seal(this.path, stat);
  }

  /*
   *   open(O_CREAT|O_EXCL|O_APPEND)   first append only, after mkdir of what was missing     resource.ts, tree.ts
   *   writev                          any number of times                                    append.ts
   *   fdatasync(file)                 at once with the next two lines
   *   fsync(directory) …              each one down from the data directory, first time only names.ts
   *   2xx, Upload-Offset
   */
  #sync(): void {
    const file = this.#file;
    const inode = this.#inode;
    if (this.#syncing || this.#waiters.length === 0 || this.#state !== "live") return;
    if (file === undefined || inode === undefined) return;
    const target = this.written;
    if (!this.#ground.fsync) {
      this.#synced(target);
      return;
    }
    // Die here: the file holds a correct prefix of unknown length, which nobody was told of. The next life syncs
    // what it finds before it tells its size.
    const data = this.#ground.sync(file, inode.dev);
    const all = this.#named ? data : Promise.all([data, this.#ground.names.durable(this.path)]);
    if (all === undefined) {
      this.#synced(target);
      return;
    }
    this.#syncing = true;
    all.then(
      () => this.#synced(target),
      (error: unknown) => this.#failed(error),
    );
  }

  #synced(target: number): void {
    this.#syncing = false;
    // Die here: durable and not yet told; the client asks and is told.
    if (this.#state === "live") {
      this.#named = true;
      this.#vouched = true;
      this.#published = target;
      this.content.published(target);
      if (target > this.#floor || this.#created) {
        this.#wrote = true;
        this.#ground.kept.acknowledged.note(this);
      }
      this.#floor = target;
      for (const waiter of takeDue(this.#waiters, target)) waiter.settle("durable");
      this.#sync();
    }
    this.#ground.settled(this);
  }

  #failed(error: unknown): void {
    this.#syncing = false;
    const { emit, fatal } = this.#ground;
    if (isNoSpace(error)) {
      emit(cannotSync(this.path, error));
      // A file system that gives out room late (network, thin volumes) says so here, and by then the kernel may have
      // thrown the pages away and call them clean: a second fdatasync would succeed without these bytes. They were
      // never acknowledged, so they are cut off, and the client sends them again.
      if (this.#state === "live") this.#state = "cutting";
      this.holder?.fence();
      // Before anybody is told, unless a write is still under way: then as soon as that is done.
      if (this.#state === "cutting" && this.holder === undefined) this.#cut();
      this.#giveUp("no-space");
      this.#ground.settled(this);
    } else if (isOfOpening(error)) {
      // A directory could not be opened in order to be synced: nothing is known to be lost.
      emit(isGone(error) ? replaced(this.path) : cannotSync(this.path, error));
      this.drop("failed");
      this.#ground.settled(this);
    } else {
      // Whoever asks the kernel again is told that all is well (fsync(2)): these bytes are in doubt for ever.
      emit(syncFailed(this.path, error));
      fatal();
    }
  }

  #giveUp(result: Published): void {
    this.holder?.fence();
    for (const waiter of takeDue(this.#waiters, Number.POSITIVE_INFINITY)) waiter.settle(result);
  }

  #cut(): void {
    if (this.#file !== undefined) cutBackTo(this.#floor, this.#file, this.path, this.written, this.#ground);
  }
}
