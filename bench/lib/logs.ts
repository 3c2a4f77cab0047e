// Log files for benchmarks: ordinary lines, each different, as many bytes as are asked for.

import fs from "node:fs";
import path from "node:path";
import { Random } from "../../test/support/random.ts";

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

/** One file of `mib` MiB in `directory`, as a web server writes it, in which what repeats does so as it does there. */
export function writeAccessLog(directory: string, mib: number): readonly string[] {
  fs.mkdirSync(directory, { recursive: true });
  const file = path.join(directory, "access.log");
  const out = fs.openSync(file, "w");
  const random = new Random(1); // the same bytes in each run
  const below = (limit: number) => random.below(limit);
  const agents = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0)",
    "curl/8.5.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5)",
  ];
  let left = mib * MIB;
  for (let line = 0; left > 0; ) {
    let text = "";
    for (const end = line + 5000; line < end; line++) {
      const time = new Date(1_767_225_600_000 + line * 7).toISOString();
      const who = `10.${below(4)}.${below(250)}.${below(250)}`;
      const what = `GET /shop/item/${below(50_000)}?session=${below(2 ** 32).toString(16)}`;
      text += `${who} - - [${time}] "${what} HTTP/1.1" ${below(20) === 0 ? 404 : 200} ${below(60_000)} "-" "${random.pick(agents)}"\n`;
    }
    left -= fs.writeSync(out, Buffer.from(text), 0, Math.min(left, text.length));
  }
  fs.closeSync(out);
  return [file];
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
