// One request at the simulated server: its body is held back until somebody reads, its answer is decided once and leaves
// when its turn has come on its connection.

import type { BodyReader, Exchange, Peer } from "../../src/platform/http-server.ts";
import type { WireAnswer, WireRequest } from "./network.ts";
import type { Life, World } from "./world.ts";

/** The connection as its requests see it. */
export interface Line {
  readonly id: number;
  readonly listener: {
    readonly network: { readonly world: World };
    readonly host: string;
    readonly life: Life;
    readonly heldBack: number;
    /** For every answer. */
    readonly fields: readonly string[];
    readonly observer: { answers(life: Life, host: string, request: WireRequest, answer: WireAnswer): void };
  };
  read(): void;
  answered(close: boolean): void;
  destroy(): void;
}

export class SimExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly version = "1.1";
  readonly fields: readonly string[];
  readonly peer: Peer = { address: "client", certificate: { kind: "not-asked" } };
  readonly request: WireRequest;
  said: WireAnswer | undefined;
  closes = false;
  readonly #connection: Line;
  #reader: BodyReader | undefined;
  #missing: number;
  #buffer: Uint8Array[] = [];
  #buffered = 0;
  #wanted = false;
  #flowing = false;

  constructor(connection: Line, request: WireRequest) {
    this.#connection = connection;
    this.request = request;
    this.method = request.method;
    this.target = request.target;
    this.fields = request.fields;
    this.#missing = request.body.byteLength;
  }

  get connection(): number {
    return this.#connection.id;
  }

  /** Whether the next piece of the wire can be taken. */
  takes(): boolean {
    return this.#flowing || this.closes || this.#missing === 0 || this.#buffered < this.#connection.listener.heldBack;
  }

  feed(bytes: Uint8Array): void {
    this.#missing -= bytes.byteLength;
    this.#buffer.push(bytes);
    this.#buffered += bytes.byteLength;
    this.#flow();
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
  }

  pause(): void {
    this.#wanted = false;
    this.#flowing = false;
  }

  /** What is used in spite of that shows as bytes that nobody sent. */
  release(chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) chunk.fill(0xff);
  }

  resume(): void {
    const { world } = this.#connection.listener.network;
    const { life } = this.#connection.listener;
    this.#wanted = true;
    world.after(
      0,
      () => {
        if (!this.#wanted) return;
        this.#flowing = true;
        this.#flow();
        this.#connection.read();
      },
      life,
    );
  }

  /** Nothing is read for seconds here. */
  working(): void {}

  answer(status: number, fields: readonly string[], _body: string | undefined, close: boolean): void {
    const { listener } = this.#connection;
    listener.network.world.enter(listener.life);
    if (this.said !== undefined) return;
    this.closes = close;
    if (close) this.#reader = undefined;
    this.said = { status, fields: [...listener.fields, ...fields, ...(close ? ["Connection", "close"] : [])] };
    // Here is where it is decided; it leaves when its turn has come on its connection.
    listener.observer.answers(listener.life, listener.host, this.request, this.said);
    this.#connection.answered(close);
  }

  destroy(): void {
    this.#connection.destroy();
  }

  /** The connection is gone. */
  broken(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) return;
    for (const bytes of this.#buffer) reader.data(bytes);
    if (this.#missing === 0) reader.end();
    else reader.broken();
  }

  #flow(): void {
    const { listener } = this.#connection;
    while (this.#flowing && this.#reader !== undefined) {
      const bytes = this.#buffer.shift();
      if (bytes === undefined) break;
      this.#buffered -= bytes.byteLength;
      const reader = this.#reader;
      listener.network.world.guard(listener.life, () => reader.data(bytes));
    }
    if (this.#flowing && this.#missing === 0 && this.#buffer.length === 0) {
      const reader = this.#reader;
      this.#reader = undefined;
      if (reader !== undefined) listener.network.world.guard(listener.life, () => reader.end());
    }
  }
}
