// Finding files without a scan: the scan interval is an hour here, so whatever is found was found by a watch. Files
// that live a moment, directories that come filled, move or go, and what the kernel does not tell at all.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { pace } from "../support/pace.ts";
import { descriptorsOf, type Launch, watchesOf } from "../support/processes.ts";
import { MOMENTS } from "../support/restricted.ts";
import { openScene, type Scene, type SceneOptions } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

const HOUR = { scan_interval: "1h", periodic_trigger_interval: "1h" };

async function start(
  t: test.TestContext,
  pattern = "*.log",
  { scene: options, launch }: { scene: SceneOptions; launch: Launch } = { scene: {}, launch: {} },
): Promise<Scene> {
  const scene = await openScene(t, {
    ...options,
    client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/${pattern}`)], ...HOUR }),
  });
  await scene.startServer();
  await scene.startClient(launch);
  await scene.until("the directory is watched", () => watchesOf(scene.client.pid) > 0);
  return scene;
}

function write(file: string, content = `${path.basename(file)}\n`): string {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, content);
  return file;
}

test("files that live 50 to 100 ms are delivered", async (t) => {
  const scene = await start(t, "*.log", MOMENTS);
  const names = Array.from({ length: 30 }, (_, i) => `brief-${i}.log`);
  for (const [i, name] of names.entries()) {
    const fd = fs.openSync(scene.log(name), "a");
    fs.writeSync(fd, "one\n");
    await pace(50 + (i % 6) * 10);
    fs.rmSync(scene.log(name));
    fs.writeSync(fd, "two\n");
    fs.closeSync(fd);
  }
  await scene.until("all of them", () => scene.texts().filter(([, text]) => text === "one\ntwo\n").length === 30);
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), names.sort());
  await scene.end();
});

test("a file that was written elsewhere and renamed into place, or within it, or out of it and back", async (t) => {
  const scene = await start(t);
  const outside = write(path.join(scene.home, "outside/a.log"), "a\n");
  fs.renameSync(outside, scene.log("a.log"));
  fs.renameSync(write(scene.log("b.tmp"), "b\n"), scene.log("b.log"));
  fs.linkSync(write(path.join(scene.home, "outside/c"), "c\n"), scene.log("c.log"));
  await scene.delivered(scene.log("a.log"), scene.log("b.log"), scene.log("c.log"));
  fs.renameSync(scene.log("a.log"), outside);
  fs.appendFileSync(outside, "from outside\n");
  await scene.until("growth outside", () => scene.text("a.log") === "a\nfrom outside\n");
  fs.renameSync(outside, scene.log("a2.log"));
  fs.appendFileSync(scene.log("a2.log"), "back\n");
  await scene.until("growth inside", () => scene.text("a.log") === "a\nfrom outside\nback\n");
  assert.equal(filesBelow(scene.store).size, 3);
  await scene.end();
});

test("directories that are made and filled at once, many and deep", async (t) => {
  const scene = await start(t, "**/*.log");
  const files = Array.from({ length: 60 }, (_, i) => scene.log(`d${i % 6}/e${i % 12}/f/g/h/i-${i}.log`));
  for (const file of files) write(file);
  // A whole tree that comes by one rename.
  for (let i = 0; i < 10; i++) write(path.join(scene.home, `tree/a/b${i}/t-${i}.log`));
  fs.renameSync(path.join(scene.home, "tree"), scene.log("tree"));
  const moved = Array.from({ length: 10 }, (_, i) => scene.log(`tree/a/b${i}/t-${i}.log`));
  await scene.delivered(...files, ...moved);
  assert.equal(filesBelow(scene.store).size, 70);
  await scene.end();
});

test("a directory that the pattern spells out, and those above it, come into being later", async (t) => {
  const scene = await start(t, "x/y/z/*.log");
  await scene.delivered();
  const first = write(scene.log("x/y/z/first.log"));
  await scene.delivered(first);
  fs.rmSync(scene.log("x"), { recursive: true });
  const again = write(scene.log("x/y/z/again.log"));
  await scene.delivered(again);
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), ["again.log", "first.log"]);
  await scene.end();
});

test("a directory is renamed: its files are the same ones, and new ones in it are found", async (t) => {
  const scene = await start(t, "**/*.log");
  const old = write(scene.log("app/one/a.log"));
  await scene.delivered(old);
  fs.renameSync(scene.log("app"), scene.log("app-2"));
  fs.appendFileSync(scene.log("app-2/one/a.log"), "grown\n");
  await scene.until("growth", () => scene.text("a.log") === "a.log\ngrown\n");
  await scene.delivered(write(scene.log("app-2/one/b.log")));
  // Another directory takes its old name.
  await scene.delivered(write(scene.log("app/one/c.log")));
  fs.appendFileSync(scene.log("app-2/one/a.log"), "still\n");
  await scene.until("growth", () => scene.text("a.log") === "a.log\ngrown\nstill\n");
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), ["a.log", "b.log", "c.log"]);
  await scene.end();
});

test("directories that come and go leave no watches, descriptors or files behind", async (t) => {
  const scene = await start(t, "**/*.log");
  await scene.delivered(write(scene.log("stays/a.log")));
  const watches = watchesOf(scene.client.pid);
  for (let i = 0; i < 50; i++) {
    await scene.delivered(write(scene.log(`goes/${i}/x-${i}.log`)));
    fs.rmSync(scene.log("goes"), { recursive: true });
  }
  // Files that nobody else has are watched through our own links as long as their writers may be there.
  await scene.until("as many as files", () => watchesOf(scene.client.pid) <= watches + 50 + 1);
  await scene.until("few descriptors", () => descriptorsOf(scene.client.pid) < 60);
  await scene.end();
});

test("the kernel's queue of events overflows: the scan finds what was not told", async (t) => {
  const scene = await openScene(t, { client: { scan_interval: 1000, periodic_trigger_interval: "1h" } });
  await scene.start();
  for (const name of ["a.log", "b.log"]) fs.writeFileSync(scene.log(name), "");
  await scene.delivered(scene.log("a.log"), scene.log("b.log"));
  scene.client.child.kill("SIGSTOP");
  const limit = Number(fs.readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  assert.ok(limit <= 65_536, `a queue of ${limit} events`);
  // Two files by turns, since equal events in a row are one.
  const [a, b] = ["a.log", "b.log"].map((name) => fs.openSync(scene.log(name), "a")) as [number, number];
  for (let i = 0; i < limit; i++) fs.writeSync(i % 2 === 0 ? a : b, "x");
  fs.writeFileSync(scene.log("new.log"), "new\n");
  fs.closeSync(a);
  fs.closeSync(b);
  scene.client.child.kill("SIGCONT");
  await scene.delivered(scene.log("a.log"), scene.log("b.log"), scene.log("new.log"));
  await scene.end();
});
