// zstd (RFC 8878) by the runtime's zlib, on the thread pool: level 3, one frame for each call, with a checksum, so that `zstd -t`
// finds damage as well. Looked up when it is first used: other commands and older runtimes load without it.

import type zlib from "node:zlib";
import { assert } from "../base/assert.ts";
import type { Codec } from "./codec.ts";

/** 8 MiB: what a frame asks for beyond that is refused before it is taken. */
const WINDOW_LOG = 23;

/** Each piece of a result is a way to another thread and back. Bytes; those of a decoded one come in one piece. */
const PIECE = 256 * 1024;
const SPARE = 64;

/** What the `info` option makes of a result. */
interface Informed {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

export const zstd: Codec = {
  compress(bytes) {
    const { zstdCompress, constants } = zlibModule();
    const params = { [constants.ZSTD_c_checksumFlag]: 1 };
    const chunkSize = Math.max(1024, Math.min(PIECE, bytes.byteLength));
    return new Promise((resolve, reject) =>
      zstdCompress(bytes, { params, chunkSize }, (error, result) => (error === null ? resolve(result) : reject(error))),
    );
  },
  decompress(bytes, most) {
    const { zstdDecompress, constants } = zlibModule();
    const params = { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG };
    return new Promise((resolve, reject) =>
      zstdDecompress(bytes, { maxOutputLength: most, chunkSize: most + SPARE, params, info: true }, (error, result) => {
        if (error !== null) return reject(error);
        // What is behind the first frame is passed over in silence.
        const { buffer, engine } = result as unknown as Informed;
        if (engine.bytesWritten === bytes.byteLength) resolve(buffer);
        else reject(new Error("something is behind the frame"));
      }),
    );
  },
};

function zlibModule(): typeof zlib {
  const found = process.getBuiltinModule("node:zlib");
  assert(typeof found?.zstdCompress === "function", "this runtime has zstd");
  return found;
}
