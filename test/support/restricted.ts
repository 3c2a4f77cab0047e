// The binary under a limit: as a user without rights, or in a user namespace with few inotify watches. Words to put
// before it (`Launch.wrapper`); each of them becomes the binary.

import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  rmdirSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { BINARY, sh } from "./processes.ts";

export const NOBODY = 65_534;

export const isRoot = process.getuid?.() === 0;
/** For `skip`. */
export const needsRoot = isRoot ? false : "not root";

/** As nobody. The binary may lie where nobody else may look; then there is a copy in `home`. */
export function asNobody(home: string): readonly string[] {
  const words = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--"];
  const copy = withinReach(BINARY, home);
  if (copy === BINARY) return words;
  // The word that follows, the binary's own path, becomes $0 and so is left out.
  return [...words, "sh", "-c", `exec ${copy} "$@"`];
}

/** `program`, or a copy of it in `home` where it lies where nobody else may look. */
export function withinReach(program: string, home: string): string {
  if (isReadableByAll(program)) return program;
  const copy = path.join(home, path.basename(program));
  copyFileSync(program, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o755);
  return copy;
}

/** Gives the directories to nobody. */
export function giveToNobody(...directories: readonly string[]): void {
  for (const directory of directories) chownSync(directory, NOBODY, NOBODY);
}

/** A new tmpfs for one test; `options` as mount(8) has them. Before the scene is opened, so that it goes after it. */
export function mountTmpfs(t: TestContext, options: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), "shaftlog-small-"));
  sh("mount", "-t", "tmpfs", "-o", options, "tmpfs", directory);
  t.after(() => {
    sh("umount", "-l", directory);
    rmdirSync(directory);
  });
  return directory;
}

/**
 * For scenarios about moments, on machines that do other work: a file system in memory, where no name waits for a
 * disk, and a client that is served first, where that is allowed (`nice` goes on without it).
 */
export const MOMENTS = {
  scene: existsSync("/dev/shm") ? { within: "/dev/shm" } : {},
  launch: { wrapper: ["nice", "-n", "-15"] },
} as const;

/** A user namespace in which this user may have `count` inotify watches, or instances. */
export function withInotify(what: "watches" | "instances", count: number): readonly string[] {
  const script = `echo ${count} > /proc/sys/user/max_inotify_${what} && exec "$@"`;
  return ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh"];
}

function isReadableByAll(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    for (let at = path.dirname(file); ; at = path.dirname(at)) {
      if ((statSync(at).mode & 0o001) === 0) return false;
      if (at === "/") return true;
    }
  } catch {
    return false;
  }
}
