// The store as its requests see it: how long a file is, and who may append to it when.
// Promises: one writer per path; those who wait are judged in the order in which they came, after a bounded time;
// every outcome is told once. The rules are admission.ts (pure), docs/PROTOCOL.md, sections 4 to 6.

import type { SealedFiles } from "../archive/sealed-files.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Exchange } from "../platform/http-server.ts";
import { SILENT_WRITER } from "../protocol/fields.ts";
import { type Account, Accounts } from "./accounts.ts";
import { type Admission, admit } from "./admission.ts";
import { Append } from "./append.ts";
import { inMemoryAt, makeDurable } from "./durable.ts";
import { FreeSpace } from "./free-space.ts";
import type { Wanted } from "./judge.ts";
import { Kept } from "./kept.ts";
import { Names } from "./names.ts";
import { OpenFiles } from "./open-files.ts";
import type { HeadOutcome, PutOutcome, Trouble, Want } from "./outcome.ts";
import { type Ground, Resource } from "./resource.ts";
import type { StoreCounts, StoreParts, StoreTotals } from "./store-parts.ts";
import { troubleOf } from "./trouble.ts";

/** How many may wait for one file. */
const MOST_WAITING = 16;
/** All appends together collect about this much before they write. */
const COLLECT = 64 * 1024 * 1024;
const LEAST_CHUNK = 64 * 1024;
const MOST_CHUNK = 1024 * 1024;

/** Open from its making until `stop`. */
export class Store {
  readonly #clock: Clock;
  readonly #ground: Ground;
  readonly #files: OpenFiles;
  readonly #kept: Kept;
  readonly #sealed: SealedFiles | undefined;
  readonly #accounts: Accounts;
  readonly #space: FreeSpace;
  /** Whose quota an append takes from, where there is one, and what it took while it holds a file. */
  readonly #accountOf = new WeakMap<Append, Account>();
  readonly #accountFor = new WeakMap<Resource, { readonly account: Account; readonly length: number }>();
  readonly #waiting = new Map<Bytes, Append[]>();
  #holders = 0;
  #bytes = 0;
  #made = 0;
  #appendedTo = 0;
  #interval = 0;

  constructor(parts: StoreParts) {
    const { root, clock, emit, newHash } = parts;
    const inMemory = inMemoryAt(root);
    this.#clock = clock;
    this.#sealed = parts.sealed;
    this.#kept = new Kept(root, clock, newHash, emit);
    this.#ground = {
      ...parts,
      sync: makeDurable(inMemory, clock, parts.synced),
      names: new Names(root, clock, inMemory),
      kept: this.#kept,
      chunk: () => Math.min(Math.max(COLLECT / Math.max(this.#holders, 1), LEAST_CHUNK), MOST_CHUNK),
      appended: (resource, bytes) => this.#count(resource, bytes),
      released: (resource) => this.#released(resource),
      settled: (resource) => this.#settled(resource),
      exhausted: () => this.#files.closeAllIdle(),
    };
    this.#files = new OpenFiles(this.#ground, parts.mostOpen);
    this.#accounts = new Accounts(root, clock, emit, parts.quota);
    this.#space = new FreeSpace(root, clock, emit, parts.minFreeSpace);
  }

  counts(): StoreCounts {
    const files = this.#appendedTo;
    this.#appendedTo = 0;
    this.#interval++;
    return { bytes: this.#bytes, files };
  }

  get totals(): StoreTotals {
    return { bytes: this.#bytes, files: this.#made };
  }

  /** What is held below `prefix`, where that was counted. */
  accountOf(prefix: Bytes): Readonly<Account> | undefined {
    return this.#accounts.counted(prefix);
  }

  head(path: Bytes, want: Want | undefined, done: (outcome: HeadOutcome) => void): void {
    if (this.#sealed?.waits(path, () => this.head(path, want, done)) === true) return;
    const resource = this.#touch(path, "sync");
    if (resource === undefined) this.#tellSealed(path, want, done);
    else if (!(resource instanceof Resource)) done(resource);
    else if (resource.vouched) this.#tell(resource, want, done);
    // Made by us a moment ago and not durable yet: as good as not there.
    else if (resource.created || !resource.open) done({ kind: "absent" });
    else {
      resource.whenPublished(resource.found, (result) => {
        if (result === "durable") this.#tell(resource, want, done);
        else done({ kind: result, size: undefined });
      });
    }
  }

  #tellSealed(path: Bytes, want: Want | undefined, done: (outcome: HeadOutcome) => void): void {
    const told = this.#sealed?.tell(path, want) ?? { kind: "absent" as const };
    if (!(told instanceof Promise)) done(told);
    else told.then(done, (error: unknown) => done(troubleOf(error, path, this.#ground.emit)));
  }

  /** What `path` leads to; undefined: nothing that is open to appends, though something may be remembered of it. */
  #touch(path: Bytes, need: "append" | "sync"): Resource | Trouble | undefined {
    return this.#sealed?.isCopy(path) === true ? { kind: "obstructed" } : this.#files.touch(path, need);
  }

  #tell(resource: Resource, want: Want | undefined, done: (outcome: HeadOutcome) => void): void {
    const size = resource.published;
    if (want === undefined) {
      done({ kind: "size", size });
      return;
    }
    const { fresh } = want;
    const first = Math.min(want.size, size);
    resource.prefix(first, fresh).then(
      (digest) => done({ kind: "size", size, digest: { size: first, digest } }),
      (error: unknown) => done(troubleOf(error, resource.path, this.#ground.emit)),
    );
  }

  /**
   * `owner`: what the quota is kept by, where it is known who asks. The body is read from `exchange` if and when the
   * append is admitted. `done` is called once.
   */
  put(
    path: Bytes,
    wanted: Wanted,
    owner: Bytes | undefined,
    exchange: Exchange,
    done: (outcome: PutOutcome) => void,
  ): void {
    const append = new Append(wanted, exchange, this.#clock, done);
    const account = this.#accounts.of(owner);
    if (account === undefined) this.#judge(path, append);
    else {
      this.#accountOf.set(append, account);
      this.#accounts.whenCounted(account, () => {
        if (append.waiting) this.#judge(path, append);
      });
    }
  }

  /** Has requests for `path` wait until what is returned is called; undefined where one is under way. */
  claim(path: Bytes): (() => void) | undefined {
    return this.#waiting.has(path) || !this.#files.letGo(path) ? undefined : this.#sealed?.claim(path);
  }

  /** Bytes that may be written beside what appends were promised. */
  room(): number {
    return this.#space.left();
  }

  /** At `path` there are so many more files and bytes than before, by our own hand. */
  accounted(path: Bytes, files: number, bytes: number): void {
    this.#accounts.moved(path, files, bytes);
  }

  /** Resolves once nothing is being written or synced. No request comes any more. */
  async stop(): Promise<void> {
    for (const append of [...this.#waiting.values()].flat()) append.reject({ kind: "torn" });
    this.#waiting.clear();
    await this.#files.stop();
    this.#kept.stop();
  }

  #judge(path: Bytes, append: Append): void {
    const again = () => {
      if (append.waiting) this.#judge(path, append);
    };
    if (this.#sealed?.waits(path, again) === true) return;
    const resource = this.#touch(path, "append") ?? this.#sealed?.refuse(path, append.wanted);
    if (resource !== undefined && !(resource instanceof Resource)) {
      this.#dequeue(path, append);
      append.reject(resource);
      return;
    }
    const admission = this.#admission(resource, append);
    if (admission.kind === "wait" || admission.kind === "take-over") {
      this.#enqueue(path, append, resource, admission.kind === "wait" ? admission.ms : SILENT_WRITER);
      if (admission.kind === "take-over") resource?.holder?.fence();
      return;
    }
    this.#dequeue(path, append);
    if (admission.kind === "admit" && !this.#take(append, resource === undefined)) {
      append.reject({ kind: "no-space", size: sizeOf(resource) });
    } else if (admission.kind === "admit") {
      const held = resource ?? this.#files.make(path);
      if (resource === undefined) this.#made++;
      held.holder = append;
      const account = this.#accountOf.get(append);
      if (account !== undefined) {
        this.#accountFor.set(held, { account, length: append.wanted.range.end - append.wanted.range.start });
      }
      this.#holders++;
      append.beginIfSame(held, this.#ground);
    } else if (admission.kind === "conflict") {
      append.reject({ kind: "held", size: resource?.published ?? 0 });
    } else if (resource === undefined) {
      append.reject({ kind: "not-at-end", size: 0 });
    } else {
      // The end that is told is durable, and it is the one that was judged by, just written perhaps: more may be durable
      // with it, which those are told first that brought it.
      const end = resource.written;
      resource.whenPublished(end, (result) => {
        if (result === "durable") append.reject({ kind: "not-at-end", size: end });
        else append.reject({ kind: result, size: undefined });
      });
    }
  }

  /** Whether there is room for all of the range: of its owner's and of the disk's. */
  #take(append: Append, newFile: boolean): boolean {
    const account = this.#accountOf.get(append);
    const length = append.wanted.range.end - append.wanted.range.start;
    return this.#space.take(length) && (account === undefined || this.#accounts.take(account, length, newFile));
  }

  #released(resource: Resource): void {
    this.#holders--;
    const held = this.#accountFor.get(resource);
    this.#accountFor.delete(resource);
    if (held !== undefined) held.account.underWay -= held.length;
    this.#settled(resource);
  }

  #admission(resource: Resource | undefined, append: Append): Admission {
    const now = this.#clock.elapsed();
    const holder = resource?.holder;
    return admit(
      resource?.written ?? 0,
      holder === undefined ? undefined : { connection: holder.connection, silentFor: holder.silentFor(now) },
      { connection: append.connection, start: append.wanted.range.start, waited: now - append.since },
    );
  }

  #enqueue(path: Bytes, append: Append, resource: Resource | undefined, ms: number): void {
    const queue = this.#waiting.get(path) ?? [];
    if (!queue.includes(append)) {
      // Those on the holder's own connection came in order and cost no more than what their connection holds.
      if (queue.length >= MOST_WAITING && append.connection !== resource?.holder?.connection) {
        append.reject({ kind: "held", size: resource?.published ?? 0 });
        return;
      }
      queue.push(append);
      this.#waiting.set(path, queue);
    }
    append.patience?.cancel();
    append.patience = this.#clock.after(Math.min(ms, SILENT_WRITER), () => {
      if (append.waiting) this.#judge(path, append);
      else this.#dequeue(path, append);
    });
  }

  #dequeue(path: Bytes, append: Append): void {
    append.patience?.cancel();
    const queue = this.#waiting.get(path);
    if (queue === undefined) return;
    const rest = queue.filter((other) => other !== append);
    if (rest.length === 0) this.#waiting.delete(path);
    else this.#waiting.set(path, rest);
  }

  #settled(resource: Resource): void {
    this.#files.settled(resource);
    // Not at once: we may be inside the judgement of another append for this path.
    if (this.#waiting.has(resource.path)) queueMicrotask(() => this.#nextWaiting(resource.path));
  }

  #nextWaiting(path: Bytes): void {
    while (this.#files.peek(path)?.holder === undefined) {
      const append = this.#waiting.get(path)?.[0];
      if (append === undefined) return;
      this.#dequeue(path, append);
      if (append.waiting) this.#judge(path, append);
    }
  }

  #count(resource: Resource, bytes: number): void {
    this.#bytes += bytes;
    const held = this.#accountFor.get(resource);
    if (held !== undefined) held.account.bytes += bytes;
    if (resource.counted === this.#interval) return;
    resource.counted = this.#interval;
    this.#appendedTo++;
  }
}

/** What is known to be durable. */
function sizeOf(resource: Resource | undefined): number | undefined {
  if (resource === undefined) return 0;
  return resource.vouched ? resource.published : undefined;
}
