// A compressed body on its way to the store: taken into memory whole, decoded and checked, and only then handed over, so
// that nothing is written of what is no such body (docs/PROTOCOL.md, section 15). To the store it is an exchange like any
// other.

import type { Clock, Timer } from "../platform/clock.ts";
import type { Codec } from "../platform/codec.ts";
import type { BodyReader, Exchange, Peer } from "../platform/http-server.ts";

/** ms: a body that is not there by then makes room for others. */
const PATIENCE = 10_000;

/** The memory that a body takes. */
interface Lender {
  /** Whether others wait for it. */
  isWanted(): boolean;
  ready(body: CodedBody | undefined): void;
  given(): void;
}

export class CodedBody implements Exchange, BodyReader {
  /** Bytes that it takes. */
  readonly memory: number;
  readonly #exchange: Exchange;
  readonly #coded: number;
  readonly #length: number;
  readonly #codec: Codec;
  readonly #clock: Clock;
  readonly #lender: Lender;
  #state: "waiting" | "ready" | "coming" | "decoding" | "over" = "waiting";
  #chunks: Uint8Array[] = [];
  #here = 0;
  #reader: BodyReader | undefined;
  #patience: Timer | undefined;
  #fault: string | undefined;

  constructor(exchange: Exchange, coded: number, length: number, codec: Codec, clock: Clock, lender: Lender) {
    this.memory = coded + length;
    this.#exchange = exchange;
    this.#coded = coded;
    this.#length = length;
    this.#codec = codec;
    this.#clock = clock;
    this.#lender = lender;
    exchange.read(this);
  }

  /** What is wrong with the body, where that is why it broke off. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** There is memory for it. */
  begin(): void {
    this.#state = "ready";
    this.#hurry();
    this.#lender.ready(this);
  }

  /** Gives the memory back. */
  done(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#chunks = [];
    this.#patience?.cancel();
    this.#lender.given();
  }

  /** Somebody who sends next to nothing must not keep the memory from others. */
  #hurry(): void {
    this.#patience = this.#clock.after(PATIENCE, () => {
      if (this.#state === "decoding" || this.#state === "over") return;
      if (this.#lender.isWanted()) this.#exchange.destroy();
      else this.#hurry();
    });
  }

  // BodyReader: what comes from the connection.

  data(chunk: Uint8Array): void {
    if (this.#state !== "coming") return;
    this.#chunks.push(chunk);
    this.#here += chunk.byteLength;
    const all = this.#here === this.#coded;
    this.#reader?.arrived(all);
    if (!all) return;
    this.#state = "decoding";
    const body = Buffer.concat(this.#chunks, this.#coded);
    this.#exchange.release(this.#chunks);
    this.#chunks = [];
    this.#codec.decompress(body, this.#length).then(
      (bytes) => this.#decoded(bytes),
      () => this.#malformed("the body is not one whole zstd frame, or is longer than its range when it is decoded"),
    );
  }

  arrived(): void {}

  end(): void {
    if (this.#state === "waiting") this.#gone();
    else if (this.#state === "ready") this.#reader?.end();
  }

  broken(): void {
    if (this.#state === "waiting") this.#gone();
    else this.#reader?.broken();
  }

  #gone(): void {
    this.done();
    this.#lender.ready(undefined);
  }

  #decoded(bytes: Uint8Array): void {
    if (this.#state !== "decoding") return;
    if (bytes.byteLength === this.#length) this.#reader?.data(bytes);
    else
      this.#malformed(`the body is ${bytes.byteLength} bytes long when it is decoded, and its range ${this.#length}`);
  }

  #malformed(fault: string): void {
    if (this.#state !== "decoding") return;
    this.#fault = fault;
    this.#reader?.broken();
  }

  // Exchange: what the store makes of it.

  get method(): string {
    return this.#exchange.method;
  }
  get target(): string {
    return this.#exchange.target;
  }
  get version(): string {
    return this.#exchange.version;
  }
  get fields(): readonly string[] {
    return this.#exchange.fields;
  }
  get peer(): Peer {
    return this.#exchange.peer;
  }
  get connection(): number {
    return this.#exchange.connection;
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
  }

  /** Handed over in one piece: there is nothing to hold back. */
  pause(): void {}

  resume(): void {
    if (this.#state !== "ready") return;
    this.#state = "coming";
    this.#exchange.resume();
  }

  release(chunks: readonly Uint8Array[]): void {
    this.#exchange.release(chunks);
  }
  working(): void {
    this.#exchange.working();
  }
  answer(status: number, fields: readonly string[], body: string | undefined, close: boolean): void {
    this.#exchange.answer(status, fields, body, close);
  }
  destroy(): void {
    this.#exchange.destroy();
  }
}
