// What a server's disk holds of a file that was delivered to it: the file itself, or, where that was sealed, what its
// compressed copy stands for.

import zlib from "node:zlib";
import type { Disk } from "./disk.ts";
import { Content, type Inode } from "./inode.ts";
import { DATA } from "./source.ts";

const COMPRESSED = ".zst";

/** As processes see it; `path`: below the data directory. */
export function storedAt(disk: Disk, path: string): Content | undefined {
  const file = disk.find(`${DATA}/${path}`);
  if (file !== undefined) return file.content;
  const copy = disk.find(`${DATA}/${path}${COMPRESSED}`);
  return copy === undefined ? undefined : decoded(copy, copy.content.size);
}

/** Bytes of it that a power cut would leave at the least. */
export function durableAt(disk: Disk, path: string): number {
  const file = disk.findDurable(`${DATA}/${path}`);
  if (file !== undefined) return file.durable.size;
  const copy = disk.findDurable(`${DATA}/${path}${COMPRESSED}`);
  return copy === undefined ? 0 : (decoded(copy, copy.durable.size)?.size ?? 0);
}

const known = new WeakMap<Content, { readonly size: number; readonly decoded: Content | undefined }>();

/** Undefined where the first `size` bytes are no whole copy. */
function decoded({ content }: Inode, size: number): Content | undefined {
  const before = known.get(content);
  if (before?.size === size) return before.decoded;
  const whole = decode(content.view(0, size));
  known.set(content, { size, decoded: whole });
  return whole;
}

/** A frame for each leaf, one behind the other. */
function decode(copy: Buffer): Content | undefined {
  const content = new Content();
  try {
    for (let at = 0; at < copy.length; ) {
      const { buffer, engine } = zlib.zstdDecompressSync(copy.subarray(at), { info: true }) as unknown as {
        buffer: Buffer;
        engine: { bytesWritten: number };
      };
      content.append(buffer);
      at += engine.bytesWritten;
    }
    return content;
  } catch {
    return undefined;
  }
}
