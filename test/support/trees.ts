// Directories as tests see them: names as byte strings (one char per byte), so that any name can be asked for.

import { createHash } from "node:crypto";
import fs from "node:fs";

export interface Leaf {
  readonly size: number;
  readonly ino: bigint;
  readonly dev: bigint;
  readonly nlink: number;
  readonly mode: number;
}

/** `name` in the directory, for node:fs. */
export function at(directory: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, "latin1")]);
}

/** Every regular file below, by its path; with names that begin with a dot only where asked. */
export function filesBelow(directory: string, hidden = false): Map<string, Leaf> {
  const found = new Map<string, Leaf>();
  const walk = (below: string) => {
    for (const entry of list(below === "" ? Buffer.from(directory) : at(directory, below))) {
      if (entry.name.startsWith(".") && !hidden) continue;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) {
        const stat = fs.lstatSync(at(directory, name), { bigint: true, throwIfNoEntry: false });
        if (stat === undefined) continue;
        const { size, ino, dev, nlink, mode } = stat;
        found.set(name, { size: Number(size), ino, dev, nlink: Number(nlink), mode: Number(mode) & 0o7777 });
      }
    }
  };
  walk("");
  return found;
}

function list(directory: Buffer): fs.Dirent<string>[] {
  try {
    return fs.readdirSync(directory, { withFileTypes: true, encoding: "latin1" });
  } catch {
    return []; // gone meanwhile
  }
}

/** Everything below, with kinds, modes and contents: equal exactly where nothing changed. */
export function snapshot(directory: string): string {
  const lines: string[] = [];
  const walk = (below: string) => {
    for (const entry of list(below === "" ? Buffer.from(directory) : at(directory, below))) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      const stat = fs.lstatSync(at(directory, name));
      const content = entry.isFile()
        ? createHash("sha256")
            .update(fs.readFileSync(at(directory, name)))
            .digest("hex")
        : "";
      lines.push(`${name} ${stat.mode.toString(8)} ${stat.uid} ${stat.mtimeMs} ${content}`);
      if (entry.isDirectory()) walk(name);
    }
  };
  walk("");
  return lines.sort().join("\n");
}
