// A resource path below the data directory, component by component from the open directory: no component is
// reached through a symbolic link, and what was looked at is what is opened. Nothing is kept between calls, so
// a tree that changes under our hands is seen as it is now. Paths have no leading slash.

import { codeOf, isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, OpenFile, Stat } from "../platform/files.ts";

/** Permissions of what we make; the process's umask may take more away, never add. */
const FILE_MODE = 0o640;
const DIRECTORY_MODE = 0o750;

export type Found =
  | { readonly kind: "absent" }
  | { readonly kind: "file"; readonly stat: Stat }
  /** Something is in the way that no request can mend: a directory, a link, a special file. */
  | { readonly kind: "obstructed" };

export interface Opened {
  readonly file: OpenFile;
  readonly stat: Stat;
  readonly writable: boolean;
}

const ABSENT: Found = { kind: "absent" };
const OBSTRUCTED: Found = { kind: "obstructed" };

/** What `path` leads to now. */
export function look(root: Directory, path: Bytes): Found {
  try {
    return within(root, path, (parent, name) => {
      const stat = parent.lstat(name);
      if (stat === undefined) return ABSENT;
      return stat.kind === "file" ? { kind: "file", stat } : OBSTRUCTED;
    });
  } catch (error) {
    return missing(error);
  }
}

/** Opens the file at `path` for appending, or, where `need` allows or asks for it, for reading only. */
export function open(
  root: Directory,
  path: Bytes,
  need: "append" | "sync" | "read",
): Opened | Exclude<Found, { kind: "file" }> {
  try {
    return within(root, path, (parent, name) => {
      let writable = need !== "read";
      let file: OpenFile;
      try {
        file = writable ? parent.openAppend(name) : parent.openRead(name);
      } catch (error) {
        if (need !== "sync" || !READ_ONLY.has(codeOf(error))) throw error;
        writable = false;
        file = parent.openRead(name);
      }
      const stat = file.stat();
      if (stat.kind === "file") return { file, stat, writable };
      file.close();
      return { kind: "obstructed" };
    });
  } catch (error) {
    return missing(error);
  }
}

/**
 * Creates the file at `path` and the directories on the way that are missing. `made` is told the path of each
 * directory that got a new entry ("" for the data directory), before anything can fail behind it.
 * Dying in between leaves empty directories or an empty file: no byte of anybody's, and the next append uses them.
 */
export function create(root: Directory, path: Bytes, made: (directory: Bytes) => void): OpenFile {
  const make = () =>
    within(root, path, (parent, name) => {
      const file = parent.create(name, FILE_MODE);
      made(parentOf(path));
      return file;
    });
  try {
    return make();
  } catch (error) {
    // As a rule the directories are there.
    if (codeOf(error) !== "ENOENT") throw error;
  }
  makeParents(root, path, made);
  return make();
}

/** Calls `use` with the open directory at `path` ("" for the data directory); what it returns is awaited first. */
export async function withDirectory<T>(root: Directory, path: Bytes, use: (at: Directory) => Promise<T>): Promise<T> {
  if (path === "") return await use(root);
  const directory = within(root, path, (parent, name) => parent.directory(name));
  try {
    return await use(directory);
  } finally {
    directory.close();
  }
}

/** Calls `use` with the open directory at `path` ("" for the data directory). */
export function inDirectory<T>(root: Directory, path: Bytes, use: (at: Directory) => T): T {
  if (path === "") return use(root);
  const directory = within(root, path, (parent, name) => parent.directory(name));
  try {
    return use(directory);
  } finally {
    directory.close();
  }
}

/** The directory that `path` lies in, "" for the data directory. */
export function parentOf(path: Bytes): Bytes {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/** The directories on the way to `path`, from the one that it lies in to the data directory, "". */
export function* directoriesTo(path: Bytes): Generator<Bytes, void> {
  let at = path;
  do {
    at = parentOf(at);
    yield at;
  } while (at !== "");
}

const READ_ONLY: ReadonlySet<string> = new Set(["EACCES", "EPERM", "EROFS", "ETXTBSY"]);

function makeParents(root: Directory, path: Bytes, made: (directory: Bytes) => void): void {
  let at = root;
  try {
    for (let from = 0, to = path.indexOf("/"); to >= 0; from = to + 1, to = path.indexOf("/", from)) {
      const name = path.slice(from, to);
      if (at.lstat(name) === undefined) {
        try {
          at.mkdir(name, DIRECTORY_MODE);
        } catch (error) {
          if (codeOf(error) !== "EEXIST") throw error;
        }
        made(path.slice(0, Math.max(from - 1, 0)));
      }
      const next = at.directory(name);
      if (at !== root) at.close();
      at = next;
    }
  } finally {
    if (at !== root) at.close();
  }
}

function within<T>(root: Directory, path: Bytes, use: (parent: Directory, name: Bytes) => T): T {
  let at = root;
  let from = 0;
  try {
    for (;;) {
      const to = path.indexOf("/", from);
      if (to < 0) return use(at, path.slice(from));
      const next = at.directory(path.slice(from, to));
      if (at !== root) at.close();
      at = next;
      from = to + 1;
    }
  } finally {
    if (at !== root) at.close();
  }
}

function missing(error: unknown): Exclude<Found, { kind: "file" }> {
  if (codeOf(error) === "ENOENT") return { kind: "absent" };
  if (isGone(error)) return { kind: "obstructed" };
  throw error;
}
