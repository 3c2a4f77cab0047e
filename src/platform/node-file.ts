// One open file on Linux (the port is files.ts, directories are node-files.ts). Small calls are the synchronous ones;
// large reads and writes, and waiting for a disk, are asynchronous.

import fs from "node:fs";
import type { Glance, OpenFile, Stat } from "./files.ts";

export class NodeFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  stat(): Stat {
    return statOf(fs.fstatSync(this.#fd, { bigint: true }));
  }

  glance(): Glance | undefined {
    return glanceOf(fs.fstatSync(this.#fd));
  }

  async read(into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    let done = 0;
    while (done < length) {
      const count = await new Promise<number>((resolve, reject) =>
        fs.read(this.#fd, into, offset + done, length - done, position + done, (error, read) =>
          error ? reject(error) : resolve(read),
        ),
      );
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  readNow(into: Uint8Array, offset: number, length: number, position: number): number {
    let done = 0;
    while (done < length) {
      const count = fs.readSync(this.#fd, into, offset + done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    let rest = pieces;
    while (rest.length > 0) {
      const count = await new Promise<number>((resolve, reject) =>
        fs.writev(this.#fd, rest, null, (error, written) => (error ? reject(error) : resolve(written))),
      );
      rest = after(rest, count);
    }
  }

  appendNow(pieces: readonly Uint8Array[]): void {
    let rest = pieces;
    while (rest.length > 0) rest = after(rest, fs.writevSync(this.#fd, rest));
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => fs.fdatasync(this.#fd, (error) => (error ? reject(error) : resolve())));
  }

  syncNow(): void {
    fs.fdatasyncSync(this.#fd);
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/** What of `pieces` is left once `count` bytes are written. */
function after(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (let i = 0; i < pieces.length; i++) {
    const piece = pieces[i] as Uint8Array;
    if (left < piece.byteLength) return [piece.subarray(left), ...pieces.slice(i + 1)];
    left -= piece.byteLength;
  }
  return [];
}

/** Undefined where a number has lost bits on its way here. */
export function glanceOf({ dev, ino, size, nlink, ctimeMs }: fs.Stats): Glance | undefined {
  if (!Number.isSafeInteger(ino) || !Number.isSafeInteger(dev)) return undefined;
  return { dev, ino, size, nlink, ctimeMs: Math.floor(ctimeMs) };
}

export function statOf(stat: fs.BigIntStats): Stat {
  const type = Number(stat.mode) & fs.constants.S_IFMT;
  return {
    kind:
      type === fs.constants.S_IFREG
        ? "file"
        : type === fs.constants.S_IFDIR
          ? "directory"
          : type === fs.constants.S_IFLNK
            ? "link"
            : "other",
    dev: stat.dev,
    ino: stat.ino,
    size: Number(stat.size),
    nlink: Number(stat.nlink),
    uid: Number(stat.uid),
    mode: Number(stat.mode) & 0o7777,
    atimeMs: Number(stat.atimeMs),
    mtimeMs: Number(stat.mtimeMs),
    ctimeMs: Number(stat.ctimeMs),
  };
}
