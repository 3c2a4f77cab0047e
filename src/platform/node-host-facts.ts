// What a check asks of this Linux host. Attributes come from lsattr(1), since Node has no ioctl(2); where it is missing
// nothing is said of them. Everything else is a system call that changes nothing.

import { execFile } from "node:child_process";
import fs from "node:fs";
import { type Bytes, bytesOf, isAscii } from "../base/text.ts";
import type { HostFacts } from "./host-facts.ts";

/** A larger file is no configuration and no text of the kernel's. */
const LARGEST = 1024 * 1024;
/** Paths of one lsattr. */
const AT_ONCE = 500;
/** ms; a dead network file system must not hold up a check. */
const PATIENCE = 10_000;

const { R_OK, W_OK, X_OK } = fs.constants;
const ACCESS = { r: R_OK, w: W_OK, rw: R_OK | W_OK, wx: W_OK | X_OK } as const;

export const nodeHostFacts: HostFacts = {
  uid: process.geteuid?.() ?? 0,
  text: (path) => attempt(() => readSmall(path)),
  names: (path) => attempt(() => fs.readdirSync(raw(path), "latin1").sort()),
  isDirectory: (path) => attempt(() => fs.statSync(raw(path)).isDirectory()),
  link: (path) => attempt(() => fs.readlinkSync(raw(path), "utf8")),
  fileSystem: (path) =>
    attempt(() => {
      const { type, bavail, blocks, bsize } = fs.statfsSync(raw(path));
      return { type, free: bavail * bsize, total: blocks * bsize };
    }),
  may: (path, what) =>
    attempt(() => {
      fs.accessSync(raw(path), ACCESS[what]);
      return true;
    }) ?? false,
  async attributes(paths) {
    const found = new Map<Bytes, string>();
    for (let at = 0; at < paths.length; at += AT_ONCE) {
      const some = paths.slice(at, at + AT_ONCE).filter((path) => isAscii(path) && !path.includes("\n"));
      for (const line of (await lsattr(some)).split("\n")) {
        const [, letters, path] = /^([a-zA-Z-]{4,})\s+(\/.*)$/.exec(line) ?? [];
        if (letters !== undefined && path !== undefined) found.set(bytesOf(path), letters);
      }
    }
    return found;
  },
};

/** Its exit code says that some could not be told: the others were. */
function lsattr(paths: readonly string[]): Promise<string> {
  if (paths.length === 0) return Promise.resolve("");
  const environment = { PATH: `${process.env.PATH ?? ""}:/usr/bin:/bin`, LC_ALL: "C" };
  return new Promise((resolve) => {
    execFile("lsattr", ["-d", "--", ...paths], { env: environment, timeout: PATIENCE }, (_, stdout) => resolve(stdout));
  });
}

function readSmall(path: Bytes): string | undefined {
  const fd = fs.openSync(raw(path), fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  try {
    if (!fs.fstatSync(fd).isFile()) return undefined;
    const buffer = Buffer.alloc(LARGEST);
    let length = 0;
    for (let count = -1; count !== 0 && length < LARGEST; length += count) {
      count = fs.readSync(fd, buffer, length, LARGEST - length, null);
    }
    return buffer.toString("utf8", 0, length);
  } finally {
    fs.closeSync(fd);
  }
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

function raw(path: Bytes): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}
