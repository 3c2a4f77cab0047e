// One PUT's body on its way into the file: collect, write, publish.
// Promises: what is written is at every moment a prefix of the range; once fenced nothing more is written; memory
// stays within a few chunks, since the sender is held back while a write is under way; bytes that arrived are
// written soon even if the rest never comes. Relies on admission: while it holds the resource nobody else writes.

import { AssertionFailure } from "../base/assert.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { BodyReader, Exchange } from "../platform/http-server.ts";
import { tampered } from "./events.ts";
import type { Holder, Published } from "./holder.ts";
import { type Judgement, judgeAtHand, judgeByDisk, type Wanted } from "./judge.ts";
import type { PutOutcome } from "./outcome.ts";
import { Pieces } from "./pieces.ts";
import type { Ground, Resource } from "./resource.ts";
import { troubleOf } from "./trouble.ts";

/** Up to here a write is made at once: handing it to another thread would cost more than it takes. */
const SMALL = 64 * 1024;
/** When no more bytes come for this long, in ms, those that came are written. */
const HELD_BACK = 200;

export class Append implements BodyReader, Holder {
  readonly wanted: Wanted;
  /** Monotonic ms of its arrival. */
  readonly since: number;
  /** Runs out when it has waited for long enough. */
  patience: Timer | undefined;
  readonly #clock: Clock;
  readonly #exchange: Exchange;
  readonly #done: (outcome: PutOutcome) => void;
  /** Set while it holds the file; unset before that and afterwards. */
  #hold: { readonly resource: Resource; readonly ground: Ground } | undefined;
  #state: "waiting" | "comparing" | "writing" | "fenced" | "over" = "waiting";
  #first = false;
  readonly #pieces = new Pieces();
  /** Bytes of the range that have not come yet. */
  #missing: number;
  /** Monotonic ms at which it was last the sender's turn; never again is Infinity. */
  #heard = 0;
  #underWay = false;
  #paused = false;
  #broken = false;
  #idle: Timer | undefined;

  constructor(wanted: Wanted, exchange: Exchange, clock: Clock, done: (outcome: PutOutcome) => void) {
    this.wanted = wanted;
    this.since = clock.elapsed();
    this.#missing = wanted.range.end - wanted.range.start;
    this.#clock = clock;
    this.#exchange = exchange;
    this.#done = done;
    exchange.read(this);
  }

  get connection(): number {
    return this.#exchange.connection;
  }

  /** True while it waits to be admitted and its sender is there. */
  get waiting(): boolean {
    return this.#state === "waiting";
  }

  /** Admitted: takes the body. The caller has made it the resource's holder. */
  begin(resource: Resource, ground: Ground): void {
    this.#state = "writing";
    this.#hold = { resource, ground };
    this.#first = resource.written === 0;
    this.#heard = this.#clock.elapsed();
    this.#exchange.resume();
  }

  /** Admitted if the bytes before the range are those that the sender believes: takes the body then. */
  beginIfSame(resource: Resource, ground: Ground): void {
    const { believed } = this.wanted;
    if (believed === undefined || judgeAtHand(resource, believed) !== undefined) {
      this.begin(resource, ground);
      return;
    }
    this.#state = "comparing";
    this.#hold = { resource, ground };
    this.#underWay = true;
    this.#exchange.working();
    judgeByDisk(resource, believed, ground.newHash).then(
      (judgement) => {
        this.#underWay = false;
        if (this.#state === "fenced" || this.#broken) this.#letGo({ kind: "torn" });
        else if (judgement.kind === "same") this.begin(resource, ground);
        else this.#diverged(judgement);
      },
      (error: unknown) => this.#failed(error, 0),
    );
  }

  /** Not admitted. Only the first outcome counts: while one was made durable, the sender may have gone. */
  reject(outcome: PutOutcome): void {
    if (this.#state !== "waiting") return;
    this.#state = "over";
    this.patience?.cancel();
    this.#done(outcome);
  }

  get underWay(): boolean {
    return this.#underWay;
  }

  silentFor(now: number): number {
    const ours = this.#missing === 0 || this.#paused || this.#broken || this.#state === "comparing";
    return ours ? 0 : now - this.#heard;
  }

  fence(): void {
    if (this.#state !== "writing" && this.#state !== "comparing") return;
    this.#state = "fenced";
    this.#exchange.destroy();
    if (!this.#underWay) this.#letGo({ kind: "torn" });
  }

  data(chunk: Uint8Array): void {
    if (this.#state !== "writing") return;
    this.#pieces.add(chunk);
    this.#missing -= chunk.byteLength;
    this.#heard = this.#clock.elapsed();
    if (!this.#underWay) this.#next();
    else if (this.#pieces.isDue(2 * this.#held().ground.chunk())) {
      this.#paused = true;
      this.#exchange.pause();
    }
  }

  arrived(all: boolean): void {
    this.#heard = all ? Number.POSITIVE_INFINITY : this.#clock.elapsed();
  }

  end(): void {
    // That the last byte has come is known by counting. An end before admission means that the sender is gone.
    if (this.#state === "waiting") this.broken();
  }

  broken(): void {
    if (this.#state === "waiting") this.reject({ kind: "torn" });
    if (this.#state === "comparing") this.#broken = true;
    if (this.#state !== "writing") return;
    this.#broken = true;
    if (!this.#underWay) this.#next();
  }

  /** No write is under way: writes what is due, or ends, or goes on listening. */
  #next(): void {
    const { resource, ground } = this.#held();
    const last = this.#missing === 0 || this.#broken;
    if (this.#pieces.bytes > 0 && (last || this.#pieces.isDue(ground.chunk()))) {
      this.#write();
    } else if (this.#missing === 0) {
      if (!resource.intact()) this.#tampered();
      else this.#publish();
    } else if (this.#broken) {
      this.#letGo({ kind: "torn" });
    } else {
      if (this.#paused) this.#resume();
      if (this.#pieces.bytes > 0) this.#idle ??= this.#clock.after(HELD_BACK, () => this.#notice());
    }
  }

  #write(): void {
    const { resource } = this.#held();
    const length = this.#pieces.bytes;
    const pieces = this.#pieces.take();
    try {
      const file = resource.prepare();
      if (length > SMALL) {
        this.#underWay = true;
        // Die in here or behind it: a prefix of these bytes is in the file, correct and not vouched for.
        file.append(pieces).then(
          () => this.#wrote(length, pieces),
          (error: unknown) => this.#failed(error, length),
        );
        // Meanwhile, on this core: the kernel copies them on another one.
        resource.content.appended(pieces);
        return;
      }
      file.appendNow(pieces);
      resource.content.appended(pieces);
    } catch (error) {
      this.#failed(error, length);
      return;
    }
    this.#wrote(length, pieces);
  }

  #wrote(length: number, pieces: readonly Uint8Array[]): void {
    const { resource, ground } = this.#held();
    this.#underWay = false;
    resource.written += length;
    this.#exchange.release(pieces);
    ground.appended(resource, length);
    if (this.#state === "fenced") this.#letGo({ kind: "torn" });
    else this.#next();
  }

  #failed(error: unknown, length: number): void {
    const { resource, ground } = this.#held();
    this.#underWay = false;
    const kept = resource.recount(length);
    if (kept === undefined) {
      this.#tampered();
      return;
    }
    if (kept > 0 || length > SMALL) resource.content.cut(resource.written);
    resource.written += kept;
    ground.appended(resource, kept);
    const trouble = troubleOf(error, resource.path, ground.emit);
    const tellsSize = trouble.kind === "no-space" || trouble.kind === "failed";
    const answer = () => this.#done(tellsSize ? { ...trouble, size: resource.published } : trouble);
    this.#over();
    // What was written before is a correct prefix: published like any other, and then told.
    if (resource.open) resource.whenPublished(resource.written, answer);
    else answer();
    if (trouble.kind === "exhausted") ground.exhausted();
    this.#release(resource, ground);
  }

  /** The whole range is written. */
  #publish(): void {
    const { resource, ground } = this.#held();
    const size = this.wanted.range.end;
    const first = this.#first;
    // Now, while nobody has appended behind it.
    const digest = this.wanted.believed === undefined ? undefined : resource.content.at(size);
    this.#over();
    resource.whenPublished(size, (result) => {
      if (result === "durable") this.#done({ kind: "appended", size, first, digest });
      else this.#done({ kind: result, size: undefined });
    });
    this.#release(resource, ground);
  }

  /** The sender's bytes before the range are not those that were just read. */
  #diverged({ size, digest }: Extract<Judgement, { kind: "other" }>): void {
    const { resource, ground } = this.#held();
    this.#over();
    const answer = (result: Published) =>
      this.#done(result === "durable" ? { kind: "diverged", size, digest } : { kind: result, size: undefined });
    if (resource.open) resource.whenPublished(size, answer);
    else answer("durable");
    this.#release(resource, ground);
  }

  /** Ends without an answer of ours; what was brought is published though nobody asks. */
  #letGo(outcome: PutOutcome): void {
    const { resource, ground } = this.#held();
    if (resource.open) resource.whenPublished(resource.written, () => {});
    this.#over();
    this.#release(resource, ground);
    this.#done(outcome);
  }

  /** Somebody else wrote to the file, or took it away, while we held it: its bytes are not what we think. */
  #tampered(): void {
    const { resource, ground } = this.#held();
    ground.emit(tampered(resource.path));
    this.#over(); // first, since the resource fences whoever still holds it
    resource.drop("failed");
    this.#release(resource, ground);
    this.#done({ kind: "failed", size: undefined });
  }

  #over(): void {
    this.#state = "over";
    this.#pieces.take();
    this.#idle?.cancel();
    this.#hold = undefined;
  }

  #release(resource: Resource, ground: Ground): void {
    resource.holder = undefined;
    ground.released(resource);
  }

  #notice(): void {
    this.#idle = undefined;
    if (this.#state !== "writing" || this.#underWay || this.#pieces.bytes === 0) return;
    const left = HELD_BACK - (this.#clock.elapsed() - this.#heard);
    if (left > 0) this.#idle = this.#clock.after(left, () => this.#notice());
    else this.#write();
  }

  #resume(): void {
    this.#paused = false;
    // While we did not read, it was not the sender's turn.
    this.#heard = this.#clock.elapsed();
    this.#exchange.resume();
  }

  #held(): { readonly resource: Resource; readonly ground: Ground } {
    if (this.#hold === undefined) throw new AssertionFailure("an append that holds nothing writes nothing");
    return this.#hold;
  }
}
