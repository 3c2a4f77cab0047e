// Builds dist/shaftlog: src/main.ts and what it reaches, bundled, inside a copy of the pinned Node binary.
// Everything is made in a directory of its own and renamed into place, so that a build that fails, or runs
// beside another, leaves a good binary.

import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, formatMessagesSync } from "esbuild";
import { adminPage } from "./admin-page.ts";
import { embed, NODE } from "./sea.ts";

const ROOT = join(import.meta.dirname, "..");
const DIST = join(ROOT, "dist");

mkdirSync(DIST, { recursive: true });
const work = mkdtempSync(join(DIST, ".build-"));
try {
  const page = await adminPage(ROOT);
  writeFileSync(join(work, "admin-page.html"), page);
  await bundle(join(work, "shaftlog.cjs"), page);
  const size = embed(work, NODE, true);
  for (const name of ["admin-page.html", "shaftlog.cjs", "shaftlog"]) renameSync(join(work, name), join(DIST, name));
  process.stdout.write(`dist/shaftlog: ${(size / 1e6).toFixed(1)} MB\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}

/** One CommonJS file, the only format that a single executable application takes; its imports stay lazy. */
async function bundle(outfile: string, page: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };
  const { warnings } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["src/main.ts"],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    // V8 keeps the source, and two bytes for each character of it if a comment anywhere has one beyond Latin-1. Names stay
    // as they are, and lines short, so that a stack still tells where it was.
    minifyWhitespace: true,
    lineLimit: 200,
    // CommonJS has no import.meta; it is used only to find files that are beside the sources.
    define: {
      SHAFTLOG_VERSION: JSON.stringify(version),
      SHAFTLOG_ADMIN_PAGE: JSON.stringify(page),
      "import.meta.dirname": '""',
    },
    logLevel: "silent",
  });
  if (warnings.length > 0) throw new Error(formatMessagesSync(warnings, { kind: "warning" }).join(""));
}
