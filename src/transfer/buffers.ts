// The memory that one destination's ranges are read into: reused, so that a backlog of any size costs a few
// buffers. Small ranges take memory of their own, which is cheaper than keeping it.

const POOLED = 64 * 1024;
const KEPT = 16;

export class Buffers {
  #free: Buffer[] = [];

  take(length: number): Uint8Array {
    if (length < POOLED) return Buffer.allocUnsafe(length);
    const buffer = this.#free.pop();
    return buffer !== undefined && buffer.length >= length ? buffer : Buffer.allocUnsafeSlow(length);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length >= POOLED && this.#free.length < KEPT) this.#free.push(buffer as Buffer);
  }

  /** Lets go of the memory while there is nothing to send. */
  clear(): void {
    this.#free = [];
  }
}
