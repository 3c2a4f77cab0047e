// sync-once on a data directory whose client runs: that client is asked to look at everything now and to bring it over,
// and the run ends by the same rules as one of its own, with the same document.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FakeServer } from "../support/fake-server.ts";
import { Lines } from "../support/oracles.ts";
import { openScene } from "../support/scene.ts";
import { eventsOf, fileIn, reportOf, startSync, statesOf, sync, syncJson } from "../support/sync-once.ts";

/** Nothing is looked at by itself within a test. */
const RARELY = { scan_interval: "1h", periodic_trigger_interval: "1h" };

test("everything that is there is found and brought over, also what no watch shows, and the client goes on", async (t) => {
  const scene = await openScene(t, { client: RARELY });
  const lines = new Lines();
  lines.append(scene.log("kept.log"), 10);
  lines.append(scene.log("moved.log"), 10);
  await scene.start();
  await scene.delivered(scene.log("kept.log"), scene.log("moved.log"));
  const away = path.join(scene.home, "away");
  fs.renameSync(scene.log("moved.log"), away);
  await sync(scene, 0);
  // Its names are out of sight, and its directory was made after the watches.
  fs.mkdirSync(scene.log("sub.log"));
  lines.append(away, 10);
  lines.append(scene.log("new.log"), 10);
  const ended = await sync(scene, 0, ["--json"]);
  const report = reportOf(ended);
  assert.match(ended.stderr, /^shaftlog: the client that runs on ".*" is asked to deliver now\n/);
  assert.match(ended.stderr, /Everything is durable everywhere: 3 files/);
  assert.deepEqual(
    report.files.map(({ size }) => size).sort(),
    [fs.statSync(away).size, fs.statSync(scene.log("kept.log")).size, fs.statSync(scene.log("new.log")).size].sort(),
  );
  assert.deepEqual(statesOf(report, scene.log("new.log")), ["delivered"]);
  const quiet = await sync(scene, 0, ["-q"]);
  assert.deepEqual([quiet.stdout, quiet.stderr], ["", ""]);
  lines.append(scene.log("kept.log"), 1);
  await sync(scene, 0);
  await scene.end();
});

test("copies are compared byte for byte: one that was changed is refused with exit 3", async (t) => {
  const scene = await openScene(t, { truncates: true });
  fs.writeFileSync(scene.log("a.log"), "0123456789\n".repeat(1000));
  fs.writeFileSync(scene.log("b.log"), "all right\n");
  await scene.start();
  await scene.delivered(scene.log("a.log"), scene.log("b.log"));
  await sync(scene, 0);
  const copy = fs.openSync(path.join(scene.store, "a.log"), "r+");
  fs.writeSync(copy, "X", 5000);
  fs.closeSync(copy);
  const report = await syncJson(scene, 3);
  assert.deepEqual(
    [statesOf(report, scene.log("a.log")), statesOf(report, scene.log("b.log"))],
    [["refused"], ["delivered"]],
  );
  assert.match(fileIn(report, scene.log("a.log")).destinations[0]?.error ?? "", /part at byte 5000/);
  assert.equal(
    (await syncJson(scene, 3)).files.length,
    2,
    "that is told again at once, though the client waits with it",
  );
  await scene.client.logged("file-diverged");
  fs.copyFileSync(scene.log("a.log"), path.join(scene.store, "a.log"));
  await sync(scene, 0);
  await scene.end({ errors: ["file-diverged"] });
});

test("a destination that is away: exit 1 after the timeout, the others get everything, and it recovers", async (t) => {
  const scene = await openScene(t);
  const away = await FakeServer.open(t);
  away.goAway();
  scene.configure({ destinations: [scene.url, away.url] });
  fs.writeFileSync(scene.log("a.log"), "a\n");
  await scene.start();
  const report = await syncJson(scene, 1, ["--timeout", "500ms"]);
  assert.deepEqual(statesOf(report, scene.log("a.log")), ["delivered", "incomplete"]);
  assert.match(fileIn(report, scene.log("a.log")).destinations[1]?.error ?? "", /ECONNREFUSED/);
  await away.comeBack();
  await sync(scene, 0);
  assert.equal(away.files.get("/a.log")?.toString(), "a\n");
  await scene.end({ errors: ["destination-unreachable"] });
});

test("what cannot be asked of that client: exit 4, with the reason", async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a.log"), "a\n");
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  assert.match((await sync(scene, 4, ["--hostname", "other"])).stderr, /with --hostname/);
  assert.match((await sync(scene, 0, ["--dry-run"])).stdout, /a\.log/);
  const before = scene.clientConfig.destinations;
  scene.configure({ destinations: [scene.url, "http://127.0.0.1:9/"] });
  const { stdout, stderr } = await sync(scene, 4, ["--json"]);
  assert.equal(stdout, "");
  assert.match(
    stderr,
    new RegExp(
      `process ${scene.client.child.pid} is using it already, and it was started with another configuration: restart it`,
    ),
  );
  scene.configure({ destinations: before });
  await sync(scene, 0);
  await scene.end();
});

test("a signal ends the run within a second with its report, and the client goes on; with the client the run ends", async (t) => {
  const scene = await openScene(t);
  const away = await FakeServer.open(t);
  away.goAway();
  scene.configure({ destinations: [scene.url, away.url] });
  fs.writeFileSync(scene.log("a.log"), "a\n");
  await scene.start();
  const asked = (run: ReturnType<typeof startSync>) =>
    scene.until("it is asked", () => run.stderr.includes("is asked to deliver"));
  const signalled = startSync(scene, ["--json"]);
  await asked(signalled);
  await scene.until("a.log is delivered", () => scene.text("a.log") === "a\n");
  signalled.child.kill("SIGTERM");
  const ended = await signalled.ended;
  assert.equal(ended.code, 1, ended.stderr);
  assert.equal(reportOf(ended).result, "incomplete");
  assert.deepEqual(eventsOf(ended), []);
  fs.appendFileSync(scene.log("a.log"), "b\n");
  await scene.until("the client goes on", () => scene.text("a.log") === "a\nb\n");
  const left = startSync(scene, ["--json"]);
  await asked(left);
  await scene.client.stop();
  const alone = await left.ended;
  assert.equal(alone.code, 1, alone.stderr);
  assert.equal(reportOf(alone).result, "incomplete");
  await scene.end({ errors: ["destination-unreachable"] });
});

test("500 files, and several who ask at once", async (t) => {
  const scene = await openScene(t);
  for (let i = 0; i < 500; i++) fs.writeFileSync(scene.log(`${i}.log`), `${i}\n`);
  await scene.start();
  const runs = [1, 2].map(() => startSync(scene, ["--json"]));
  for (const run of runs) {
    const ended = await run.ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(reportOf(ended).files.length, 500);
  }
  await scene.end();
});
