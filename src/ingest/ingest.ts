// The listener: each request is read, judged and answered once. Promises: refusals are given before any file is
// looked at and before a body is read, so they tell nothing of files; every answer carries the id of this life; what
// is in flight when the server stops is finished, within the time it is given. docs/PROTOCOL.md.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Codec } from "../platform/codec.ts";
import type { Exchange, HttpServer, Listener, Notice, TlsMaterial } from "../platform/http-server.ts";
import { CODING } from "../protocol/fields.ts";
import type { Store } from "../store/store.ts";
import { type Answer, answerToHead, answerToPut, answerToRefusal, SERVER_START, STOPPING } from "./answers.ts";
import { type Activity, Callers } from "./callers.ts";
import { CodedBodies } from "./coded-bodies.ts";
import { carriedOut, denied, noticed } from "./events.ts";
import type { Caller } from "./identity.ts";
import type { IngestOptions } from "./options.ts";
import { type Gate, malformed, type PutWish, readRequest } from "./request.ts";
import type { Tokens } from "./tokens.ts";

export interface IngestParts {
  readonly http: HttpServer;
  readonly store: Store;
  readonly clock: Clock;
  /** Of compressed bodies. */
  readonly codec: Codec;
  readonly emit: Emit;
  /** Whether each request is told (a debug event). */
  readonly verbose: boolean;
  /** The id of this life. */
  readonly start: string;
  /** Plain HTTP without. */
  readonly tls: TlsMaterial | undefined;
  /** Those that hold now; undefined where tokens are not asked for. */
  readonly tokens: () => Tokens | undefined;
}

/** Requests since the start, by what became of them. */
export interface IngestCounts {
  readonly connections: number;
  /** HEAD: answered with a size or with "nothing there". */
  readonly asked: number;
  readonly appended: number;
  /** 416 */
  readonly notAtEnd: number;
  /** 4xx but 416, and 404 to HEAD. */
  readonly refused: number;
  /** 5xx */
  readonly failed: number;
  /** Connections that broke inside a body. */
  readonly torn: number;
}

/** Open from its making until `stop`. */
export class Ingest {
  readonly #options: IngestOptions;
  readonly #parts: IngestParts;
  readonly #callers: Callers;
  readonly #bodies: CodedBodies;
  #listener: Listener | undefined;
  #stopping = false;
  #asked = 0;
  #appended = 0;
  #notAtEnd = 0;
  #refused = 0;
  #failed = 0;
  #torn = 0;

  private constructor(options: IngestOptions, parts: IngestParts) {
    this.#options = options;
    this.#parts = parts;
    this.#bodies = new CodedBodies(parts.codec, parts.clock);
    this.#callers = new Callers(options.clientPrefix, parts.tokens, parts.clock, parts.emit);
  }

  /** Rejects with the kernel's code where the address cannot be had. */
  static async open(options: IngestOptions, parts: IngestParts): Promise<Ingest> {
    const ingest = new Ingest(options, parts);
    const where = {
      address: options.bindAddress,
      port: options.listenPort,
      fields: [SERVER_START, parts.start, "Accept-Encoding", CODING],
      limits: options.connectionLimits,
      tls: parts.tls,
      keyOf: ingest.#callers.keyOf.bind(ingest.#callers),
      noticed: (notice: Notice) => parts.emit(noticed(notice)),
    };
    ingest.#listener = await parts.http.listen(where, (exchange) => ingest.#handle(exchange));
    return ingest;
  }

  get address(): string {
    return this.#listener?.address ?? "";
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  counts(): IngestCounts {
    return {
      connections: this.#listener?.connections() ?? 0,
      asked: this.#asked,
      appended: this.#appended,
      notAtEnd: this.#notAtEnd,
      refused: this.#refused,
      failed: this.#failed,
      torn: this.#torn,
    };
  }

  activities(): Iterable<Readonly<Activity>> {
    return this.#callers.activities();
  }

  /** New TLS material; see Listener. */
  renew(material: TlsMaterial, distrust: boolean): boolean {
    return this.#listener?.renew(material, distrust) ?? false;
  }

  /** Takes no more requests; cuts off after `grace` ms what is not finished by then. */
  async stop(grace: number): Promise<void> {
    if (this.#listener === undefined || this.#stopping) return;
    this.#stopping = true;
    const listener = this.#listener;
    const closed = listener.close();
    const patience = this.#parts.clock.after(grace, () => listener.destroy());
    await closed;
    patience.cancel();
  }

  #handle(exchange: Exchange): void {
    const caller = this.#callers.of(exchange);
    const wish = readRequest(exchange, this.#gate(caller));
    const done = (answer: Answer | undefined) => this.#answer(exchange, caller, answer);
    if (wish.kind === "refused") {
      if (wish.status === 403) this.#parts.emit(denied(exchange, caller));
      done(answerToRefusal(wish));
    } else if (this.#stopping) done(STOPPING);
    else if (wish.kind === "head") {
      if (wish.want !== undefined) exchange.working();
      this.#parts.store.head(wish.path, wish.want, (outcome) => {
        if (outcome.kind === "size") this.#callers.granted(caller, exchange, wish.path, 0);
        done(answerToHead(outcome));
      });
    } else if (wish.coded === undefined) {
      this.#put(wish, caller, exchange, done);
    } else {
      this.#bodies.take(exchange, wish.coded, wish.range.end - wish.range.start, (body) => {
        if (body === undefined) return done(undefined);
        this.#put(wish, caller, body, (answer) => {
          const { fault } = body;
          body.done();
          done(fault === undefined ? answer : answerToRefusal(malformed(fault)));
        });
      });
    }
  }

  #put(wish: PutWish, caller: Caller, exchange: Exchange, done: (answer: Answer | undefined) => void): void {
    const owner = caller.kind === "known" ? caller.identity.prefix : undefined;
    this.#parts.store.put(wish.path, wish, owner, exchange, (outcome) => {
      if (outcome.kind === "appended") {
        this.#callers.granted(caller, exchange, wish.path, wish.range.end - wish.range.start);
      }
      done(answerToPut(outcome));
    });
  }

  #gate(caller: Caller): Gate {
    return {
      limits: this.#options.requestLimits,
      takes: (path) => this.#options.validateRegex.test(path),
      admits: (path) => admits(caller, path),
    };
  }

  #answer(exchange: Exchange, caller: Caller, answer: Answer | undefined): void {
    this.#count(exchange, answer?.status);
    if (this.#parts.verbose) this.#parts.emit(carriedOut(exchange, caller, answer?.status));
    if (answer !== undefined) exchange.answer(answer.status, answer.fields, answer.body, answer.close);
  }

  #count(exchange: Exchange, status: number | undefined): void {
    if (status === undefined) this.#torn++;
    else if (status === 201 || status === 204) this.#appended++;
    else if (status === 200 || (status === 404 && exchange.method === "HEAD")) this.#asked++;
    else if (status === 416) this.#notAtEnd++;
    else if (status < 500) this.#refused++;
    else this.#failed++;
  }
}

function admits(caller: Caller, path: Bytes): 401 | 403 | undefined {
  if (caller.kind === "anyone") return undefined;
  if (caller.kind === "unknown") return 401;
  return path.startsWith(caller.identity.prefix) ? undefined : 403;
}
