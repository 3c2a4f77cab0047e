// What a power cut leaves of a file system, and copies of one from earlier times. Of the changes of names that were
// not durable a prefix is kept; of bytes that were not durable any prefix, or none, or all, or (where asked for)
// the size with zeros in the place of bytes, or a hole of zeros before bytes that were written later.

import type { Bytes } from "../../src/base/text.ts";
import { applyDurably, type Disk } from "./disk.ts";
import type { Content, Inode } from "./inode.ts";

export interface Tearing {
  /** How often a file that was not synced keeps its size with zeros at its end, or gets a hole. */
  readonly zeros: number;
}

/** No process runs any more: leaves on `disk` what was durable, and of the rest what chance decides. */
export function cutPower(disk: Disk, tearing: Tearing): void {
  const { prng } = disk.world;
  visit(disk.root, "entries", (inode) => {
    inode.nlink = 0;
  });
  const kept = prng.below(disk.journal.length + 1);
  for (const operation of disk.journal.slice(0, kept)) applyDurably(operation);
  disk.journal = [];
  disk.failing = false;
  disk.failed = false;
  const counts = new Map<Inode, number>();
  visit(disk.root, "durableEntries", (inode) => counts.set(inode, (counts.get(inode) ?? 0) + 1));
  const inUse = new Set<bigint>();
  disk.used = 0;
  for (const [inode, count] of counts) {
    inode.nlink = count;
    inode.handles.clear();
    inode.watchers.clear();
    inUse.add(inode.ino);
    if (inode.kind === "directory") inode.entries = new Map(inode.durableEntries);
    else tear(disk, inode, tearing);
    disk.used += inode.content.size;
  }
  disk.recount(inUse);
}

function visit(directory: Inode, which: "entries" | "durableEntries", see: (inode: Inode) => void): void {
  for (const inode of directory[which].values()) {
    see(inode);
    if (inode.kind === "directory") visit(inode, which, see);
  }
}

function tear(disk: Disk, inode: Inode, { zeros }: Tearing): void {
  const { prng } = disk.world;
  const { content: now, durable } = inode;
  const sameFile = durable.content === now;
  // Where it was cut since the last fsync, the cut itself may be lost.
  const lostCut = !sameFile && prng.chance(0.5);
  const whole = lostCut ? durable.content : now;
  const least = sameFile || lostCut ? durable.size : 0;
  const most = lostCut ? durable.size : now.size;
  let size = prng.chance(0.3) ? most : prng.between(least, most);
  if (size < whole.size || lostCut) {
    let content = whole.first(size);
    if (prng.chance(zeros) && most > size) {
      content = whole.first(size);
      content.append(Buffer.alloc(prng.between(1, most - size)));
      size = content.size;
      if (prng.chance(0.5)) content.append(whole.view(size, most));
    }
    inode.content = content;
    disk.observer.replaced?.(inode, now);
  }
  inode.durable = { content: inode.content, size: inode.content.size, order: ++disk.order };
}

/** A copy of everything below a directory, as a backup has it. */
export interface Backup {
  readonly files: ReadonlyMap<string, Content>;
}

export function backUp(directory: Inode, path = "", files = new Map<string, Content>()): Backup {
  for (const [name, inode] of directory.entries) {
    if (inode.kind === "directory") backUp(inode, `${path}${name}/`, files);
    else files.set(path + name, inode.content.first(inode.content.size));
  }
  return { files };
}

/** Replaces everything below `directory` by what the backup holds; all of it is durable. Whoever does it makes room first. */
export function restore(disk: Disk, directory: Inode, backup: Backup): void {
  disk.journal = [];
  disk.ballast = 0;
  const drop = (from: Inode) => {
    for (const inode of from.entries.values()) {
      if (inode.kind === "directory") drop(inode);
      disk.used -= inode.content.size;
    }
  };
  drop(directory);
  directory.entries = new Map();
  for (const [path, content] of backup.files) {
    const names = path.split("/");
    const leaf = names.pop() as Bytes;
    let at = directory;
    for (const name of names) at = at.entries.get(name) ?? disk.make(at, name, "directory", 0o750);
    const inode = disk.make(at, leaf, "file", 0o640);
    inode.content = content.first(content.size);
    disk.used += content.size;
  }
  settle(disk, disk.root);
  disk.journal = [];
}

/** Everything is durable as it is. */
export function settle(disk: Disk, directory: Inode): void {
  directory.durableEntries = new Map(directory.entries);
  for (const inode of directory.entries.values()) {
    if (inode.kind === "directory") settle(disk, inode);
    else inode.durable = { content: inode.content, size: inode.content.size, order: ++disk.order };
  }
}
