// The port for compression, for one process: real zstd, done at once and told after a time of chance, as by a thread
// beside it.

import zlib from "node:zlib";
import type { Codec } from "../../src/platform/codec.ts";
import type { Life, World } from "./world.ts";

/** The longest that one call takes, in ms. */
const SLOWEST = 20;

export function simCodec(world: World, life: Life, plant: string | undefined): Codec {
  const later = <T>(work: () => T): Promise<T> => {
    world.enter(life);
    return new Promise((resolve, reject) => {
      const tell = () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error);
        }
      };
      world.after(world.prng.time(0.05, SLOWEST), tell, life);
    });
  };
  return {
    // The bytes as they are when it ends: whoever changes them meanwhile is found out.
    compress: (bytes) => later(() => zlib.zstdCompressSync(bytes)),
    decompress: (bytes, most) =>
      later(() => {
        const decoded = decompress(bytes, most);
        if (plant === "decodes-wrongly") decoded[0] = (decoded[0] ?? 0) ^ 1;
        return decoded;
      }),
  };
}

/** What `coded` stands for. Throws where that is no zstd frame, or more than `most` bytes. */
export function decompress(coded: Uint8Array, most: number): Uint8Array {
  return zlib.zstdDecompressSync(coded, { maxOutputLength: most });
}
