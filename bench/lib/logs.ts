// Log files for benchmarks: ordinary lines, each different, as many bytes as are asked for.

import fs from "node:fs";
import path from "node:path";

const MIB = 1024 * 1024;

export const LINE = "2026-01-01T00:00:00 host app[1]: one line of an ordinary log that is not very long\n";

/** `count` files with `mib` MiB in all in `directory`; their paths. */
export function writeLogs(directory: string, count: number, mib: number): readonly string[] {
  fs.mkdirSync(directory, { recursive: true });
  const block = Buffer.alloc(MIB);
  let at = 0;
  for (let line = 0; at < block.length; line++) {
    at += block.write(`2026-01-01T00:00:00.${line} host app[${line}]: a line of an ordinary log, number ${line}\n`, at);
  }
  return Array.from({ length: count }, (_, i) => {
    const file = path.join(directory, `app-${i}.log`);
    const out = fs.openSync(file, "w");
    for (let written = 0; written < (mib * MIB) / count; written += MIB) {
      fs.writeSync(out, block, 0, Math.min(MIB, (mib * MIB) / count - written));
    }
    fs.closeSync(out);
    return file;
  });
}

/** `count` files of about 1 kB, `each` to a directory. */
export function writeSmallLogs(directory: string, count: number, each = 1000): void {
  const body = LINE.repeat(12);
  for (let i = 0; i < count; i++) {
    const below = path.join(directory, `d${Math.floor(i / each)}`);
    if (i % each === 0) fs.mkdirSync(below, { recursive: true });
    fs.writeFileSync(path.join(below, `app-${i}.log`), body);
  }
}

/** The bytes of all files below `directory`, hidden ones left out. */
export function bytesBelow(directory: string): number {
  let sum = 0;
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    if (entry.name.startsWith(".")) continue;
    const name = path.join(directory, entry.name);
    sum += entry.isDirectory() ? bytesBelow(name) : fs.statSync(name).size;
  }
  return sum;
}
