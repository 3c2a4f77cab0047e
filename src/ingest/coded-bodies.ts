// The compressed bodies that are on their way, which are held in memory until they are whole and decoded: so many bytes in
// all. Who finds none left waits for it, in the order of coming, before the store hears of him: he holds no file meanwhile.

import type { Clock } from "../platform/clock.ts";
import type { Codec } from "../platform/codec.ts";
import type { Exchange } from "../platform/http-server.ts";
import { MAX_CODED_RANGE } from "../protocol/fields.ts";
import { CodedBody } from "./coded-body.ts";

/** Bytes of all bodies, as they come and decoded. At least those of one. */
const MEMORY = 4 * MAX_CODED_RANGE;

export class CodedBodies {
  readonly #codec: Codec;
  readonly #clock: Clock;
  #free = MEMORY;
  #waiting: CodedBody[] = [];

  constructor(codec: Codec, clock: Clock) {
    this.#codec = codec;
    this.#clock = clock;
  }

  /** How many wait for memory. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * The body of `exchange`: `coded` bytes that stand for `length`. `ready` is called when there is memory for it, with
   * undefined where its sender is gone by then. Whoever is told gives it back by `done`.
   */
  take(exchange: Exchange, coded: number, length: number, ready: (body: CodedBody | undefined) => void): void {
    const body = new CodedBody(exchange, coded, length, this.#codec, this.#clock, {
      isWanted: () => this.#waiting.length > 0,
      ready,
      given: () => this.#given(body),
    });
    this.#waiting.push(body);
    this.#grant();
  }

  #given(body: CodedBody): void {
    const at = this.#waiting.indexOf(body);
    if (at >= 0) this.#waiting.splice(at, 1);
    else this.#free += body.memory;
    this.#grant();
  }

  #grant(): void {
    for (let first = this.#waiting[0]; first !== undefined && first.memory <= this.#free; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= first.memory;
      first.begin();
    }
  }
}
