// The port for compression: one piece of memory at a time, in another thread, so that memory stays bounded and nobody
// waits. What `compress` gives can be put one behind the other, and any zstd reads it as one file.

export interface Codec {
  compress(bytes: Uint8Array): Promise<Uint8Array>;
  /**
   * Rejects where that is not one whole piece of `compress` and nothing behind it, or is more than `most` bytes. Never takes
   * much more memory than those.
   */
  decompress(bytes: Uint8Array, most: number): Promise<Uint8Array>;
}
