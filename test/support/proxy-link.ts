// One connection through the recording proxy: two pumps, one for each direction, and the faults that the plan asks
// for. Half-closed ends are passed on as such, so that neither side sees more than a plain connection would show.

import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { answerLength, type Exchange, statusOf } from "./exchange.ts";
import { fieldOf, type Head, HttpStream, type Part } from "./http-stream.ts";
import type { Throttle } from "./throttle.ts";

/** A limited link carries pieces of at least so many bytes, and of at least 5 ms, since timers are coarse. */
const LEAST_PIECE = 4 * 1024;
const PIECES_A_SECOND = 200;

/** What a link needs of its proxy. */
export interface Recorder {
  readonly throttle: Throttle;
  readonly hidden: string | undefined;
  begin(connection: number, head: Head): Exchange;
  /** All of a request has come. */
  readonly whole: (exchange: Exchange) => void;
}

export class Link {
  readonly #id: number;
  readonly #recorder: Recorder;
  readonly #client: net.Socket;
  readonly #server: net.Socket;
  /** Requests that the server has not answered yet. */
  readonly #waiting: Exchange[] = [];
  /** What came since nothing is passed on any more. */
  #held: Buffer[] | undefined;
  #frozen: PromiseWithResolvers<void> | undefined;
  #request: Exchange | undefined;
  #answering: Exchange | undefined;
  /** It was cut: an answer that comes late is that of nobody who still waits. */
  #isCut = false;

  constructor(client: net.Socket, to: { host: string; port: number }, id: number, recorder: Recorder) {
    this.#id = id;
    this.#recorder = recorder;
    this.#client = client;
    this.#server = net.connect({ ...to, allowHalfOpen: true, noDelay: true });
    for (const socket of [client, this.#server]) socket.on("error", () => {});
    client.on("close", () => this.#lost());
    void this.#pumpRequests();
    void this.#pumpAnswers();
  }

  /** Breaks both halves. */
  cut(how: "fin" | "rst"): void {
    this.#isCut = true;
    this.#lost();
    for (const socket of [this.#server, this.#client]) {
      // One whose end is on its way cannot be reset any more: libuv refuses, and the runtime waits for it for ever.
      if (how === "rst" && !socket.writableEnded) socket.resetAndDestroy();
      else socket.end(() => socket.destroy());
    }
  }

  /** What was held back goes on to the server. */
  async release(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const bytes of held) await this.#write(bytes);
    this.#frozen?.resolve();
    this.#frozen = undefined;
  }

  destroy(): void {
    this.#frozen?.resolve();
    this.#client.destroy();
    this.#server.destroy();
  }

  async #pumpRequests(): Promise<void> {
    const stream = new HttpStream();
    try {
      for await (const chunk of this.#client) {
        for (const part of stream.push(chunk as Buffer)) await this.#onRequest(part);
      }
    } catch {
      // reset by the client
    }
    this.#lost();
    if (this.#held === undefined) this.#server.end();
  }

  async #onRequest(part: Part): Promise<void> {
    if (part.kind === "head") {
      this.#request = this.#recorder.begin(this.#id, part.head);
      this.#waiting.push(this.#request);
      if (this.#isCut) this.#lost();
    }
    if (this.#request === undefined) return;
    if (part.kind === "end") return this.#recorder.whole(this.#request);
    if (part.kind === "body") {
      this.#request.received += part.bytes.length;
      this.#request.raw?.push(Buffer.from(part.bytes));
    }
    if (this.#request.struck && this.#request.fault?.kind === "cut") return;
    await this.#pass(part.kind, part.bytes, this.#request);
  }

  /** Passes on what the fault lets through, and has the fault happen at its byte. */
  async #pass(kind: "head" | "body", bytes: Buffer, exchange: Exchange): Promise<void> {
    const { fault } = exchange;
    const limit = fault !== undefined && "after" in fault && !exchange.struck ? fault.after : Number.POSITIVE_INFINITY;
    const now = kind === "head" ? bytes : bytes.subarray(0, Math.max(0, limit - exchange.passed));
    await this.#write(now);
    if (kind === "body") exchange.passed += now.length;
    if (exchange.passed === limit) await this.#strike(exchange);
    if (now.length < bytes.length) await this.#write(bytes.subarray(now.length));
  }

  async #strike(exchange: Exchange): Promise<void> {
    const { fault } = exchange;
    exchange.struck = true;
    if (fault?.kind === "cut") this.cut(fault.how);
    if (fault?.kind === "hold" || fault?.kind === "freeze") this.#held ??= [];
    if (fault?.kind !== "freeze") return;
    // That the client has given up is not seen any more.
    this.#lost();
    this.#frozen = Promise.withResolvers();
    await this.#frozen.promise;
  }

  async #write(bytes: Buffer): Promise<void> {
    const { throttle } = this.#recorder;
    const { rate } = throttle;
    const piece = rate === undefined ? bytes.length : Math.max(LEAST_PIECE, Math.floor(rate / PIECES_A_SECOND));
    for (let at = 0; at < bytes.length; at += piece) {
      const next = bytes.subarray(at, at + piece);
      if (this.#held !== undefined) {
        this.#held.push(Buffer.from(next));
        continue;
      }
      await throttle.pass(next.length);
      await send(this.#server, next);
    }
  }

  async #pumpAnswers(): Promise<void> {
    const stream = new HttpStream((head) => answerLength(head, this.#waiting[0]?.method ?? ""));
    try {
      for await (const chunk of this.#server) {
        for (const part of stream.push(chunk as Buffer)) await this.#onAnswer(part);
      }
    } catch {
      // reset by the server
    }
    if (this.#held === undefined) this.#client.end(() => this.#client.destroy());
  }

  async #onAnswer(part: Part): Promise<void> {
    if (part.kind === "head") await this.#beginAnswer(part.head);
    const exchange = this.#answering;
    const { fault } = exchange ?? {};
    if (fault?.kind === "swallow" && exchange?.status !== undefined) return this.cut(fault.how);
    if (this.#held !== undefined || fault?.kind === "withhold") return;
    if (part.kind !== "end") return await send(this.#client, this.#without(part));
    if (exchange?.status === undefined) return; // 100 Continue
    this.#waiting.shift();
    exchange.settledAt ??= performance.now();
  }

  async #beginAnswer(head: Head): Promise<void> {
    this.#answering = this.#waiting[0];
    const status = statusOf(head);
    if (this.#answering === undefined || status < 200) return;
    const told = fieldOf(head, "upload-offset");
    this.#answering.status = status;
    this.#answering.told = told === undefined ? undefined : Number(told);
    this.#answering.life = fieldOf(head, "shaftlog-start");
    if (this.#answering.fault?.kind === "delay") await sleep(this.#answering.fault.ms);
  }

  #without(part: Exclude<Part, { kind: "end" }>): Buffer {
    const { hidden } = this.#recorder;
    if (part.kind === "body" || hidden === undefined) return part.bytes;
    const lines = part.bytes.toString("latin1").split("\r\n");
    const kept = lines.filter((line) => !line.toLowerCase().startsWith(`${hidden}:`));
    return Buffer.from(kept.join("\r\n"), "latin1");
  }

  /** The client gets no more answers on this connection. */
  #lost(): void {
    for (const exchange of this.#waiting.splice(0)) {
      exchange.broken = exchange.settledAt === undefined;
      exchange.settledAt ??= performance.now();
    }
  }
}

async function send(socket: net.Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || !socket.writable || bytes.length === 0 || socket.write(bytes)) return;
  const waiting = new AbortController();
  const { signal } = waiting;
  await Promise.race([once(socket, "drain", { signal }), once(socket, "close", { signal })]).catch(() => {});
  waiting.abort();
}
