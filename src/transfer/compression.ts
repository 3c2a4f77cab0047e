// Compression on the way to one destination: whether it takes compressed bodies in this life, and what is worth it.
// It has to offer it first, so that nothing is sent that it cannot read; once it refused one, it gets none before it is
// started anew (docs/PROTOCOL.md, section 15).

import type { Codec } from "../platform/codec.ts";
import type { Coded, Said } from "./remote.ts";

/** Bytes: a line or two go as they are, which costs less time than they save. */
const LEAST = 1024;
/** What is not made smaller than this part goes as it is: it is compressed already, or encrypted. */
const WORTH = 0.95;
/** How many ranges in a row are not even tried, where none of those that were was worth it. */
const MOST_SKIPPED = 64;
/** What is the coding's fault: not taken, not implemented. */
const REFUSALS: ReadonlySet<number> = new Set([415, 501]);
/** What may be: malformed, but a name that the server does not take is that as well. */
const MALFORMED = 400;

export class Compression {
  readonly #codec: Codec;
  readonly #without: (cause: string) => void;
  #life: string | undefined;
  #offered = false;
  #refused = false;
  /** Files of which the next bytes go as they are, to find out what was malformed. */
  readonly #inQuestion = new WeakSet<object>();
  #spared = 0;
  /** So many ranges go as they are before the next one is tried, and so many did the last time. */
  #toSkip = 0;
  #skipped = 0;

  /** `without`: told once in a life of the server that it takes none, and why. */
  constructor(codec: Codec, without: (cause: string) => void) {
    this.#codec = codec;
    this.#without = without;
  }

  /** Bytes that were acknowledged and did not have to be sent, since the start. */
  get spared(): number {
    return this.#spared;
  }

  /** An answer came. */
  heard({ start, takesCoded }: Pick<Said, "start" | "takesCoded">): void {
    const isAnother = start !== this.#life;
    if (isAnother) this.#refused = false;
    this.#life = start;
    this.#offered = takesCoded;
    // Of a server that is none of ours it is told anyway that it is none.
    if (isAnother && start !== undefined && !takesCoded) this.#without("it offers none");
  }

  /** The next `bytes` of `file` as they are to be sent; undefined: as they are. Never rejects. */
  async code(file: object, bytes: Uint8Array): Promise<Coded | undefined> {
    const life = this.#life;
    if (this.#inQuestion.has(file)) return undefined;
    if (life === undefined || !this.#offered || this.#refused || bytes.byteLength < LEAST) return undefined;
    if (this.#toSkip > 0) {
      this.#toSkip--;
      return undefined;
    }
    const body = await this.#codec.compress(bytes).catch(() => undefined);
    const isWorthIt = body !== undefined && body.byteLength <= WORTH * bytes.byteLength;
    this.#skipped = isWorthIt ? 0 : Math.min(MOST_SKIPPED, 2 * this.#skipped + 1);
    this.#toSkip = this.#skipped;
    if (!isWorthIt) return undefined;
    return life === this.#life && !this.#refused ? { body, life } : undefined;
  }

  /** Bytes of `file` were acknowledged, of which `spared` did not have to be sent. */
  appended(file: object, spared: number): void {
    this.#spared += spared;
    if (spared === 0 && this.#inQuestion.delete(file)) this.#refuse(MALFORMED);
  }

  /** A compressed body of `file` was answered with `status`. True where the same bytes are to be sent as they are. */
  refused(file: object, status: number): boolean {
    if (REFUSALS.has(status)) this.#refuse(status);
    else if (status === MALFORMED) this.#inQuestion.add(file);
    else return false;
    return true;
  }

  #refuse(status: number): void {
    if (this.#offered && !this.#refused) this.#without(`it answered ${status} to one`);
    this.#refused = true;
  }
}
