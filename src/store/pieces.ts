// The bytes of a body that came and are not written yet, as they came. Bounded by whoever adds: a sender of tiny
// pieces must not fill the memory with their bookkeeping, and writev(2) takes 1024.

const MOST = 256;

export class Pieces {
  #all: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** `chunk`: about how many bytes are worth a write. */
  isDue(chunk: number): boolean {
    return this.#bytes >= chunk || this.#all.length >= MOST;
  }

  add(piece: Uint8Array): void {
    this.#all.push(piece);
    this.#bytes += piece.byteLength;
  }

  /** All of them; none are left. */
  take(): readonly Uint8Array[] {
    const all = this.#all;
    this.#all = [];
    this.#bytes = 0;
    return all;
  }
}
