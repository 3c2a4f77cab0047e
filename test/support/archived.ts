// A store with sealed files as a reader sees it: each file put together from its names in the order of their offsets, with
// Debian's zstdcat for what is compressed. And `shaftlog archive --now`.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { startOf } from "./oracles.ts";
import { type Ended, run } from "./processes.ts";
import type { Scene } from "./scene.ts";
import { filesBelow } from "./trees.ts";

/** All bytes of the file `name` in `store`, over all its names; each must begin where the one before ends. */
export function chain(store: string, name: string): string {
  const parts = [...filesBelow(store).keys()]
    .map((file) => ({ file, bare: file.replace(/\.zst$/, "") }))
    .filter(({ bare }) => bare.replace(/(\.g[0-9]+-from-[0-9]+)?$/, "") === name)
    .sort((a, b) => startOf(a.bare) - startOf(b.bare));
  let bytes = Buffer.alloc(0);
  for (const { file, bare } of parts) {
    assert.equal(
      startOf(bare),
      bytes.length,
      `${parts.map((part) => part.file)}: ${file} does not begin where it ends`,
    );
    bytes = Buffer.concat([bytes, contentOf(path.join(store, file))]);
  }
  return bytes.toString();
}

function contentOf(file: string): Buffer {
  const [program, ...args] = file.endsWith(".zst") ? ["zstdcat", file] : ["cat", file];
  const { status, stdout, stderr } = spawnSync(program as string, args, { maxBuffer: 2 ** 28 });
  assert.equal(status, 0, stderr.toString());
  return stdout;
}

/** Expects the exit code `code`. */
export function archiveNow(scene: Scene, code: number, ...paths: readonly string[]): Ended {
  const ended = run(["archive", "-f", path.join(scene.home, "server.yaml"), "--now", ...paths]);
  assert.equal(ended.status, code, `${ended.stderr}${ended.stdout}`);
  return ended;
}
