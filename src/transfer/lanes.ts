// Who is served next, and over which connection. Small live appends have connections of their own, so that
// they never wait behind a backlog; large backlogs share a few connections with several ranges on the wire,
// and make way for each other after a turn; questions about many files, and many small new files, share two.

import { assert } from "../base/assert.ts";
import type { Clock } from "../platform/clock.ts";
import type { HttpClient, HttpConnection } from "../platform/http.ts";
import { Connections } from "./connections.ts";
import { LIVE, SMALL } from "./next-step.ts";
import type { Progress, Queue } from "./progress.ts";
import { Queues } from "./queues.ts";
import { SharedConnections } from "./shared-connections.ts";

/** Connections on which files are sent, of both lanes together. */
const CONCURRENCY = 11;
/** Of those for live appends, how many are left to them while files are asked about for the first time. */
const KEPT_FOR_LIVE = 2;
/** Ranges on the wire at once on a bulk connection to a strict server. */
const DEPTH = 4;
/** Connections for requests to a strict server about many files at once, and how many are on the wire on each. */
const SHARED_CONNECTIONS = 2;
const SHARED_DEPTH = 64;
/**
 * A bulk file makes way for the next one after this many bytes, and where none waits after that many: each end of a turn
 * waits for what is on the wire, over a long way a round trip or two.
 */
const TURN = 64 * 1024 * 1024;
const TURN_ALONE = 8 * TURN;

/** Instead of a number of bytes: nothing is sent, since others share the connection. */
export const ASK_ONLY = 0;

type Lane = Pick<Connections, "take" | "give">;

export interface LanesParts {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** `http://host:port` */
  readonly origin: string;
  /** Connections on which files are sent, from 2; a quarter of them for backlogs, the others for live appends. */
  readonly concurrency?: number | undefined;
  /** False while nothing may be sent. */
  readonly open: () => boolean;
  /** Serves one file; `depth`: ranges on the wire at once; about `most` bytes, SMALL for a new one, or ASK_ONLY. */
  readonly serve: (progress: Progress, connection: HttpConnection, depth: number, most: number) => Promise<void>;
  /** Nothing is on the wire any more. */
  readonly quiet: () => void;
}

export class Lanes {
  readonly #parts: LanesParts;
  readonly #queues = new Queues();
  readonly #live: Connections;
  readonly #bulk: Connections;
  readonly #shared: SharedConnections;
  /** How many of the live connections may be in use for one more file to be asked about. */
  readonly #forAsking: number;
  #depth = 1;
  #stopped = false;
  #whenQuiet: (() => void) | undefined;

  constructor(parts: LanesParts) {
    this.#parts = parts;
    const all = parts.concurrency ?? CONCURRENCY;
    const forBacklog = Math.ceil(all / 4);
    this.#forAsking = Math.max(1, all - forBacklog - KEPT_FOR_LIVE);
    this.#live = new Connections(parts.http, parts.origin, all - forBacklog, { pipelining: 1 });
    this.#bulk = new Connections(parts.http, parts.origin, forBacklog, { pipelining: 1 });
    this.#shared = new SharedConnections(parts.http, parts.origin, SHARED_CONNECTIONS, SHARED_DEPTH);
  }

  /** Requests are on the wire. */
  get busy(): boolean {
    return this.#live.busy + this.#bulk.busy + this.#shared.busy > 0;
  }

  /** Several ranges of a file may be on the wire only where each is refused that does not fit. */
  setStrict(strict: boolean): void {
    this.#depth = strict ? DEPTH : 1;
    this.#bulk.use({ pipelining: this.#depth });
  }

  /** `progress` wants to be served. */
  add(progress: Progress, queue: Queue): void {
    this.#queues.add(progress, queue);
    this.pump();
  }

  remove(progress: Progress): void {
    this.#queues.remove(progress);
  }

  /** Serves as many as there are connections for. */
  pump(): void {
    while (this.#mayServe() && !this.#queues.isEmpty("live")) {
      if (!this.#serveNext(this.#live, "live", 1, LIVE)) break;
    }
    while (this.#mayServe() && !this.#queues.isEmpty("new")) {
      if (!this.#serveNext(this.#depth > 1 ? this.#shared : this.#live, "new", 1, SMALL)) break;
    }
    while (this.#mayServe() && !this.#queues.isEmpty("cold")) {
      if (this.#depth > 1) {
        if (!this.#serveNext(this.#shared, "cold", 1, ASK_ONLY)) break;
      } else if (this.#live.busy >= this.#forAsking) break;
      else if (!this.#serveNext(this.#live, "cold", 1, LIVE)) break;
    }
    while (this.#mayServe() && !this.#queues.isEmpty("bulk")) {
      if (!this.#serveNext(this.#bulk, "bulk", this.#depth, TURN)) break;
    }
  }

  /** Runs `ask` with a free connection, if there is one. */
  async probe<T>(ask: (connection: HttpConnection) => Promise<T>): Promise<T | undefined> {
    const connection = this.#stopped ? undefined : this.#live.take();
    if (connection === undefined) return undefined;
    const answer = await ask(connection);
    // Whatever resumes now begins on a fresh one: this one may be about to end, and no word of it come in time.
    connection.destroy();
    this.#release(this.#live, connection);
    return answer;
  }

  /** Begins nothing new, waits at most `ms` for what is on the wire, then breaks it off. */
  async stop(ms: number): Promise<void> {
    this.#stopped = true;
    if (this.busy) {
      await new Promise<void>((resolve) => {
        const timer = this.#parts.clock.after(ms, resolve);
        this.#whenQuiet = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#live.destroy();
    this.#bulk.destroy();
    this.#shared.destroy();
  }

  #mayServe(): boolean {
    return !this.#stopped && this.#parts.open();
  }

  #serveNext(lane: Lane, queue: Queue, depth: number, most: number): boolean {
    const connection = lane.take();
    if (connection === undefined) return false;
    const progress = this.#queues.take(queue);
    assert(progress !== undefined, "a queue that is not empty has a first");
    const turn = most === TURN && this.#queues.isEmpty(queue) ? TURN_ALONE : most;
    void this.#parts.serve(progress, connection, depth, turn).then(() => {
      this.#release(lane, connection);
      this.pump();
    });
    return true;
  }

  #release(lane: Lane, connection: HttpConnection): void {
    lane.give(connection);
    if (this.busy) return;
    this.#whenQuiet?.();
    if (!this.#stopped) this.#parts.quiet();
  }
}
