// The port for files on Linux. Node has no openat(2); /proc/self/fd/N/name is the same thing: the kernel
// resolves it from the open directory N (proc(5)), so a directory that is swapped meanwhile does not matter.
// Directories are opened O_PATH, which needs search permission only. Small calls are the synchronous ones:
// the asynchronous forms cost twenty times as much (thread pool); waiting for a disk is asynchronous.

import fs from "node:fs";
import { assert } from "../base/assert.ts";
import type { Bytes } from "../base/text.ts";
import { isAscii } from "../base/text.ts";
import type { Directory, Files, Glance, Kind, Listed, OpenFile, Stat, Watch } from "./files.ts";
import { KeptOpen, orWithoutKept } from "./kept-open.ts";
import { glanceOf, NodeFile, statOf } from "./node-file.ts";

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = fs.constants;
const O_PATH = 0o10000000; // asm-generic/fcntl.h; not among Node's constants
/** tmpfs and ramfs (statfs(2)). */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
const MAY_MISS = { throwIfNoEntry: false };
const OPEN_FILE = O_NOFOLLOW | O_NONBLOCK;

/**
 * And ext2 to 4, XFS, Btrfs, F2FS, JFS, ZFS, bcachefs (linux/magic.h). What others write elsewhere makes no hint on those
 * left out.
 */
const SHOWING: ReadonlySet<number> = new Set([
  ...IN_MEMORY,
  ...[0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x3153464a, 0x2fc12fc1, 0xca451a4e],
]);

export const nodeFiles: Files = {
  open(path, follow) {
    assert(path.startsWith("/"), "a directory is opened by its absolute path");
    if (follow) return new NodeDirectory(open(raw(path), O_PATH | O_DIRECTORY), path);
    let at = new NodeDirectory(open("/", O_PATH | O_DIRECTORY));
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
  /** What a glance begins with: the path that it was opened by, which is shorter for the kernel. */
  readonly #near: string;
  readonly #kept = new KeptOpen<NodeDirectory>();
  #stat: Stat | undefined;
  #users = 1;

  constructor(fd: number, path?: Bytes) {
    this.#fd = fd;
    this.#base = `/proc/self/fd/${fd}/`;
    this.#near = path === undefined ? this.#base : `${path}/`;
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
    return new NodeDirectory(open(`${this.#base}.`, O_PATH | O_DIRECTORY));
  }

  directory(name: Bytes): NodeDirectory {
    const known = this.#kept.take(name);
    if (known !== undefined) return known;
    const opened = new NodeDirectory(open(this.#child(name), O_PATH | O_DIRECTORY | O_NOFOLLOW));
    this.#kept.keep(name, opened);
    return opened;
  }

  space(): { free: number; total: number } {
    const { bavail, blocks, bsize } = fs.statfsSync(this.#base);
    return { free: bavail * bsize, total: blocks * bsize };
  }

  showsWrites(): boolean {
    try {
      return SHOWING.has(fs.statfsSync(this.#base).type);
    } catch {
      return false;
    }
  }

  inMemory(): boolean {
    return IN_MEMORY.has(fs.statfsSync(this.#base).type);
  }

  list(): Listed[] {
    // "latin1" hands the bytes of each name through, one char per byte.
    const found = orWithoutKept(() => fs.readdirSync(this.#base, { withFileTypes: true, encoding: "latin1" }));
    return found.map((entry) => ({ name: entry.name, kind: kindOfEntry(entry) }));
  }

  lstat(name: Bytes): Stat | undefined {
    const stat = fs.lstatSync(this.#child(name), { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? undefined : statOf(stat);
  }

  glance(path: Bytes): Glance | undefined {
    try {
      for (let to = path.indexOf("/"); to >= 0; to = path.indexOf("/", to + 1)) {
        if (fs.lstatSync(raw(this.#near + path.slice(0, to)), MAY_MISS)?.isDirectory() !== true) return undefined;
      }
      const stat = fs.lstatSync(raw(this.#near + path), MAY_MISS);
      return stat?.isFile() === true ? glanceOf(stat) : undefined;
    } catch {
      return undefined;
    }
  }

  readlink(name: Bytes): Bytes {
    return fs.readlinkSync(this.#child(name), "latin1");
  }

  openRead(name: Bytes): OpenFile {
    return new NodeFile(open(this.#child(name), O_RDONLY | OPEN_FILE));
  }

  openAppend(name: Bytes): OpenFile {
    return new NodeFile(open(this.#child(name), O_RDWR | O_APPEND | OPEN_FILE));
  }

  create(name: Bytes, mode: number): OpenFile {
    return new NodeFile(open(this.#child(name), O_RDWR | O_APPEND | O_CREAT | O_EXCL | OPEN_FILE, mode));
  }

  mkdir(name: Bytes, mode: number): void {
    fs.mkdirSync(this.#child(name), { mode });
  }

  link(name: Bytes, into: Directory, to: Bytes): void {
    assert(into instanceof NodeDirectory, "link stays within one implementation");
    fs.linkSync(this.#child(name), into.#child(to));
  }

  rename(name: Bytes, to: Bytes): void {
    this.#kept.drop(name);
    this.#kept.drop(to);
    fs.renameSync(this.#child(name), this.#child(to));
  }

  unlink(name: Bytes): void {
    fs.unlinkSync(this.#child(name));
  }

  rmdir(name: Bytes): void {
    this.#kept.drop(name);
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

  share(): void {
    this.#users++;
  }

  close(): void {
    if (--this.#users > 0) return;
    this.#kept.dropAll();
    fs.closeSync(this.#fd);
  }

  // fsync(2) does not take an O_PATH descriptor.
  #readable(): number {
    return open(`${this.#base}.`, O_RDONLY | O_DIRECTORY);
  }

  #child(name: Bytes): string | Buffer {
    assert(name !== "" && name !== "." && name !== ".." && !name.includes("/"), "a name is one path component");
    return raw(this.#base + name);
  }
}

function open(path: string | Buffer, flags: number, mode?: number): number {
  return orWithoutKept(() => fs.openSync(path, flags, mode));
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
