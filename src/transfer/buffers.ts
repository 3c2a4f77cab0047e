// The memory that one destination's ranges are read into: reused, so that a backlog of any size costs a few
// buffers. Small ranges take memory of their own, which is cheaper than keeping it.

const POOLED = 64 * 1024;
/** Bytes: as many as are on the wire at most (window.ts), with what is read before each range. */
const KEPT = 33 * 1024 * 1024;

export class Buffers {
  #free: Buffer[] = [];
  #kept = 0;

  take(length: number): Uint8Array {
    if (length < POOLED) return Buffer.allocUnsafe(length);
    const buffer = this.#free.pop();
    this.#kept -= buffer?.length ?? 0;
    return buffer !== undefined && buffer.length >= length ? buffer : Buffer.allocUnsafeSlow(length);
  }

  give(buffer: Uint8Array): void {
    if (buffer.length < POOLED || this.#kept + buffer.length > KEPT) return;
    this.#kept += buffer.length;
    this.#free.push(buffer as Buffer);
  }

  /** Lets go of the memory while there is nothing to send. */
  clear(): void {
    this.#free = [];
    this.#kept = 0;
  }
}
