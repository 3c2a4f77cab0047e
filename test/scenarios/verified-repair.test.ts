// `shaftlog repair` at the server: a tail that a crash left is shown, and cut only when it is told by name and size,
// with the server stopped; what was acknowledged is never cut. Afterwards the client's lines go on as if nothing was.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { run } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { flip, repair } from "../support/verify.ts";

const MIB = 1024 * 1024;

/** `app.log` delivered, everything stopped in order. */
async function delivered(scene: Scene, lines: Lines, count: number): Promise<string> {
  lines.append(scene.log("app.log"), count);
  await scene.start();
  await scene.delivered(scene.log("app.log"));
  await scene.client.stop();
  await scene.server.stop();
  return path.join(scene.store, "app.log");
}

test("a tail of NULs is shown with what to do, and cut when told so; then the lines go on", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const lines = new Lines();
  const copy = await delivered(scene, lines, 200);
  const { size } = fs.statSync(copy);
  assert.match(repair(scene, 0).stdout, /^1 files looked at, 0 with an odd end$/m);
  fs.truncateSync(copy, size + 4000);

  await scene.start();
  lines.append(scene.log("app.log"), 100);
  await scene.client.logged("file-diverged", '"app.log"');
  const shown = repair(scene, 3).stdout;
  assert.match(
    shown,
    new RegExp(`^"app.log": ${size + 4000} bytes; the first ${size} are known to have been acknowledged; `),
  );
  assert.match(shown, new RegExp(`it ends with 4000 NULs from byte ${size} .*\\n.*--cut "app.log" --to ${size}\\n`));
  assert.match(repair(scene, 3, "app.log").stdout, /known to have been acknowledged, and they are what they were/);
  const taken = repair(scene, 2, "--cut", "app.log", "--to", String(size));
  assert.match(taken.stderr, /is using it already/);
  await scene.server.stop();
  assert.equal(fs.statSync(copy).size, size + 4000, "nobody cut it yet");

  const cut = repair(scene, 0, "--cut", "/app.log", "--to", String(size));
  assert.match(
    cut.stdout,
    new RegExp(`^Cutting "app.log" from ${size + 4000} to ${size} bytes; .*the 4000 bytes are NULs$`, "m"),
  );
  assert.equal(fs.statSync(copy).size, size);
  assert.match(fs.readFileSync(path.join(scene.home, "server.log"), "utf8"), /INFO store-repaired Cut "app.log" from/);
  await scene.startServer();
  await scene.delivered(scene.log("app.log"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.client.logged("file-recovered", '"app.log"');
});

test("what was acknowledged is not cut, and neither is what nobody knows", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const copy = await delivered(scene, new Lines(), 200);
  const { size } = fs.statSync(copy);
  const refused = repair(scene, 3, "--cut", "app.log", "--to", "100");
  assert.match(refused.stdout, /^Not cut: "app.log" .* bytes behind 100 were acknowledged/);
  assert.match(repair(scene, 3, "--cut", "app.log", "--to", String(size)).stdout, /nothing behind byte/);
  fs.appendFileSync(copy, "foreign bytes\n");
  assert.match(repair(scene, 3, "app.log").stdout, /of its last 14 bytes nothing is known/);
  const cut = repair(scene, 0, "--cut", "app.log", "--to", String(size));
  assert.match(cut.stdout, /the 14 bytes are "foreign bytes\\n"/);
  assert.equal(fs.statSync(copy).size, size);

  fs.rmSync(path.join(scene.store, ".acknowledged"));
  fs.appendFileSync(copy, "foreign bytes\n");
  assert.match(repair(scene, 0).stdout, /0 with an odd end/);
  const unknown = repair(scene, 3, "--cut", "app.log", "--to", String(size));
  assert.match(unknown.stdout, /nothing is known of what was acknowledged; too little is known of it/);
  assert.equal(fs.statSync(copy).size, size + 14);
  fs.truncateSync(copy, size + 20);
  assert.match(repair(scene, 3).stdout, /"app.log": .* nothing is known of what was acknowledged; it ends with 6 NULs/);
  repair(scene, 0, "--cut", copy, "--to", String(size + 14));
  assert.equal(fs.statSync(copy).size, size + 14);
});

test("a file that is not what was acknowledged is told apart from one with a tail", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(3 * MIB, "a line of a big log\n"));
  await scene.start();
  await scene.delivered(scene.log("big.log"));
  await scene.client.stop();
  await scene.server.stop();
  const copy = path.join(scene.store, "big.log");
  flip(copy, MIB + 3);
  assert.match(
    repair(scene, 3, "big.log").stdout,
    /what was acknowledged is not what is there: segment 1 is the first/,
  );
  fs.truncateSync(copy, 2 * MIB);
  assert.match(repair(scene, 3).stdout, /"big.log": .* 1048576 bytes that were acknowledged are missing/);
  // NULs in the place of bytes that were acknowledged: a disk that lied, or fsync: false.
  fs.truncateSync(copy, 3 * MIB);
  flip(copy, MIB + 3);
  assert.match(repair(scene, 3, "big.log").stdout, /segment 2 .* it ends with NULs from byte 2097152/);
  repair(scene, 0, "--cut", "big.log", "--to", String(2 * MIB));
  await scene.start();
  await scene.delivered(scene.log("big.log"));
  await scene.end();
});

test("the command line: both of --cut and --to, one file, a name that a client could have", async (t) => {
  const scene = await openScene(t);
  const copy = await delivered(scene, new Lines(), 5);
  const before = fs.readFileSync(copy);
  for (const args of [
    ["--cut", "app.log"],
    ["--to", "3"],
    ["--cut", "app.log", "--to", "-3"],
    ["--cut", "app.log", "--to", "1e3"],
    ["--cut", "app.log", "--to", "3", "other.log"],
    ["--cut", ".lock", "--to", "0"],
    ["--cut", "../canary/sub/bird", "--to", "0"],
    ["--cut", "", "--to", "0"],
  ]) {
    assert.notEqual(repair(scene, 2, ...args).stderr, "", args.join(" "));
  }
  assert.match(repair(scene, 1, "--cut", "nothing", "--to", "0").stdout, /there is no such file/);
  assert.match(repair(scene, 1, "nothing").stdout, /there is no such file/);
  assert.equal(run(["repair", "-f", "/nonexistent"]).status, 2);
  assert.deepEqual(fs.readFileSync(copy), before);
  await scene.start();
  await scene.end();
});
