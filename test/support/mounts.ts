// Small file systems for tests that need a full, a read-only or a failing one. Needs root.

import { execFileSync } from "node:child_process";
import { tempDir } from "./temp-dir.ts";

/** For `skip`: why a test that needs root cannot run, or false. */
export const notRoot: string | false = process.getuid?.() === 0 ? false : "skipped: not root";

const mounted = new Set<string>();
// Before the directories themselves are removed.
process.prependListener("exit", () => {
  for (const path of mounted) execFileSync("umount", ["-l", path]);
});

/** A new tmpfs; `options` as mount(8) has them. It goes when the test process ends. */
export function tmpfs(options: string): string {
  const path = tempDir();
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", path]);
  mounted.add(path);
  return path;
}

/** A directory of a file system as a mount of its own, read-only; the function makes it writable again. */
export function readOnly(path: string): () => void {
  execFileSync("mount", ["--bind", path, path]);
  mounted.add(path);
  remount(path, "bind,ro");
  return () => remount(path, "bind,rw");
}

export function remount(path: string, options: string): void {
  execFileSync("mount", ["-o", `remount,${options}`, path]);
}
