// What a destination has shown of itself: the id of its life, which is the sign of a strict server, and whether it
// tells digests. Another id means another life, of which nothing is known yet (docs/PROTOCOL.md, section 7).

export type Heard = "first" | "same" | "another life";

export class ServerLife {
  #start: string | undefined;
  #verifies: boolean | undefined;
  #heardAt: number | undefined;

  /** Clock.elapsed() of the last answer; undefined before the first. */
  get heardAt(): number | undefined {
    return this.#heardAt;
  }

  /** It refuses whatever is not at the end. */
  get strict(): boolean {
    return this.#start !== undefined;
  }

  /** It tells digests; undefined: not shown yet. */
  get verifies(): boolean | undefined {
    return this.#verifies;
  }

  /** An answer came at `now` with the id `start`, undefined where it had none. */
  heard(start: string | undefined, now: number): Heard {
    const first = this.#heardAt === undefined;
    this.#heardAt = now;
    if (!first && start === this.#start) return "same";
    this.#start = start;
    this.#verifies = start === undefined ? false : undefined;
    return first ? "first" : "another life";
  }

  /** An answer that may carry a digest did or did not. True where that is news. */
  showed(digest: boolean): boolean {
    if (this.#verifies !== undefined) return false;
    this.#verifies = digest;
    return true;
  }
}
