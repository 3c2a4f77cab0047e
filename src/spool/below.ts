// Paths below a data directory: a name with slashes is reached directory by directory, never through a link.
// Directories are made for names as they are needed and removed with the last of them.

import { codeOf } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";

/** Calls `use` with the directory that holds `name` below `root`, and the last part of the name. */
export function below<T>(root: Directory, name: Bytes, use: (directory: Directory, leaf: Bytes) => T): T {
  const slash = name.lastIndexOf("/");
  if (slash < 0) return use(root, name);
  const directory = openBelow(root, name.slice(0, slash));
  try {
    return use(directory, name.slice(slash + 1));
  } finally {
    directory.close();
  }
}

/** Opens the directory `path` below `root`; the caller closes it. `path` is not empty. */
export function openBelow(root: Directory, path: Bytes): Directory {
  let at = root;
  for (const part of path.split("/")) {
    const parent = at;
    try {
      at = parent.directory(part);
    } finally {
      if (parent !== root) parent.close();
    }
  }
  return at;
}

/** The path of the directory that holds `name`; "" for the root itself. */
export function directoryOf(name: Bytes): Bytes {
  return name.slice(0, Math.max(0, name.lastIndexOf("/")));
}

/** Makes the directories that `name` needs; `made` is told the path of each directory that got a new name in it. */
export function makeDirectories(root: Directory, name: Bytes, made: (parent: Bytes) => void): void {
  const path = directoryOf(name);
  if (path === "") return;
  let at = "";
  for (const part of path.split("/")) {
    const parent = at;
    at = parent === "" ? part : `${parent}/${part}`;
    try {
      below(root, at, (directory, leaf) => directory.mkdir(leaf, 0o700));
      made(parent);
    } catch (error) {
      // What exists there is a directory of ours or, below it, the open fails with ENOTDIR.
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}

/** Removes the directories of `name` that are empty now, innermost first. */
export function removeEmptyDirectories(root: Directory, name: Bytes): void {
  for (let path = directoryOf(name); path !== ""; path = directoryOf(path)) {
    try {
      below(root, path, (directory, leaf) => directory.rmdir(leaf));
    } catch {
      return; // not empty, or not there: either way nothing is left to remove above it
    }
  }
}
