// Writes the leaf files of one data directory (leaf-file.ts), a while behind the work: what is to be kept is gathered
// and written twice a second, a few bytes for each MiB, never fsynced. What cannot be written is not kept; that costs
// reading, some day. Leaves that differ from those that are kept take their place, and what followed them goes.
// Pure but for the directory and the clock that it is given.

import type { Bytes } from "../base/text.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import {
  ensureDirectory,
  LEAF_FORMAT,
  LEAVES,
  type LeafFile,
  leafRecord,
  placeOf,
  RECORD,
  readLeaves,
  type Stamp,
  stampOf,
  textRecord,
  withLeafDirectory,
} from "./leaf-file.ts";
import { headerOf, Sealer } from "./records.ts";
import { type NewHash, sameDigest } from "./tree-hash.ts";

/** How long what is to be kept may wait, in ms. */
const BATCH = 500;
/** Of so many files at a time: one takes some tens of µs. The next ones follow after so many ms. */
const AT_ONCE = 64;
const BETWEEN = 10;
/** So many files are remembered as they were left. */
const REMEMBERED = 256;

interface Pending {
  /** Number of the first of `leaves`. */
  from: number;
  leaves: Uint8Array[];
  stamp: Bytes | undefined;
}

/** A leaf file as we left it. */
interface Left {
  readonly count: number;
  readonly stamp: Bytes | undefined;
  readonly sealer: Sealer;
}

export interface LeafKeeperParts {
  /** The open data directory; stays the caller's. */
  readonly root: Directory;
  readonly clock: Clock;
  readonly newHash: NewHash;
  /** Told when leaves could not be written. */
  readonly failed: (cause: unknown) => void;
}

/** Open from its making until `stop`. */
export class LeafKeeper {
  readonly #parts: LeafKeeperParts;
  readonly #pending = new Map<Bytes, Pending>();
  readonly #left = new Map<Bytes, Left>();
  #timer: Timer | undefined;
  /** There may be leaf files; undefined: not looked yet. Where all files are small there are none, and nothing to do. */
  #any: boolean | undefined;

  constructor(parts: LeafKeeperParts) {
    this.#parts = parts;
  }

  /** What is kept for `path`, all that was noted included; undefined: nothing that can be used. */
  read(path: Bytes): Pick<LeafFile, "leaves" | "stamp"> | undefined {
    this.#write(path);
    try {
      const read = readLeaves(this.#parts.root, path, this.#parts.newHash);
      return read === undefined || "kind" in read ? undefined : read;
    } catch {
      return undefined; // as good as none
    }
  }

  /** Leaf number `index` of `path`. */
  note(path: Bytes, index: number, leaf: Uint8Array): void {
    const pending = this.#pendingOf(path, index);
    const at = index - pending.from;
    pending.stamp = undefined;
    if (at < 0) {
      pending.from = index;
      pending.leaves = [leaf];
    } else if (at <= pending.leaves.length) {
      const known = pending.leaves[at];
      if (known !== undefined && sameDigest(known, leaf)) return;
      pending.leaves.length = at;
      pending.leaves.push(leaf);
    }
    // Behind a gap it is of no use: the leaves before it are kept when they are read.
  }

  /** `path` is left as `stat` says, and everything that is kept for it is of these bytes. */
  seal(path: Bytes, stat: Stamp): void {
    this.#pendingOf(path, Number.POSITIVE_INFINITY).stamp = stampOf(stat);
  }

  /** Nothing is kept for `path` any more. */
  drop(path: Bytes): void {
    this.#pending.delete(path);
    this.#left.delete(path);
    this.#any ??= hasLeaves(this.#parts.root);
    if (!this.#any) return;
    try {
      const { directory, name } = placeOf(path, this.#parts.newHash);
      withLeafDirectory(this.#parts.root, directory, (at) => at.unlink(name));
    } catch {
      // What stays is checked before it is used.
    }
  }

  /** Writes what waits. */
  stop(): void {
    this.#timer?.cancel();
    for (const path of [...this.#pending.keys()]) this.#write(path);
  }

  #pendingOf(path: Bytes, from: number): Pending {
    let pending = this.#pending.get(path);
    if (pending === undefined) {
      pending = { from, leaves: [], stamp: undefined };
      this.#pending.set(path, pending);
    } else if (pending.leaves.length === 0) pending.from = from;
    this.#timer ??= this.#parts.clock.after(BATCH, () => this.#writeSome());
    return pending;
  }

  #writeSome(): void {
    let written = 0;
    for (const path of this.#pending.keys()) {
      if (written++ === AT_ONCE) break;
      this.#write(path);
    }
    this.#timer = this.#pending.size === 0 ? undefined : this.#parts.clock.after(BETWEEN, () => this.#writeSome());
  }

  #write(path: Bytes): void {
    const pending = this.#pending.get(path);
    if (pending === undefined) return;
    this.#pending.delete(path);
    try {
      this.#writeNow(path, pending);
    } catch (error) {
      this.#left.delete(path);
      this.#parts.failed(error);
    }
  }

  #writeNow(path: Bytes, pending: Pending): void {
    const left = this.#left.get(path);
    const follows = left !== undefined && (pending.leaves.length === 0 || pending.from === left.count);
    if (follows && this.#append(path, left, pending.leaves, pending.stamp)) return;
    const read = readLeaves(this.#parts.root, path, this.#parts.newHash);
    if (read !== undefined && "kind" in read) return; // a newer version's: left alone
    const kept = read?.leaves ?? [];
    const parted = whereTheyPart(kept, pending);
    const rest = pending.leaves.slice(parted - pending.from);
    if (parted < kept.length) {
      // Others than those: written anew.
      this.drop(path);
      this.#append(path, undefined, [...kept.slice(0, parted), ...rest], pending.stamp);
    } else {
      this.#append(path, read === undefined ? undefined : { ...read, count: kept.length }, rest, pending.stamp);
    }
  }

  /** False where the file is not what it was left as. */
  #append(path: Bytes, at: Left | undefined, leaves: readonly Uint8Array[], stamp: Bytes | undefined): boolean {
    if (leaves.length === 0 && (at === undefined || stamp === undefined || stamp === at.stamp)) return true;
    const { root, newHash } = this.#parts;
    const { directory, name } = placeOf(path, newHash);
    if (at === undefined) this.#makeDirectories(directory);
    const file = withLeafDirectory(root, directory, (where) => openAt(where, name, at));
    if (file === undefined) return false;
    try {
      const sealer = at?.sealer ?? new Sealer(LEAF_FORMAT, newHash);
      const { size } = file.stat();
      if (at !== undefined && size < sealer.bytes) return false;
      // A tail that was torn says nothing and would hide what follows.
      if (at !== undefined && size > sealer.bytes) file.truncate(sealer.bytes);
      const records: Uint8Array[] = at === undefined ? [headerOf(LEAF_FORMAT)] : [];
      if (at === undefined) records.push(sealer.record(textRecord(RECORD.PATH, path)));
      for (const leaf of leaves) records.push(sealer.record(leafRecord(leaf)));
      if (stamp !== undefined) records.push(sealer.record(textRecord(RECORD.STAMP, stamp)));
      file.appendNow([Buffer.concat(records)]);
      this.#remember(path, { count: (at?.count ?? 0) + leaves.length, stamp, sealer });
      return true;
    } finally {
      file.close();
    }
  }

  #makeDirectories(directory: Bytes): void {
    const { root } = this.#parts;
    this.#any = true;
    ensureDirectory(root, LEAVES);
    const below = root.directory(LEAVES);
    try {
      ensureDirectory(below, directory);
    } finally {
      below.close();
    }
  }

  #remember(path: Bytes, left: Left): void {
    this.#left.delete(path);
    this.#left.set(path, left);
    for (const oldest of this.#left.keys()) {
      if (this.#left.size <= REMEMBERED) break;
      this.#left.delete(oldest);
    }
  }
}

function hasLeaves(root: Directory): boolean {
  try {
    return root.lstat(LEAVES) !== undefined;
  } catch {
    return true; // told when something is to be written
  }
}

/** Number of the first of `pending` that is not kept already; behind all that is kept where none can be added. */
function whereTheyPart(kept: readonly Uint8Array[], { from, leaves }: Pending): number {
  if (from > kept.length) return Number.POSITIVE_INFINITY; // a gap
  for (const [i, leaf] of leaves.entries()) {
    const there = kept[from + i];
    if (there === undefined || !sameDigest(there, leaf)) return from + i;
  }
  return Math.max(from + leaves.length, kept.length);
}

function openAt(directory: Directory, name: Bytes, at: Left | undefined): OpenFile {
  if (at !== undefined) return directory.openAppend(name);
  if (directory.lstat(name) !== undefined) directory.unlink(name); // nothing that can be used
  return directory.create(name, 0o600);
}
