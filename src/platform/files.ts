// The port for files. Everything is done below an open directory: a name is one component, never a path,
// and nothing is ever reached through a symbolic link, so that what was looked at is what is used.
// Errors are thrown with errno codes. Names are byte strings (base/text.ts).

import type { Bytes } from "../base/text.ts";

export type Kind = "file" | "directory" | "link" | "other";

export interface Stat {
  readonly kind: Kind;
  readonly dev: bigint;
  readonly ino: bigint;
  /** Bytes. */
  readonly size: number;
  /** Number of names. */
  readonly nlink: number;
  readonly uid: number;
  /** Permission bits, 0o7777. */
  readonly mode: number;
  /** Times in ms since 1970, whole. */
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export interface Listed {
  readonly name: Bytes;
  /** As the directory says; "other" where only lstat can tell. */
  readonly kind: Kind | "unknown";
}

/** What tells a known file: as in `Stat`, in plain numbers, which are exact here. Costs a fraction of one. */
export interface Glance {
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly nlink: number;
  /** May be one more than in a `Stat`. */
  readonly ctimeMs: number;
}

export interface Watch {
  close(): void;
}

/** An open directory. Holds one descriptor until closed. */
export interface Directory {
  /** The directory itself, as it was when this was first asked. */
  readonly stat: Stat;
  /** The directory itself, as it is now. */
  now(): Stat;
  /** Opens the same directory once more, to be closed on its own. */
  again(): Directory;
  /** Opens a subdirectory; ENOTDIR where it is a link or no directory. */
  directory(name: Bytes): Directory;
  /** The file system's free and total bytes for an ordinary user. */
  space(): { readonly free: number; readonly total: number };
  /** Its file system is of this host alone and a known one: a watch shows every write, and times tell every change of names. */
  showsWrites(): boolean;
  /** Whether its file system keeps all that it holds in memory: a sync there has nothing to wait for. */
  inMemory(): boolean;
  /** All names but `.` and `..`. */
  list(): Listed[];
  /** lstat; undefined where there is nothing of that name. */
  lstat(name: Bytes): Stat | undefined;
  /**
   * The file that `path`, one component or several, leads to through directories alone. Undefined where it takes a closer
   * look to tell. Good for knowing again what is open, no more: the components are looked at one after the other.
   */
  glance(path: Bytes): Glance | undefined;
  /** Target of a symbolic link. */
  readlink(name: Bytes): Bytes;
  /** Opens a file for reading without following and without blocking on a FIFO. */
  openRead(name: Bytes): OpenFile;
  /** Opens an existing file for reading and appending, without following; a FIFO does not block. */
  openAppend(name: Bytes): OpenFile;
  /** Creates a file for reading and appending; EEXIST where the name is taken by anything. */
  create(name: Bytes, mode: number): OpenFile;
  mkdir(name: Bytes, mode: number): void;
  /** Gives the file a second name; a link is linked itself, not followed; EEXIST where `to` is taken. */
  link(name: Bytes, into: Directory, to: Bytes): void;
  /** Renames within this directory, replacing what `to` was. */
  rename(name: Bytes, to: Bytes): void;
  unlink(name: Bytes): void;
  rmdir(name: Bytes): void;
  chmod(mode: number): void;
  /** Makes the names in this directory durable. */
  sync(): Promise<void>;
  syncNow(): void;
  /**
   * Calls `changed` with a name in this directory that appeared, went, or was written to; null: unknown which,
   * or the directory itself was changed or removed.
   * A hint only: events can be lost. Throws ENOSPC or EMFILE where the kernel has no more watches.
   */
  watch(changed: (name: Bytes | null) => void): Watch;
  /** The same for one file, through whatever name it is written. */
  watchFile(name: Bytes, changed: () => void): Watch;
  close(): void;
}

/** An open regular file (the opener checks with `stat`). Holds one descriptor until closed. */
export interface OpenFile {
  stat(): Stat;
  /** Undefined where plain numbers are not exact. */
  glance(): Glance | undefined;
  /** Reads up to `length` bytes at `position`; the count, less only at the end of the file. */
  read(into: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  readNow(into: Uint8Array, offset: number, length: number, position: number): number;
  /** Appends all of `pieces`; on an error a part may have been written. */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  appendNow(pieces: readonly Uint8Array[]): void;
  /** Makes data and size durable (fdatasync). */
  sync(): Promise<void>;
  syncNow(): void;
  /** Cuts the file back to `size` bytes. */
  truncate(size: number): void;
  close(): void;
}

export interface Files {
  /**
   * Opens an absolute directory path component by component. `follow: false`: a symbolic link anywhere in
   * it is ENOTDIR. `follow: true`: as the kernel resolves it.
   */
  open(path: Bytes, follow: boolean): Directory;
  /** The user as whom files are accessed. */
  uid(): number;
}
