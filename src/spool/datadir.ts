// Opens a client's data directory: makes it, closes it to others, takes its lock, proves that it can be written.
// What is ours in it has names that begin with a dot; all else is entries.

import { codeOf, describe, StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import { quote } from "../base/text.ts";
import { resolve } from "../discovery/resolve.ts";
import type { Directory, Files } from "../platform/files.ts";
import { foreignOwner, swept, tightened } from "./events.ts";

/** Links on their way to a stable name begin with this. */
export const TEMPORARY = ".tmp-";

export interface Lock {
  release(): void;
}

export interface Datadir {
  /** Absolute, without a final slash. */
  readonly path: Bytes;
  readonly root: Directory;
  readonly lock: Lock;
}

export function openDatadir(files: Files, path: Bytes, lock: (path: Bytes) => Lock, emit: Emit): Datadir {
  let root: Directory;
  try {
    root = make(files, path);
    tighten(root, path, emit);
  } catch (error) {
    throw cannotUse(path, error);
  }
  let held: Lock | undefined;
  try {
    held = lock(path);
    const owner = probe(root, path);
    if (root.stat.uid !== owner) emit(foreignOwner(path, root.stat.uid));
    const count = sweep(root, path);
    if (count > 0) emit(swept(path, count));
    return { path, root, lock: held };
  } catch (error) {
    held?.release();
    root.close();
    throw error;
  }
}

/** `path` without doubled or final slashes. */
export function normal(path: Bytes): Bytes {
  const parts = path.split("/").filter((part) => part !== "");
  return `/${parts.join("/")}`;
}

function make(files: Files, path: Bytes): Directory {
  try {
    return openTrusted(files, path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || path === "/") throw error;
  }
  const slash = path.lastIndexOf("/");
  const parent = makeParent(files, path.slice(0, slash) || "/");
  try {
    makeOne(parent, path.slice(slash + 1), 0o700);
    return parent.directory(path.slice(slash + 1));
  } finally {
    parent.close();
  }
}

/**
 * Links in the path are followed where the administrator or we made them: a user who may write a directory on the
 * way could otherwise turn the data directory into /etc, to be closed to others and delivered.
 */
function openTrusted(files: Files, path: Bytes): Directory {
  const us = files.uid();
  let stranger = 0;
  const top = files.open("/", false);
  try {
    const end = resolve(top, "", path, ({ uid }) => {
      stranger = uid;
      return uid === 0 || uid === us;
    });
    if (end.kind === "directory") return end.directory;
    if (end.kind === "file") end.directory.close();
    if (end.kind === "forbidden") throw new StartFailure(untrustedLink(path, stranger));
    throw Object.assign(new Error(end.kind), { code: end.kind === "file" ? "ENOTDIR" : "ENOENT" });
  } finally {
    top.close();
  }
}

function untrustedLink(path: Bytes, uid: number): string {
  return `Cannot use data directory ${quote(path)}: there is a symbolic link in it that belongs to uid ${uid}: remove it`;
}

function makeParent(files: Files, path: Bytes): Directory {
  try {
    return openTrusted(files, path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT" || path === "/") throw error;
  }
  const slash = path.lastIndexOf("/");
  const parent = makeParent(files, path.slice(0, slash) || "/");
  try {
    makeOne(parent, path.slice(slash + 1), 0o755);
    return parent.directory(path.slice(slash + 1));
  } finally {
    parent.close();
  }
}

// A crash before the fsync may lose the directory, and then everything in it that was not announced either.
function makeOne(parent: Directory, name: Bytes, mode: number): void {
  try {
    parent.mkdir(name, mode);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  parent.syncNow();
}

function tighten(root: Directory, path: Bytes, emit: Emit): void {
  if ((root.stat.mode & 0o077) === 0) return;
  root.chmod(0o700);
  emit(tightened(path, root.stat.mode));
}

/** Proves that names can be made here; the uid that the kernel gives our files. */
function probe(root: Directory, path: Bytes): number {
  const name = `${TEMPORARY}probe`;
  try {
    if (root.lstat(name) !== undefined) root.unlink(name);
    const file = root.create(name, 0o600);
    const { uid } = file.stat();
    file.close();
    root.unlink(name);
    return uid;
  } catch (error) {
    throw cannotUse(path, error);
  }
}

/** Removes what a crash left: a temporary name is never the only name of a file that was announced. */
function sweep(root: Directory, path: Bytes): number {
  let count = 0;
  try {
    for (const { name, kind } of root.list()) {
      if (!name.startsWith(TEMPORARY) || kind === "directory") continue;
      root.unlink(name);
      count++;
    }
  } catch (error) {
    throw cannotUse(path, error);
  }
  return count;
}

function cannotUse(path: Bytes, error: unknown): StartFailure {
  if (error instanceof StartFailure) return error;
  return new StartFailure(`Cannot use data directory ${quote(path)}: ${describe(error)}`, { cause: error });
}
