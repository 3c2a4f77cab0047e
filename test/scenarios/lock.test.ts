// One client per data directory, by a lock that the kernel gives back however the client ends; what a killed one left
// half done is swept; and a directory that cannot be used is named, before anything was started.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName, writeClientConfig } from "../support/configs.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { type Ended, run } from "../support/processes.ts";
import { NOBODY, needsRoot } from "../support/restricted.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

/** A client that is expected not to start. */
function startAnother(scene: Scene, changes: object = {}): Ended {
  const file = path.join(scene.home, "another.yaml");
  writeClientConfig(file, { ...scene.clientConfig, logfile: path.join(scene.home, "another.log"), ...changes });
  return run(["client", "-f", file]);
}

test("a second client on a data directory ends with 2 and names it; the first goes on", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  fs.writeFileSync(scene.log("app.log"), "app\n");
  await scene.delivered(scene.log("app.log"));
  const { status, stdout, stderr } = startAnother(scene);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
  assert.ok(stderr.includes(scene.spool) && stderr.includes(String(scene.client.pid)), stderr);
  assert.equal(stderr.trimEnd().split("\n").length, 1);
  // The same directory by another path.
  fs.symlinkSync("spool", path.join(scene.home, "link"));
  assert.equal(startAnother(scene, { datadir: path.join(scene.home, "link") }).status, 2);
  assert.equal(scene.syncOnce("-q").status, 0, "sync-once asks the client");
  fs.appendFileSync(scene.log("app.log"), "grown\n");
  await scene.delivered(scene.log("app.log"));
  await scene.end();
});

test("one of several data directories is taken: nothing is started, and the others are free again", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  const mine = path.join(scene.home, "mine");
  const second = { ...byBaseName(`${scene.logs}/*`), datadir: scene.spool };
  const { status, stderr } = startAnother(scene, { datadir: mine, scan_paths: [second] });
  assert.equal(status, 2);
  assert.ok(stderr.includes(scene.spool), stderr);
  await scene.client.stop();
  scene.configure({ datadir: mine });
  await scene.startClient();
  await scene.end();
});

test("killed again and again, a new client starts at once, and each line is there once", async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  for (let i = 0; i < 8; i++) {
    for (let n = 0; n < 5; n++) lines.append(scene.log(`app-${i}-${n}.log`), 20);
    lines.append(scene.log("app.log"), 20);
    await scene.client.kill();
    await scene.startClient();
  }
  await scene.delivered(scene.log("app.log"), scene.log("app-7-4.log"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("what a killed client left half done is swept, and was nobody's only name", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  fs.writeFileSync(scene.log("known.log"), "known\n");
  await scene.delivered(scene.log("known.log"));
  await scene.client.kill();
  fs.writeFileSync(scene.log("found.log"), "found\n");
  const temporary = (name: string) => path.join(scene.spool, name);
  // Killed after the first link of a new file, after the second one of another, and while writing its memory.
  fs.linkSync(scene.log("found.log"), temporary(".tmp-1"));
  fs.linkSync(scene.log("known.log"), temporary(".tmp-2"));
  fs.writeFileSync(temporary(".tmp-memory"), "shaftlog-mem");
  await scene.startClient();
  const { level, text } = await scene.client.logged("leftovers-swept");
  assert.equal(level, "INFO");
  assert.match(text, /^Removed 3 /);
  await scene.delivered(scene.log("found.log"), scene.log("known.log"));
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), ["found.log", "known.log"]);
  await scene.end();
});

test("a data directory that is open to others is closed, one that belongs to another user is told of", {
  skip: needsRoot,
}, async (t) => {
  const scene = await openScene(t);
  fs.mkdirSync(scene.spool);
  fs.chmodSync(scene.spool, 0o777);
  fs.chownSync(scene.spool, NOBODY, NOBODY);
  await scene.start();
  const tightened = await scene.client.logged("datadir-tightened");
  assert.match(tightened.text, /0777.*0700/);
  const { level, text } = await scene.client.logged("datadir-foreign-owner");
  assert.equal(level, "ERROR");
  assert.match(text, /uid 65534.*chown/);
  assert.equal(fs.statSync(scene.spool).mode & 0o7777, 0o700);
  await scene.end({ errors: ["datadir-foreign-owner"] });
});

test("a data directory that cannot be one: exit 2 and its name, and nothing is made", async (t) => {
  const scene = await openScene(t);
  const file = path.join(scene.home, "file");
  fs.writeFileSync(file, "mine\n");
  const fifo = path.join(scene.home, "locked");
  fs.mkdirSync(path.join(fifo, ".lock"), { recursive: true });
  for (const [datadir, words] of [
    [file, "not a directory"],
    [path.join(file, "below"), "not a directory"],
    [fifo, ".lock"],
    ["/proc/shaftlog", "no such file"],
  ] as const) {
    const { status, stderr } = startAnother(scene, { datadir });
    assert.equal(status, 2, stderr);
    assert.ok(stderr.includes(datadir) && stderr.includes(words), stderr);
    assert.doesNotMatch(stderr, /\n\s+at /, "no stack");
  }
  assert.equal(fs.readFileSync(file, "utf8"), "mine\n");
});

test("files that are no entries, and second names of one: told, left alone, never delivered twice", async (t) => {
  const scene = await openScene(t);
  fs.mkdirSync(scene.spool, { mode: 0o700 });
  const inside = (name: string) => path.join(scene.spool, name);
  fs.writeFileSync(inside("one"), "one\n");
  fs.linkSync(inside("one"), inside("two"));
  fs.symlinkSync("/etc/passwd", inside("link"));
  fs.mkdirSync(inside("directory"));
  await scene.start();
  await scene.client.logged("odd-file-in-datadir", "link");
  await scene.client.logged("second-name-in-datadir", "two");
  await scene.until("the one", () => scene.text("one") === "one\n");
  assert.equal(filesBelow(scene.store).size, 1);
  assert.deepEqual(
    fs.readdirSync(scene.spool).filter((name) => !name.startsWith(".")),
    ["directory", "link", "one", "two"],
  );
  fs.rmSync(inside("two"));
  await scene.end({ errors: ["second-name-in-datadir"] });
});
