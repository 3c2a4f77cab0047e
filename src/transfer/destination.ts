// One destination: what each file still owes it. Listens to the spool, has its files served by its lanes, and
// keeps what the answers tell. Destinations share nothing but the spool: trouble with one never slows another,
// and trouble with one file never stops another (outage.ts, faults.ts).

import { assert } from "../base/assert.ts";
import type { HttpConnection } from "../platform/http.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import { type Entry, type Generation, isSuperseded, lengthOf, type SpoolListener } from "../spool/entry.ts";
import type { Mark } from "../spool/mark.ts";
import { Buffers } from "./buffers.ts";
import { Compression } from "./compression.ts";
import { goOnBehind, shortened } from "./continuation.ts";
import { deliver } from "./deliver.ts";
import type { Desk } from "./desk.ts";
import type { DestinationParts, Summary } from "./destination-parts.ts";
import { Doubts } from "./doubts.ts";
import * as events from "./events.ts";
import { Faults } from "./faults.ts";
import { Files } from "./files.ts";
import { Idle } from "./idle.ts";
import { ASK_ONLY, Lanes } from "./lanes.ts";
import { nextStep, queueFor } from "./next-step.ts";
import { type Down, Outage } from "./outage.ts";
import { comesToBeCompared, type Fault, gotOn, holdsBytes, isSame, newProgress, type Progress } from "./progress.ts";
import { RateLimit } from "./rate-limit.ts";
import type { Reading } from "./read-range.ts";
import { createRemote, type Remote, type Said } from "./remote.ts";
import { ServerLife } from "./server-life.ts";
import { troubleOf } from "./trouble.ts";
import { isOwnTrouble } from "./whose-trouble.ts";
import { Window } from "./window.ts";

export class Destination implements SpoolListener, Desk {
  readonly url: string;
  readonly remote: Remote;
  readonly outage: Outage;
  readonly faults: Faults;
  readonly doubts: Doubts;
  readonly newHash: NewHash;
  readonly syncSource: boolean;
  readonly buffers = new Buffers();
  readonly window = new Window();
  readonly rateLimit: RateLimit | undefined;
  readonly compression: Compression | undefined;
  /** Bytes acknowledged in this process's life. */
  bytesSent = 0;
  /** Clock.elapsed() of the last answer that told something new. */
  lastProgressAt: number;
  /** Told after every change of what a file owes it. */
  onChange: (progress: Progress) => void = () => {};

  readonly #parts: DestinationParts;
  readonly #files = new Files();
  readonly #lanes: Lanes;
  readonly #idle: Idle;
  readonly #life = new ServerLife();
  #restoredSaid = false;

  constructor(parts: DestinationParts) {
    const { url, clock, random, emit, codec } = parts;
    this.#parts = parts;
    this.url = url.href;
    this.newHash = parts.newHash;
    this.syncSource = parts.syncSource ?? false;
    this.rateLimit = parts.rateLimit === undefined ? undefined : new RateLimit(parts.rateLimit, clock);
    this.compression = codec && new Compression(codec, (why) => emit(events.withoutCompression(this.url, why)));
    this.remote = createRemote(url.pathname);
    this.lastProgressAt = clock.elapsed();
    this.faults = new Faults(clock, random, (progress) => this.#want(progress));
    this.#idle = new Idle(clock, random, () => this.#askSomething());
    this.doubts = new Doubts({
      clock,
      all: () => this.#files.values(),
      ask: (progress) => this.#want(progress),
      hurry: () => this.faults.hurry(this.strict),
      paced: () => emit(events.destinationInconsistent(this.url)),
    });
    this.#lanes = new Lanes({
      ...parts,
      origin: url.origin,
      open: () => this.outage.trouble === undefined,
      serve: (progress, connection, depth, most) => this.#serve(progress, connection, depth, most),
      quiet: () => this.#whenQuiet(),
    });
    this.outage = new Outage({
      ...parts,
      url: this.url,
      probe: () => this.#lanes.probe((connection) => this.#probe(connection)),
      resume: () => this.#lanes.pump(),
    });
  }

  /** SpoolListener. `fresh`: the name was given just now, so that nobody can have sent any of it. */
  added(generation: Generation, fresh = true): void {
    const progress = newProgress(generation, fresh, this.#parts.compareAll || generation.entry.inDoubt);
    this.#files.add(progress);
    this.#want(progress);
  }

  changed(entry: Entry): void {
    for (const generation of entry.generations) {
      const progress = this.#files.get(generation);
      if (progress === undefined) continue;
      shortened(progress);
      this.#want(progress);
    }
  }

  released(generation: Generation): void {
    const progress = this.#files.get(generation);
    if (progress === undefined) return;
    this.#files.remove(generation);
    this.faults.remove(progress);
    this.#lanes.remove(progress);
  }

  progressOf(generation: Generation): Progress | undefined {
    return this.#files.get(generation);
  }

  /** True where every byte of `generation` that was seen is durable there; what was not compared yet is compared now. */
  isDelivered(generation: Generation): boolean {
    const progress = this.#files.get(generation);
    if (progress === undefined || progress.fault !== undefined) return false;
    if (this.verifies !== false && comesToBeCompared(progress)) this.#want(progress);
    return holdsBytes(progress, lengthOf(generation));
  }

  summary(): Summary {
    return this.#files.summary(this.outage.trouble !== undefined, this.faults.size);
  }

  /** Sends nothing new, waits at most `ms` for what is on the wire, then breaks it off. */
  async stop(ms: number): Promise<void> {
    for (const part of [this.outage, this.faults, this.#idle, this.doubts, this.rateLimit]) part?.stop();
    await this.#lanes.stop(ms);
  }

  /** Has `progress` served if there is something to do for it. */
  #want(progress: Progress): void {
    if (progress.busy || progress.fault !== undefined) return; // looked at again when that ends
    if (this.verifies === false) progress.compare = false; // size has to do
    const step = nextStep(progress, this);
    if (step.kind === "rest") this.onChange(progress);
    else this.#lanes.add(progress, queueFor(progress, step, this));
  }

  async #serve(progress: Progress, connection: HttpConnection, depth: number, most: number): Promise<void> {
    progress.busy = true;
    const served = await deliver(progress, connection, this, depth, most);
    progress.busy = false;
    this.#files.keepHash(progress);
    const held = this.#files.get(progress.of) === progress;
    if (held && most === ASK_ONLY && served.kind === "down" && !served.answered) {
      return this.#lanes.add(progress, "live"); // perhaps another's question ended it: asked again on its own
    }
    let fault = served.kind === "fault" ? served.fault : undefined;
    if (served.kind === "down") {
      const otherwiseAt = served.answered ? this.outage.appendedAt : this.#life.heardAt;
      if (isOwnTrouble(progress, otherwiseAt, this.now())) {
        fault = { kind: "denied", text: served.cause, lasting: false };
      } else {
        this.window.broken();
        this.outage.down(served);
      }
    }
    if (!held) return;
    if (fault !== undefined) this.#faulty(progress, fault);
    else this.#want(progress); // it may have grown meanwhile
  }

  #faulty(progress: Progress, fault: Omit<Fault, "retryAt">): void {
    progress.known = false;
    progress.complained = true;
    this.faults.add(progress, fault);
    this.#parts.emit(events.faultOf(this.url, progress.generation, fault));
    this.onChange(progress);
  }

  #recovered(progress: Progress): void {
    if (progress.complained) this.#parts.emit(events.fileRecovered(this.url, progress.generation));
    progress.complained = false;
  }

  /** What is wrong with the destination, or undefined where it answers. */
  async #probe(connection: HttpConnection, progress = this.#files.next()): Promise<Down | undefined> {
    if (progress === undefined) return undefined;
    const reply = await this.remote.head(connection, progress.generation.name);
    if (reply.outcome.kind !== "failed") this.heard(reply);
    const trouble = reply.outcome.kind === "size" ? undefined : troubleOf(reply.outcome);
    return trouble?.kind === "down" ? trouble : undefined;
  }

  #whenQuiet(): void {
    this.outage.quiet();
    this.buffers.clear();
    this.#idle.begin();
  }

  /** One question, about each file in turn, tells whether an idle destination was restored from an older copy. */
  #askSomething(): void {
    if (this.#lanes.busy || this.outage.trouble !== undefined) return;
    const progress = this.#files.next();
    if (progress === undefined) return;
    if (!progress.fresh) progress.known = false;
    this.#want(progress);
    // A file in trouble is not asked about; but is it still the same server? By its own name, or others' turns are lost.
    if (progress.fault !== undefined) void this.#lanes.probe((connection) => this.#probe(connection, progress));
    if (!this.#lanes.busy) this.#whenQuiet();
  }

  // Desk: what serving a file asks and reports.

  get strict(): boolean {
    return this.#life.strict;
  }
  get verifies(): boolean | undefined {
    return this.#life.verifies;
  }
  now(): number {
    return this.#parts.clock.elapsed();
  }

  heard(said: Said): void {
    const { strict } = this;
    const heard = this.#life.heard(said.start, this.now());
    this.compression?.heard(said);
    if (heard === "same") return;
    if (strict !== this.strict) this.#lanes.setStrict(this.strict);
    if (said.start === undefined) this.#parts.emit(events.destinationUnverified(this.url));
    if (heard === "first") return;
    this.#parts.emit(events.destinationRestarted(this.url));
    this.#restoredSaid = false;
    this.doubts.begin();
  }

  showed(digest: boolean): void {
    if (this.#life.showed(digest) && !digest) this.#parts.emit(events.destinationWithoutDigests(this.url));
  }

  same(progress: Progress, size: number): void {
    isSame(progress, size, this.#parts.compareAll);
    this.lastProgressAt = this.now();
  }

  sealed(progress: Progress, size: number): void {
    this.#parts.emit(events.fileSealed(this.url, progress.generation, size));
    goOnBehind(progress, size);
  }

  partedHere({ generation }: Progress, offset: number): void {
    this.#parts.spool.supersede(generation.entry, offset, "no longer holds what was delivered of it");
  }

  learned(progress: Progress, size: number, exists: boolean): void {
    const { emit } = this.#parts;
    const { generation, offset: had } = progress;
    const length = lengthOf(generation);
    progress.offset = size;
    // Bytes of ours may have got through broken connections. What it says is no progress: that is an append.
    if (size > had) progress.broken = 0;
    if (size >= length) this.#recovered(progress);
    if (size < had && !this.#restoredSaid) {
      this.#restoredSaid = true;
      emit(events.destinationRestored(this.url, generation.name, had, size));
    }
    const ahead = exists && size > length && !isSuperseded(generation);
    if (ahead && !progress.ahead) emit(events.remoteAhead(this.url, generation, size, length));
    progress.ahead = ahead;
    // The same answer again is none: who waits for progress would wait for ever.
    if (size !== had || progress.hadAtFirst === undefined) this.lastProgressAt = this.now();
    // More than before: an append was taken whose answer was lost.
    if (size > had && progress.hadAtFirst !== undefined) this.outage.appended();
    else this.outage.answered();
    progress.hadAtFirst ??= size;
    this.onChange(progress);
  }

  appended(progress: Progress, offset: number, mark: Mark | undefined): void {
    assert(offset > progress.offset, "an append moves forward");
    this.#parts.emit(events.appended(this.url, progress.generation, progress.offset, offset));
    this.bytesSent += offset - progress.offset;
    progress.hadAtFirst ??= progress.offset;
    progress.offset = offset;
    gotOn(progress);
    this.#recovered(progress);
    this.lastProgressAt = this.now();
    this.outage.appended();
    if (mark !== undefined) this.#parts.spool.acknowledged(progress.of, mark);
    this.onChange(progress);
  }

  lookAgain({ generation }: Progress, reading: Exclude<Reading, { kind: "piece" }>): boolean {
    const before = lengthOf(generation);
    if (reading.kind === "rewritten") this.#parts.spool.rewritten(generation.entry);
    else this.#parts.spool.noticed(generation.entry, reading.stat);
    return lengthOf(generation) !== before;
  }
}
