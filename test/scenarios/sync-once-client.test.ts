// sync-once in turn with the client on one data directory, what it lets go of, and that neither a large backlog nor
// very many files cost it memory.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FakeServer } from "../support/fake-server.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { openScene } from "../support/scene.ts";
import { eventsOf, fileIn, startSync, sync, syncJson } from "../support/sync-once.ts";
import { filesBelow } from "../support/trees.ts";

test("sync-once, then the client, then sync-once: every line once, and nothing is sent again", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const lines = new Lines();
  lines.append(scene.log("app.log"), 100);
  await sync(scene, 0);
  lines.append(scene.log("app.log"), 100);
  fs.renameSync(scene.log("app.log"), scene.log("app.log.1"));
  lines.append(scene.log("app.log"), 100);
  await scene.startClient();
  await scene.delivered(scene.log("app.log"), scene.log("app.log.1"));
  lines.append(scene.log("app.log.1"), 10);
  await scene.delivered(scene.log("app.log.1"));
  await scene.client.stop();
  lines.append(scene.log("app.log"), 100);
  const before = scene.texts().reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  const report = await syncJson(scene, 0);
  const after = scene.texts().reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  assert.equal(report.bytes_sent, after - before);
  assert.equal((await syncJson(scene, 0)).bytes_sent, 0);
  await scene.startClient();
  lines.append(scene.log("app.log"), 1);
  await scene.delivered(scene.log("app.log"), scene.log("app.log.1"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("what its owner deleted is released once it is old enough and durable everywhere, never its name", async (t) => {
  const scene = await openScene(t, { client: { retention: 0 } });
  await scene.startServer();
  const dead = await FakeServer.open(t);
  dead.goAway();
  fs.writeFileSync(scene.log("a.log"), "a\n");
  fs.writeFileSync(scene.log("kept.log"), "kept\n");
  scene.configure({ destinations: [scene.url, dead.url] });
  await sync(scene, 1, ["--timeout", "500ms"]);
  fs.rmSync(scene.log("a.log"));
  // One destination lacks it.
  await sync(scene, 1, ["--timeout", "500ms"]);
  assert.deepEqual([...filesBelow(scene.spool).keys()].sort(), ["a.log", "kept.log"]);
  await dead.comeBack();
  // Old enough is not there yet.
  scene.configure({ retention: "1h" });
  await sync(scene, 0);
  assert.deepEqual([...filesBelow(scene.spool).keys()].sort(), ["a.log", "kept.log"]);
  scene.configure({ retention: 0 });
  const ended = await sync(scene, 0, ["--json"]);
  assert.equal(eventsOf(ended, "file-released").length, 1);
  assert.deepEqual([...filesBelow(scene.spool).keys()], ["kept.log"]);
  assert.deepEqual(dead.files.get("/a.log")?.toString(), "a\n");
  fs.writeFileSync(scene.log("a.log"), "another a\n");
  const report = await syncJson(scene, 0);
  assert.match(fileIn(report, scene.log("a.log")).name ?? "", /^a\.log\.i\d+$/);
  assert.equal(scene.text("a.log"), "a\n");
  await scene.end({ gone: (name) => name === "a.log" });
});

test("what the spool holds is delivered though no pattern matches it any more", async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a.log"), "a\n");
  await sync(scene, 1, ["--timeout", "300ms"]);
  scene.configure({ scan_paths: [{ pattern: `${scene.logs}/none` }] });
  await scene.startServer();
  assert.equal((await syncJson(scene, 0)).bytes_sent, 2);
  await scene.end();
});

/** The most memory that the process ever had, in bytes; 0 once it has ended. */
function peakOf(pid: number): number {
  try {
    // A process that has ended and was not waited for yet has no such line.
    return 1024 * Number(/VmHWM:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

test("a backlog of 300 MB: delivered within bounded memory", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await scene.startServer();
  fs.writeFileSync(scene.log("small.log"), "small\n");
  const small = startSync(scene);
  let base = 0;
  await scene.until("it ends", () => {
    base = Math.max(base, peakOf(small.pid));
    return small.over;
  });
  const block = Buffer.alloc(10_000_000, "0123456789abcdef line of a backlog\n");
  for (const name of ["one.log", "two.log", "three.log"]) {
    for (let i = 0; i < 10; i++) fs.appendFileSync(scene.log(name), block);
  }
  const run = startSync(scene, ["--json"]);
  let peak = 0;
  await scene.until(
    "it ends",
    () => {
      peak = Math.max(peak, peakOf(run.pid));
      return run.over;
    },
    60_000,
  );
  const ended = await run.ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.ok(base > 0 && peak > 0 && peak - base < 120_000_000, `${peak} bytes, ${base} without a backlog`);
  for (const name of ["one.log", "two.log", "three.log"]) {
    assert.ok(fs.readFileSync(scene.log(name)).equals(fs.readFileSync(path.join(scene.store, name))), name);
  }
});

test("2,000 small files: all of them delivered, and a second run only asks", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  for (let i = 0; i < 2_000; i++) fs.writeFileSync(scene.log(`${i}.log`), `${i}\n`);
  const report = await syncJson(scene, 0);
  assert.equal(report.files.length, 2_000);
  assert.equal(filesBelow(scene.store).size, 2_000);
  assert.equal((await syncJson(scene, 0)).bytes_sent, 0);
});
