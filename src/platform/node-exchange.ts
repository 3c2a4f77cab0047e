// One request on node:http as an Exchange. Promises: at most one answer, in the order of the connection's
// requests; behind a closing answer nothing is handed over; a closing answer is not lost to a reset.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { PROCESSING } from "../protocol/fields.ts";
import type { BodyReader, Exchange, Peer } from "./http-server.ts";

/** How long the other side may take to read a closing answer while it may still be sending. */
const LINGER = 1_000;
/** Chunks below this size are left to the garbage collector, which is cheaper. Bytes. */
const WORTH_RELEASING = 16 * 1024;

export interface Connection {
  readonly id: number;
  readonly peer: Peer;
  /** Requests handed over and not answered yet. */
  open: number;
  /** No further request of this connection is handed over. */
  ending: boolean;
  /** Whose body is coming in. */
  reading: NodeExchange | undefined;
}

export class NodeExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #connection: Connection;
  readonly #always: readonly string[];
  #continues: boolean;
  #reader: BodyReader | undefined;
  /** How often the reading began or stopped. */
  #turns = 0;
  #working: NodeJS.Timeout | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    connection: Connection,
    always: readonly string[],
    continues: boolean,
  ) {
    this.method = req.method ?? "";
    this.target = req.url ?? "";
    this.version = req.httpVersion;
    this.fields = req.rawHeaders;
    this.#req = req;
    this.#res = res;
    this.#connection = connection;
    this.#always = always;
    this.#continues = continues;
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  get connection(): number {
    return this.#connection.id;
  }

  /** The same number twice, and odd: the body was read from then to now without a stop of ours. */
  get turns(): number {
    return this.#turns;
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
    this.#connection.reading = this;
    const req = this.#req;
    // Paused first: a "data" listener would start the flow by itself.
    req.pause();
    req.on("data", (chunk: Uint8Array) => this.#reader?.data(chunk));
    req.on("end", () => this.#take()?.end());
    req.on("error", () => {});
    req.on("close", () => {
      clearInterval(this.#working);
      const left = this.#take();
      if (left === undefined) return;
      // What was held back when the connection broke did arrive.
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) left.data(chunk);
      if (req.complete) left.end();
      else left.broken();
    });
  }

  pause(): void {
    this.#turns += this.#turns % 2;
    this.#req.pause();
  }

  resume(): void {
    clearInterval(this.#working);
    this.#turns += 1 - (this.#turns % 2);
    if (this.#continues) {
      this.#continues = false;
      this.#res.writeContinue();
    }
    this.#req.resume();
  }

  working(): void {
    if (this.version !== "1.1") return;
    this.#working = setInterval(() => this.#res.writeProcessing(), PROCESSING).unref();
  }

  release(chunks: readonly Uint8Array[]): void {
    // Each chunk is memory of its own outside of the heap. V8 hurries after what piles up there with full
    // collections, a third of all work; given back by hand, the next chunk takes the same memory, still in the cache.
    for (const { buffer, byteLength } of chunks) {
      if (byteLength >= WORTH_RELEASING && byteLength === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
    }
  }

  answer(status: number, fields: readonly string[], body: string | undefined, close: boolean): void {
    const res = this.#res;
    if (res.headersSent) return;
    clearInterval(this.#working);
    const all = [...this.#always, ...fields];
    if (close) {
      this.#connection.ending = true;
      this.#take();
      all.push("Connection", "close");
      this.#req.resume();
    }
    res.writeHead(status, all);
    res.end(body);
  }

  destroy(): void {
    this.#connection.ending = true;
    this.#req.socket.destroy();
  }

  #take(): BodyReader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    if (this.#connection.reading === this) this.#connection.reading = undefined;
    return reader;
  }
}

/** Ends our side, goes on reading for a moment, then ends all. Idempotent. */
export function linger(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
}
