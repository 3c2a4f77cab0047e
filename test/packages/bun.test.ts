// The bundle without Node: server, client and sync-once under Bun, and a delivery by each of the two.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const BUN = path.join(ROOT, "node_modules/@oven/bun-linux-x64/bin/bun");

// What the stage takes for the binary.
const binary = path.join(tempDir(), "shaftlog");
fs.writeFileSync(binary, `#!/bin/sh\nexec ${BUN} ${path.join(ROOT, "dist/shaftlog.cjs")} "$@"\n`, { mode: 0o755 });
process.env.SHAFTLOG_BINARY = binary;
const { openScene } = await import("../support/scene.ts");
const { run } = await import("../support/processes.ts");

test("under Bun a client and a server deliver, and so does sync-once", async (t) => {
  assert.match(run(["--version"]).stdout, /^shaftlog \d/);
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a.log"), "first\n");
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  fs.appendFileSync(scene.log("a.log"), "second\n");
  await scene.delivered(scene.log("a.log"));
  await scene.client.stop();
  fs.appendFileSync(scene.log("a.log"), "third\n");
  const { status, stderr } = scene.syncOnce();
  assert.equal(status, 0, stderr);
  assert.equal(scene.text("a.log"), "first\nsecond\nthird\n");
  await scene.end();
});
