// How much is sent in one PUT. Pure but for the number it keeps. Large where the destination answers at once,
// small where it is slow, so that an answer comes every second or so whatever the link is: that is what tells
// a slow link from a dead one. Larger still over a long way, where what is on the wire is all that is under way in a
// round trip.

const LEAST = 64 * 1024;
const MOST = 2 * 1024 * 1024;
const MOST_FAR = 8 * 1024 * 1024;
/** All ranges together that are on the wire at once. */
const ALL = 4 * MOST_FAR;
/** ms: no range was ever answered sooner than that after it was sent, so the way is long. */
const FAR = 20;
/** ms: an answer within FAST doubles the range, one after SLOW halves it. */
const FAST = 250;
const SLOW = 1_000;

export class Window {
  #size = 4 * LEAST;
  /** What the destination takes. */
  #taken = MOST_FAR;
  /** ms from sending to the answer, the shortest since the connections work. */
  #shortest = Number.POSITIVE_INFINITY;
  /** How many ranges of backlogs may be on the wire just now. */
  #ranges = 0;

  /** Bytes of the next range. */
  get size(): number {
    return Math.min(this.#size, Math.floor(ALL / Math.max(this.#ranges, 1)));
  }

  /** One more backlog is sent, with `depth` ranges on the wire at once. */
  begin(depth: number): void {
    this.#ranges += depth;
  }

  /** It makes way. */
  end(depth: number): void {
    this.#ranges -= depth;
  }

  /** A range of `length` bytes was answered `ms` after it was the oldest on its connection, `all` after it was sent. */
  answered(length: number, ms: number, all: number): void {
    this.#shortest = Math.min(this.#shortest, all);
    const most = Math.min(this.#taken, this.#shortest >= FAR ? MOST_FAR : MOST);
    if (ms > SLOW) this.#size = Math.max(LEAST, this.#size / 2);
    else if (ms < FAST && length >= this.#size) this.#size = Math.min(most, this.#size * 2);
    else this.#size = Math.min(most, this.#size);
  }

  /** A request was given up or the connection broke: begin small again. */
  broken(): void {
    this.#size = Math.max(LEAST, this.#size / 4);
    this.#shortest = Number.POSITIVE_INFINITY;
  }

  /** The destination takes no range of `length` bytes. False where it takes none of a sensible size. */
  tooLarge(length: number): boolean {
    if (length <= LEAST) return false;
    this.#taken = Math.max(LEAST, 2 ** Math.floor(Math.log2(length - 1)));
    this.#size = Math.min(this.#size, this.#taken);
    return true;
  }
}
