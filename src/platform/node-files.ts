// The port for files on Linux. Node has no openat(2); /proc/self/fd/N/name is the same thing: the kernel
// resolves it from the open directory N (proc(5)), so a directory that is swapped meanwhile does not matter.
// Directories are opened O_PATH, which needs search permission only. Small calls are the synchronous ones:
// the asynchronous forms cost twenty times as much (thread pool); waiting for a disk is asynchronous.

import fs from "node:fs";
import { assert } from "../base/assert.ts";
import type { Bytes } from "../base/text.ts";
import { isAscii } from "../base/text.ts";
import type { Directory, Files, Kind, Listed, OpenFile, Stat, Watch } from "./files.ts";

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants;
const O_PATH = 0o10000000; // asm-generic/fcntl.h; not among Node's constants
const OPEN_FILE = O_NOFOLLOW | O_NONBLOCK;

export const nodeFiles: Files = {
  open(path, follow) {
    assert(path.startsWith("/"), "a directory is opened by its absolute path");
    if (follow) return new NodeDirectory(fs.openSync(raw(path), O_PATH | O_DIRECTORY));
    let at = new NodeDirectory(fs.openSync("/", O_PATH | O_DIRECTORY));
    for (const name of path.split("/")) {
      if (name === "") continue;
      const parent = at;
      try {
        at = parent.directory(name);
      } finally {
        parent.close();
      }
    }
    return at;
  },
  uid: () => process.geteuid?.() ?? 0,
};

class NodeDirectory implements Directory {
  readonly #fd: number;
  readonly #base: string;
  #stat: Stat | undefined;

  constructor(fd: number) {
    this.#fd = fd;
    this.#base = `/proc/self/fd/${fd}/`;
  }

  // Not read before it is asked for: a walk over many directories asks for few.
  get stat(): Stat {
    this.#stat ??= this.now();
    return this.#stat;
  }

  now(): Stat {
    return statOf(fs.fstatSync(this.#fd, { bigint: true }));
  }

  again(): NodeDirectory {
    return new NodeDirectory(fs.openSync(`${this.#base}.`, O_PATH | O_DIRECTORY));
  }

  directory(name: Bytes): NodeDirectory {
    return new NodeDirectory(fs.openSync(this.#child(name), O_PATH | O_DIRECTORY | O_NOFOLLOW));
  }

  space(): { free: number; total: number } {
    const { bavail, blocks, bsize } = fs.statfsSync(this.#base);
    return { free: bavail * bsize, total: blocks * bsize };
  }

  list(): Listed[] {
    // "latin1" hands the bytes of each name through, one char per byte.
    const found = fs.readdirSync(this.#base, { withFileTypes: true, encoding: "latin1" });
    return found.map((entry) => ({ name: entry.name, kind: kindOfEntry(entry) }));
  }

  lstat(name: Bytes): Stat | undefined {
    const stat = fs.lstatSync(this.#child(name), { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? undefined : statOf(stat);
  }

  readlink(name: Bytes): Bytes {
    return fs.readlinkSync(this.#child(name), "latin1");
  }

  openRead(name: Bytes): OpenFile {
    return new NodeFile(fs.openSync(this.#child(name), O_RDONLY | OPEN_FILE));
  }

  openAppend(name: Bytes): OpenFile {
    return new NodeFile(fs.openSync(this.#child(name), O_RDWR | O_APPEND | OPEN_FILE));
  }

  create(name: Bytes, mode: number): OpenFile {
    return new NodeFile(fs.openSync(this.#child(name), O_RDWR | O_APPEND | O_CREAT | O_EXCL | OPEN_FILE, mode));
  }

  mkdir(name: Bytes, mode: number): void {
    fs.mkdirSync(this.#child(name), { mode });
  }

  link(name: Bytes, into: Directory, to: Bytes): void {
    assert(into instanceof NodeDirectory, "link stays within one implementation");
    fs.linkSync(this.#child(name), into.#child(to));
  }

  rename(name: Bytes, to: Bytes): void {
    fs.renameSync(this.#child(name), this.#child(to));
  }

  unlink(name: Bytes): void {
    fs.unlinkSync(this.#child(name));
  }

  rmdir(name: Bytes): void {
    fs.rmdirSync(this.#child(name));
  }

  chmod(mode: number): void {
    fs.chmodSync(`${this.#base}.`, mode);
  }

  async sync(): Promise<void> {
    const fd = this.#readable();
    try {
      await new Promise<void>((resolve, reject) => fs.fsync(fd, (error) => (error ? reject(error) : resolve())));
    } finally {
      fs.closeSync(fd);
    }
  }

  syncNow(): void {
    const fd = this.#readable();
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  watch(changed: (name: Bytes | null) => void): Watch {
    // inotify follows /proc/self/fd/N to the inode itself; the descriptor may be closed afterwards. Of what happens to
    // the directory itself libuv says the last part of the path that it was given: ".".
    return watchPath(`${this.#base}.`, (name) => changed(name === "." ? null : name));
  }

  watchFile(name: Bytes, changed: () => void): Watch {
    return watchPath(this.#child(name), changed);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  // fsync(2) does not take an O_PATH descriptor.
  #readable(): number {
    return fs.openSync(`${this.#base}.`, O_RDONLY | O_DIRECTORY);
  }

  #child(name: Bytes): string | Buffer {
    assert(name !== "" && name !== "." && name !== ".." && !name.includes("/"), "a name is one path component");
    return raw(this.#base + name);
  }
}

class NodeFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  stat(): Stat {
    return statOf(fs.fstatSync(this.#fd, { bigint: true }));
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

function watchPath(path: string | Buffer, changed: (name: Bytes | null) => void): Watch {
  // An unref'd watch never keeps the process alive; the error event stands for "watch is over".
  const watcher = fs.watch(path, { persistent: false, encoding: "latin1" as BufferEncoding });
  watcher.on("change", (_kind, name) => changed(typeof name === "string" ? name : null));
  watcher.on("error", () => changed(null));
  return { close: () => watcher.close() };
}

// A string path would be encoded as UTF-8; bytes above 0x7f must go to the kernel as they are.
function raw(path: Bytes): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}

function kindOfEntry(entry: fs.Dirent): Kind | "unknown" {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "link";
  if (entry.isFIFO() || entry.isSocket() || entry.isBlockDevice() || entry.isCharacterDevice()) return "other";
  return "unknown"; // some file systems do not say
}

function statOf(stat: fs.BigIntStats): Stat {
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
