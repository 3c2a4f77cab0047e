// The running client is asked to do what sync-once does: to look at everything now, and to bring over all that is there.
// Promises the same as sync-once, with what the client has at work already: each file is looked at, asked about and
// compared anew, and the report says of each destination what is durable there. Done in slices beside live delivery;
// the progress and the report go to whoever asked, and what he does not wait for any more ends.

import type { Discovery } from "../discovery/discover.ts";
import { type Clock, delay } from "../platform/clock.ts";
import type { LinePeer } from "../platform/local-socket.ts";
import type { Entry, Generation, SpoolListener } from "../spool/entry.ts";
import { inSlices } from "../spool/slices.ts";
import type { Spools } from "../spool/spools.ts";
import type { DestinationWatch } from "../status/destination-watch.ts";
import type { Question } from "../status/questions.ts";
import type { Asked } from "./status-socket.ts";
import { allAnnounced } from "./sync-announced.ts";
import type { SyncAnswer } from "./sync-asked.ts";
import { type Receiver, SyncGoals } from "./sync-goals.ts";
import { type FileReport, fileReport, problemReports, resultOf } from "./sync-report.ts";

/** ms between two tellings of the progress. */
const TELL_EVERY = 1_000;
/** Files told of in one line of the report. */
const FILES_A_LINE = 100;

export interface ClientSyncsParts {
  readonly clock: Clock;
  readonly spools: Spools;
  /** Says which configuration is in force (sync-asked.ts). */
  readonly config: string;
}

/** Hears of the spool before the destinations do. */
export class ClientSyncs implements SpoolListener {
  readonly #parts: ClientSyncsParts;
  readonly #active = new Set<SyncGoals>();

  constructor(parts: ClientSyncsParts) {
    this.#parts = parts;
  }

  added(generation: Generation): void {
    for (const goals of this.#active) goals.added(generation);
  }

  changed(entry: Entry): void {
    for (const goals of this.#active) goals.changed(entry);
  }

  released(generation: Generation): void {
    for (const goals of this.#active) goals.released(generation);
  }

  begin(
    question: Extract<Question, { ask: "sync" }>,
    peer: LinePeer,
    discovery: Discovery,
    watches: readonly DestinationWatch[],
  ): Asked {
    const say = (answer: SyncAnswer) => peer.send(answer);
    if (question.config !== this.#parts.config) {
      say({ cannot: "it was started with another configuration: restart it" });
      peer.end();
      return { stop() {} };
    }
    const receivers = watches.map((watch) => new SyncReceiver(watch));
    const goals = new SyncGoals(receivers, this.#parts.clock, question.timeout_ms);
    let stopped = false;
    goals.listening();
    this.#active.add(goals);
    const end = () => {
      this.#active.delete(goals);
      for (const receiver of receivers) receiver.close();
      peer.end();
    };
    this.#run(goals, receivers, discovery, peer, () => stopped).then(end, (error: unknown) => {
      say({ cannot: error instanceof Error ? error.message : String(error) });
      end();
    });
    return {
      stop(reason) {
        stopped = true;
        goals.stop(reason);
      },
    };
  }

  async #run(
    goals: SyncGoals,
    receivers: readonly SyncReceiver[],
    discovery: Discovery,
    peer: LinePeer,
    stopped: () => boolean,
  ): Promise<void> {
    const { clock, spools } = this.#parts;
    const began = clock.elapsed();
    const shrunk = spools.counts().shrunk;
    await spools.sweep();
    const { problems } = await discovery.scanOnce();
    const unfinished = stopped();
    if (!unfinished) {
      for (const receiver of receivers) await receiver.doubt(clock, spools.generations());
      goals.begin(spools.generations());
      for (const receiver of receivers) receiver.tellHopeless(spools.generations());
      let told = clock.elapsed();
      const tell = () => {
        if (clock.elapsed() - told < TELL_EVERY || peer.busy) return;
        told = clock.elapsed();
        peer.send({ progress: goals.totals() } satisfies SyncAnswer);
      };
      await goals.reached(tell, () => spools.settled());
    }
    const files: FileReport[] = problemReports(
      problems,
      receivers.map(({ url }) => url),
    );
    await slices(clock, goals.results(), (result) => files.push(fileReport(result)));
    const result = resultOf(files, spools.counts().shrunk > shrunk, unfinished || !allAnnounced(spools));
    if (!stopped()) await spools.retain();
    for (let i = 0; i < files.length; i += FILES_A_LINE) {
      while (peer.busy && !stopped()) await delay(clock, 5);
      peer.send({ files: files.slice(i, i + FILES_A_LINE) } satisfies SyncAnswer);
      await delay(clock, 0);
    }
    const bytesSent = receivers.reduce((sum, one) => sum + one.bytesSent, 0);
    const elapsed = Math.round(clock.elapsed() - began);
    peer.send({ report: { result, bytes_sent: bytesSent, elapsed_ms: elapsed } } satisfies SyncAnswer);
  }
}

/** A destination as one sync sees it: what was sent before does not count. */
class SyncReceiver implements Receiver {
  onChange: Receiver["onChange"] = () => {};
  readonly #watch: DestinationWatch;
  readonly #sentBefore: number;
  readonly #changed: Receiver["onChange"] = (progress) => this.onChange(progress);

  constructor(watch: DestinationWatch) {
    this.#watch = watch;
    this.#sentBefore = watch.destination.bytesSent;
    watch.alsoChanged.add(this.#changed);
  }

  get url(): string {
    return this.#watch.destination.url;
  }

  get outage(): Receiver["outage"] {
    return this.#watch.destination.outage;
  }

  get bytesSent(): number {
    return this.#watch.destination.bytesSent - this.#sentBefore;
  }

  get lastProgressAt(): number {
    return this.#watch.destination.lastProgressAt;
  }

  progressOf(generation: Generation): ReturnType<Receiver["progressOf"]> {
    return this.#watch.destination.progressOf(generation);
  }

  /** Whatever was believed is asked about and compared anew, and what waits is tried again. */
  async doubt(clock: Clock, generations: Iterable<Generation>): Promise<void> {
    const { destination } = this.#watch;
    destination.faults.hurry(destination.strict);
    await slices(clock, generations, (generation) => {
      const progress = destination.progressOf(generation);
      if (progress !== undefined) destination.doubts.one(progress);
    });
  }

  /** Of what is never tried again nobody will hear. */
  tellHopeless(generations: Iterable<Generation>): void {
    for (const generation of generations) {
      const progress = this.progressOf(generation);
      if (progress?.fault?.retryAt === Number.POSITIVE_INFINITY) this.onChange(progress);
    }
  }

  close(): void {
    this.#watch.alsoChanged.delete(this.#changed);
  }
}

function slices<T>(clock: Clock, items: Iterable<T>, each: (item: T) => void): Promise<void> {
  return inSlices(
    clock,
    (function* () {
      for (const item of items) {
        each(item);
        yield;
      }
    })(),
    () => false,
  );
}
