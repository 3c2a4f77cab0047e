// How much is sent in one PUT. Pure but for the number it keeps. Large where the destination answers at once,
// small where it is slow, so that an answer comes every second or so whatever the link is: that is what tells
// a slow link from a dead one.

const LEAST = 64 * 1024;
const MOST = 2 * 1024 * 1024;
/** ms: an answer within FAST doubles the range, one after SLOW halves it. */
const FAST = 250;
const SLOW = 1_000;

export class Window {
  #size = 4 * LEAST;
  #most = MOST;

  /** Bytes of the next range. */
  get size(): number {
    return this.#size;
  }

  /** A range of `length` bytes was answered `ms` after it was the oldest on its connection. */
  answered(length: number, ms: number): void {
    if (ms > SLOW) this.#size = Math.max(LEAST, this.#size / 2);
    else if (ms < FAST && length >= this.#size) this.#size = Math.min(this.#most, this.#size * 2);
  }

  /** A request was given up or the connection broke: begin small again. */
  broken(): void {
    this.#size = Math.max(LEAST, this.#size / 4);
  }

  /** The destination takes no range of `length` bytes. False where it takes none of a sensible size. */
  tooLarge(length: number): boolean {
    if (length <= LEAST) return false;
    this.#most = Math.max(LEAST, 2 ** Math.floor(Math.log2(length - 1)));
    this.#size = Math.min(this.#size, this.#most);
    return true;
  }
}
