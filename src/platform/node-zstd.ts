// zstd by the runtime's zlib, on the thread pool: level 3, one frame for each call, with a checksum, so that `zstd -t`
// finds damage as well. Looked up when it is first used: other commands and older runtimes load without it.

import type zlib from "node:zlib";
import { assert } from "../base/assert.ts";
import type { Codec } from "./codec.ts";

export const zstd: Codec = {
  compress(bytes) {
    const { zstdCompress, constants } = zlibModule();
    const params = { [constants.ZSTD_c_checksumFlag]: 1 };
    return new Promise((resolve, reject) =>
      zstdCompress(bytes, { params }, (error, result) => (error === null ? resolve(result) : reject(error))),
    );
  },
  decompress(bytes, most) {
    const { zstdDecompress } = zlibModule();
    return new Promise((resolve, reject) =>
      zstdDecompress(bytes, { maxOutputLength: most }, (error, result) =>
        error === null ? resolve(result) : reject(error),
      ),
    );
  },
};

function zlibModule(): typeof zlib {
  const found = process.getBuiltinModule("node:zlib");
  assert(typeof found?.zstdCompress === "function", "this runtime has zstd");
  return found;
}
