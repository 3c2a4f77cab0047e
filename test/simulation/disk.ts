// A file system in memory: inodes, names, hard links, and next to what processes see what a power cut would leave.
// Data of a file is durable up to its last fsync, names are durable once their directory was fsynced; what lies
// between is a journal of changes of names, in order. A freed inode number is given to the next file at once.

import type { Bytes } from "../../src/base/text.ts";
import type { Kind } from "../../src/platform/files.ts";
import { type Content, type Handle, Inode } from "./inode.ts";
import type { World } from "./world.ts";

interface NameChange {
  readonly directory: Inode;
  readonly name: Bytes;
  readonly after: Inode | undefined;
}

/** One change of names that a crash keeps or loses as a whole. */
export interface Operation {
  readonly order: number;
  readonly changes: readonly NameChange[];
}

/** Who is told of what happens to files. */
export interface DiskObserver {
  made?(inode: Inode): void;
  /** It got a name in `directory`. */
  named?(inode: Inode, directory: Inode, name: Bytes): void;
  appended?(inode: Inode, at: number): void;
  /** `before`: what the file held; it holds something else now. */
  replaced?(inode: Inode, before: Content): void;
  /** The last name is gone. */
  orphaned?(inode: Inode): void;
}

/**
 * `ordered`: an fsync of a directory makes all earlier changes durable too, as a journal does (ext4, XFS).
 * `separate`: only the changes of that directory, which is all that POSIX promises.
 */
export type NameOrder = "ordered" | "separate";

export class Disk {
  readonly world: World;
  readonly root: Inode;
  readonly names: NameOrder;
  readonly total: number;
  /** Bytes taken by nobody's files, to make the disk full. */
  ballast = 0;
  used = 0;
  /** Wall clock of the host. */
  wall: () => number = () => 0;
  observer: DiskObserver = {};
  /** Not durable yet. */
  journal: Operation[] = [];
  /** The next fsync fails. */
  failing = false;
  /** An fsync failed: nobody can tell what the disk holds before the host was restarted. */
  failed = false;
  order = 1;
  free: bigint[] = [];
  #next = 11n;

  constructor(world: World, names: NameOrder, total = 64 * 1024 * 1024) {
    this.world = world;
    this.names = names;
    this.total = total;
    this.root = new Inode("directory", 2n, "", 0o755);
    this.root.nlink = 2;
  }

  get room(): number {
    return Math.max(0, this.total - this.used - this.ballast);
  }

  find(path: string): Inode | undefined {
    let at: Inode | undefined = this.root;
    for (const name of path.split("/")) if (name !== "") at = at?.entries.get(name);
    return at;
  }

  /** What a power cut would leave at `path` at the least. */
  findDurable(path: string): Inode | undefined {
    let at: Inode | undefined = this.root;
    for (const name of path.split("/")) if (name !== "") at = at?.durableEntries.get(name);
    return at;
  }

  make(directory: Inode, name: Bytes, kind: Kind, mode: number): Inode {
    if (directory.entries.has(name)) throw errno("EEXIST");
    if (this.room === 0) throw errno("ENOSPC");
    const inode = new Inode(kind, this.#number(), `${directory.label}/${name}`, mode);
    inode.atimeMs = inode.mtimeMs = inode.ctimeMs = this.#time();
    this.#change([{ directory, name, after: inode }]);
    this.observer.made?.(inode);
    return inode;
  }

  link(inode: Inode, directory: Inode, name: Bytes): void {
    if (directory.entries.has(name)) throw errno("EEXIST");
    inode.ctimeMs = this.#time();
    this.#change([{ directory, name, after: inode }]);
  }

  rename(directory: Inode, name: Bytes, to: Bytes): void {
    const inode = directory.entries.get(name);
    if (inode === undefined) throw errno("ENOENT");
    if (directory.entries.get(to) === inode) return;
    for (const handle of inode.handles) {
      if (handle.directory === directory && handle.name === name) handle.name = to;
    }
    this.#change([
      { directory, name: to, after: inode },
      { directory, name, after: undefined },
    ]);
  }

  unlink(directory: Inode, name: Bytes): void {
    const inode = directory.entries.get(name);
    if (inode === undefined) throw errno("ENOENT");
    if (inode.kind === "directory" && inode.entries.size > 0) throw errno("ENOTEMPTY");
    this.#change([{ directory, name, after: undefined }]);
  }

  open(inode: Inode, directory: Inode, name: Bytes): Handle {
    const handle = { inode, directory, name };
    inode.handles.add(handle);
    return handle;
  }

  close(handle: Handle): void {
    handle.inode.handles.delete(handle);
    this.#release(handle.inode);
  }

  /** Appends what there is room for; throws ENOSPC where that is not all. */
  append(handle: Handle, bytes: Uint8Array): void {
    const { inode } = handle;
    const length = Math.min(bytes.byteLength, this.room);
    const at = inode.content.size;
    if (length > 0) {
      inode.content.append(bytes.subarray(0, length));
      this.used += length;
      inode.mtimeMs = inode.ctimeMs = this.#time();
      this.world.mix(length);
      this.observer.appended?.(inode, at);
      for (const watcher of inode.watchers) watcher.hint(null);
      if (handle.directory !== undefined) for (const watcher of handle.directory.watchers) watcher.hint(handle.name);
    }
    if (length < bytes.byteLength) throw errno("ENOSPC");
  }

  truncate(handle: Handle, size: number): void {
    const { inode } = handle;
    const before = inode.content;
    this.used += size - before.size;
    inode.content = before.first(size);
    inode.mtimeMs = inode.ctimeMs = this.#time();
    this.world.mix(size);
    this.observer.replaced?.(inode, before);
    for (const watcher of inode.watchers) watcher.hint(null);
    if (handle.directory !== undefined) for (const watcher of handle.directory.watchers) watcher.hint(handle.name);
  }

  /** What is to become durable is settled now; the function that is returned makes it so. */
  beginSync(inode: Inode): () => void {
    if (this.failing) {
      this.failing = false;
      this.failed = true;
      return () => {
        throw errno("EIO");
      };
    }
    const order = ++this.order;
    if (inode.kind === "directory") return () => this.#commit(inode, order);
    const { content } = inode;
    const { size } = content;
    return () => {
      if (order > inode.durable.order) inode.durable = { content, size, order };
    };
  }

  /** Takes the numbers in use from what is there. */
  recount(inUse: ReadonlySet<bigint>): void {
    this.free = this.free.filter((ino) => !inUse.has(ino));
  }

  #commit(directory: Inode, order: number): void {
    if (this.journal.length === 0) return;
    const isDone = (operation: Operation) =>
      operation.order <= order &&
      (this.names === "ordered" || operation.changes.some((change) => change.directory === directory));
    for (const operation of this.journal) if (isDone(operation)) applyDurably(operation);
    this.journal = this.journal.filter((operation) => !isDone(operation));
  }

  #change(changes: readonly NameChange[]): void {
    this.journal.push({ order: ++this.order, changes });
    for (const { directory, name, after } of changes) {
      const before = directory.entries.get(name);
      if (after === undefined) directory.entries.delete(name);
      else {
        directory.entries.set(name, after);
        after.nlink++;
        this.observer.named?.(after, directory, name);
      }
      if (before !== undefined) this.#unlinked(before, directory, name);
      directory.mtimeMs = directory.ctimeMs = this.#time();
      for (const watcher of directory.watchers) watcher.hint(name);
    }
  }

  #unlinked(inode: Inode, directory: Inode, name: Bytes): void {
    inode.nlink--;
    inode.ctimeMs = this.#time();
    for (const handle of inode.handles) {
      if (handle.directory === directory && handle.name === name) handle.directory = undefined;
    }
    for (const watcher of inode.watchers) watcher.hint(null);
    this.#release(inode);
  }

  #release(inode: Inode): void {
    if (inode.nlink > 0) return;
    this.observer.orphaned?.(inode);
    if (inode.handles.size > 0) return;
    this.used -= inode.content.size;
    // Where names may come back one by one, a number that is in use again could come back as well.
    if (this.names === "ordered" || this.journal.length === 0) this.free.push(inode.ino);
  }

  #number(): bigint {
    return this.free.pop() ?? this.#next++;
  }

  /** The kernel's clock for files ticks every 4 ms. */
  #time(): number {
    return Math.floor(this.wall() / 4) * 4;
  }
}

export function applyDurably({ changes }: Operation): void {
  for (const { directory, name, after } of changes) {
    if (after === undefined) directory.durableEntries.delete(name);
    else directory.durableEntries.set(name, after);
  }
}

export function errno(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code} (simulated)`), { code });
}
