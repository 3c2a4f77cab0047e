// A file system of its own in a file, mounted through a loop device, whose power can be cut: the kernel shuts it down
// at once (`xfs_io -c shutdown` without a flush), and what was never synced is gone once it is mounted again.
// Nothing stays mounted, however the test ends.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { until } from "../support/until.ts";
import { ENV, lacks, unlessInCi } from "./extent.ts";

export type Kind = "ext4" | "xfs";
export const KINDS: readonly Kind[] = ["ext4", "xfs"];

/** XFS wants 300 MiB; the file is sparse. */
const SIZE = 320 * 1024 * 1024;
const MAKE = { ext4: ["mkfs.ext4", "-q", "-F"], xfs: ["mkfs.xfs", "-q", "-f"] } as const;

const mounted = new Set<LoopDisk>();
process.prependListener("exit", () => {
  for (const disk of mounted) disk.remove();
});

/** For `skip`: why there can be none here, or false. */
export function lacksLoopDisk(kind: Kind): string | false {
  if (process.getuid?.() !== 0) return "skipped: not root";
  const missing = lacks(MAKE[kind][0], "xfs_io", "mount", "losetup");
  if (missing !== false) return missing;
  return spawnSync("losetup", ["-f"], { env: ENV }).status === 0 ? false : unlessInCi("no loop devices");
}

export class LoopDisk {
  /** Where it is mounted. */
  readonly path: string;
  readonly #kind: Kind;
  readonly #home: string;
  #image: string;
  #copies = 0;

  /** A new one, empty and mounted. */
  constructor(t: TestContext, kind: Kind) {
    this.#kind = kind;
    this.#home = fs.mkdtempSync(path.join(os.tmpdir(), `shaftlog-${kind}-`));
    this.#image = path.join(this.#home, "image");
    this.path = path.join(this.#home, "mnt");
    mounted.add(this);
    t.after(() => this.remove());
    fs.mkdirSync(this.path);
    fs.writeFileSync(this.#image, "");
    fs.truncateSync(this.#image, SIZE);
    const [program, ...flags] = MAKE[kind];
    sh(program, ...flags, this.#image);
    this.mount();
  }

  mount(): void {
    // A copy has the same UUID as what somebody may still hold.
    sh("mount", "-o", this.#kind === "xfs" ? "loop,nouuid" : "loop", this.#image, this.path);
  }

  /** From now on everything fails, and nothing more reaches the disk. */
  cut(): void {
    sh("xfs_io", "-x", "-c", "shutdown", this.path);
  }

  /** All that is there becomes durable. */
  sync(): void {
    sh("sync", "-f", this.path);
  }

  /** After a cut, once all who used it have ended: the power is back. */
  async back(): Promise<void> {
    const isUnmounted = () => spawnSync("umount", [this.path], { env: ENV }).status === 0;
    await until(isUnmounted, `${this.path} is unmounted`);
    this.mount();
    if (this.#works()) return;
    // Somebody who made a mount namespace meanwhile holds the file system as it was shut down, perhaps for long. What is
    // on its disk is mounted from a copy, which nobody else knows.
    await until(isUnmounted, `${this.path} is unmounted again`);
    const before = this.#image;
    this.#image = path.join(this.#home, `image-${++this.#copies}`);
    sh("cp", "--sparse=always", before, this.#image);
    fs.rmSync(before);
    this.mount();
    if (!this.#works()) throw new Error(`${this.path} does not work after a power cut`);
  }

  #works(): boolean {
    try {
      fs.rmdirSync(fs.mkdtempSync(path.join(this.path, ".works-")));
      return true;
    } catch {
      return false;
    }
  }

  remove(): void {
    if (!mounted.delete(this)) return;
    // Lazily: who still uses it is killed later.
    spawnSync("umount", ["-l", this.path], { env: ENV });
    fs.rmSync(this.#image, { force: true });
    if (fs.readdirSync(this.path).length === 0) fs.rmSync(this.#home, { recursive: true, force: true });
  }
}

function sh(program: string, ...args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { env: ENV, encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${error?.message ?? stderr}`);
}
