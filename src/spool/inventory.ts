// Reads a data directory back: every regular file below it whose path has no dot segment is a name that was given
// before, by us or by the original. Names of one inode that are generations of it belong together; any
// other second name is reported, never delivered, since its bytes would arrive twice.

import { isGone } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory, Stat } from "../platform/files.ts";
import { openBelow } from "./below.ts";
import { parseGeneration } from "./generations.ts";

export interface FoundName {
  readonly name: Bytes;
  readonly number: number;
  readonly start: number;
}

export interface FoundFile {
  readonly stat: Stat;
  /** Ascending by number; never empty. */
  readonly names: readonly FoundName[];
  /** Further names of the same inode, to be left alone. */
  readonly others: readonly Bytes[];
}

export interface Inventory {
  readonly files: readonly FoundFile[];
  /** Every directory, "" for the data directory itself. */
  readonly directories: readonly Bytes[];
  /** What is neither a regular file nor a directory, or lies on another file system. */
  readonly odd: readonly Bytes[];
}

/** `prefers(name)`: the name is known to have been delivered before. */
export function takeInventory(root: Directory, prefers: (name: Bytes) => boolean): Inventory {
  const found = new Map<bigint, { stat: Stat; names: Bytes[] }>();
  const directories: Bytes[] = [""];
  const odd: Bytes[] = [];
  for (let i = 0; i < directories.length; i++) {
    const path = directories[i] as Bytes;
    const directory = path === "" ? root : openBelow(root, path);
    try {
      if (directory.stat.dev !== root.stat.dev) {
        odd.push(path);
        continue;
      }
      for (const { name } of directory.list()) {
        if (name.startsWith(".")) continue;
        // Not a template: that makes two halves and a note of them, which stay as long as the name.
        const full = path === "" ? name : [path, name].join("/");
        const stat = directory.lstat(name);
        if (stat === undefined) continue;
        if (stat.kind === "directory") directories.push(full);
        else if (stat.kind !== "file") odd.push(full);
        else {
          const same = found.get(stat.ino);
          if (same === undefined) found.set(stat.ino, { stat, names: [full] });
          else same.names.push(full);
        }
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    } finally {
      if (directory !== root) directory.close();
    }
  }
  return { files: [...found.values()].map(({ stat, names }) => group(stat, names, prefers)), directories, odd };
}

function group(stat: Stat, all: Bytes[], prefers: (name: Bytes) => boolean): FoundFile {
  if (all.length === 1) return { stat, names: [toFound(all[0] as Bytes)], others: [] };
  const names: FoundName[] = [];
  const others: Bytes[] = [];
  // What was delivered comes first, else the alphabet decides, so that each start decides alike.
  const sorted = all.sort((a, b) => Number(prefers(b)) - Number(prefers(a)) || (a < b ? -1 : 1)).map(toFound);
  for (const found of sorted) {
    if (names.some(({ number }) => number === found.number)) others.push(found.name);
    else names.push(found);
  }
  return { stat, names: names.sort((a, b) => a.number - b.number), others };
}

function toFound(name: Bytes): FoundName {
  return { name, ...(parseGeneration(name) ?? { number: 1, start: 0 }) };
}
