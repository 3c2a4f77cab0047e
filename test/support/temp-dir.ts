// Temporary directories that go when the test process ends, however it ends short of a kill, and a canary:
// files beside a data directory that nothing may touch.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const made: string[] = [];

process.on("exit", () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

/** A new empty directory. */
export function tempDir(parent: string = tmpdir()): string {
  const path = mkdtempSync(join(parent, "shaftlog-test-"));
  made.push(path);
  return path;
}

/** Puts files into `directory`; the function tells whether they are as they were and alone, but for `ignored`. */
export function canary(directory: string, ...ignored: readonly string[]): () => boolean {
  const files = ["secret", "etc/passwd", "windows/win.ini"];
  for (const file of files) {
    mkdirSync(join(directory, file, ".."), { recursive: true });
    writeFileSync(join(directory, file), `canary ${file}\n`);
  }
  const expected = JSON.stringify(["etc", "secret", "windows"]);
  return () =>
    JSON.stringify(
      readdirSync(directory)
        .filter((name) => !ignored.includes(name))
        .sort(),
    ) === expected &&
    files.every((file) => readFileSync(join(directory, file), "utf8") === `canary ${file}\n`) &&
    readdirSync(join(directory, "etc")).length === 1 &&
    readdirSync(join(directory, "windows")).length === 1;
}
