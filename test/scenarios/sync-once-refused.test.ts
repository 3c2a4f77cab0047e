// What trying again will not help: exit code 3, which wins over 1, with the file and the reason in the document and on
// stderr; all other files are delivered all the same.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { FakeServer } from "../support/fake-server.ts";
import { WireProxy } from "../support/proxy.ts";
import { asNobody, giveToNobody, needsRoot } from "../support/restricted.ts";
import { openScene } from "../support/scene.ts";
import { eventsOf, fileIn, reportOf, startSync, statesOf, sync, syncJson } from "../support/sync-once.ts";

test("an unreadable file, an unlinkable file and an unreadable directory: 3, the others are delivered", {
  skip: needsRoot,
}, async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
  await scene.startServer();
  giveToNobody(scene.home, scene.logs);
  const user = { wrapper: asNobody(scene.home) };
  fs.writeFileSync(scene.log("good.log"), "good\n");
  fs.writeFileSync(scene.log("unreadable.log"), "secret\n", { mode: 0o000 });
  giveToNobody(scene.log("good.log"), scene.log("unreadable.log"));
  fs.writeFileSync(scene.log("foreign.log"), "of root\n", { mode: 0o640 });
  fs.mkdirSync(scene.log("closed"), { mode: 0o700 });
  fs.writeFileSync(scene.log("closed/inner.log"), "inner\n");
  const ended = await sync(scene, 3, ["--json"], user);
  const report = reportOf(ended);
  assert.equal(report.result, "refused");
  assert.deepEqual(statesOf(report, "good.log"), ["delivered"]);
  const expected: [source: string, error: RegExp][] = [
    [scene.log("unreadable.log"), /permission denied \(EACCES\)/],
    [scene.log("foreign.log"), /run the client as root/],
    [scene.log("closed"), /permission denied \(EACCES\): let the client's user read it, or run the client as root/],
  ];
  assert.equal(report.files.length, 1 + expected.length);
  for (const [source, error] of expected) {
    const file = fileIn(report, source);
    assert.deepEqual(
      file.destinations.map(({ state }) => state),
      ["refused"],
      source,
    );
    assert.match(file.destinations[0]?.error ?? "", error);
    assert.ok(ended.stderr.includes(`  "${source}"`), ended.stderr);
  }
  assert.equal(eventsOf(ended, "path-not-readable").length, 1);
  assert.equal(scene.text("good.log"), "good\n");
  // Mended, it is delivered.
  fs.chmodSync(scene.log("unreadable.log"), 0o644);
  fs.rmSync(scene.log("foreign.log"));
  fs.chmodSync(scene.log("closed"), 0o755);
  fs.chmodSync(scene.log("closed/inner.log"), 0o666);
  await sync(scene, 0, [], user);
  assert.deepEqual([scene.text("unreadable.log"), scene.text("inner.log")], ["secret\n", "inner\n"]);
  await scene.end();
});

const elsewhere = "/dev/shm";
const noElsewhere = !fs.existsSync(elsewhere) || fs.statSync(elsewhere).dev === fs.statSync("/tmp").dev;

test("a file on another file system than the spool: 3, with the key to set", {
  skip: noElsewhere ? "no second file system" : false,
}, async (t) => {
  const other = fs.mkdtempSync(path.join(elsewhere, "shaftlog-"));
  t.after(() => fs.rmSync(other, { recursive: true }));
  const scene = await openScene(t, {
    client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/*.log`), byBaseName(`${other}/*.log`)] }),
  });
  await scene.startServer();
  fs.writeFileSync(scene.log("near.log"), "near\n");
  fs.writeFileSync(path.join(other, "far.log"), "far\n");
  const report = await syncJson(scene, 3);
  assert.match(fileIn(report, path.join(other, "far.log")).destinations[0]?.error ?? "", /scan_paths\[\]\.datadir/);
  assert.deepEqual(statesOf(report, "near.log"), ["delivered"]);
  scene.configure({
    scan_paths: [
      byBaseName(`${scene.logs}/*.log`),
      { ...byBaseName(`${other}/*.log`), datadir: path.join(other, "spool") },
    ],
  });
  await sync(scene, 0);
  assert.equal(scene.text("far.log"), "far\n");
});

test("a name that the server refuses, and one that we refuse: 3, told with the name; the others go on", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**`)] }) });
  await scene.startServer();
  fs.writeFileSync(scene.log("good.log"), "good\n");
  fs.writeFileSync(scene.log("with space.log"), "space\n");
  fs.writeFileSync(scene.log(".hidden.log"), "hidden\n");
  scene.configure({ scan_paths: [byBaseName(`${scene.logs}/*`), byBaseName(`${scene.logs}/.*`)] });
  const ended = await sync(scene, 3, ["--json"]);
  const report = reportOf(ended);
  assert.deepEqual(statesOf(report, "good.log"), ["delivered"]);
  assert.deepEqual(statesOf(report, "with space.log"), ["refused"]);
  assert.match(fileIn(report, "with space.log").destinations[0]?.error ?? "", /^400.*validate_regex/);
  const hidden = fileIn(report, scene.log(".hidden.log"));
  assert.deepEqual([hidden.name, hidden.size], [null, 0]);
  assert.match(hidden.destinations[0]?.error ?? "", /begins with a dot/);
  assert.equal(eventsOf(ended, "name-refused").length, 1);
  assert.equal(eventsOf(ended, "file-denied").length, 1);
  assert.equal(scene.text("good.log"), "good\n");
});

test("3 wins over 1: a refused name beside a dead destination", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const dead = await FakeServer.open(t);
  dead.goAway();
  scene.configure({ destinations: [scene.url, dead.url] });
  fs.writeFileSync(scene.log("good.log"), "good\n");
  fs.writeFileSync(scene.log("not good.log"), "x\n");
  const report = await syncJson(scene, 3, ["--timeout", "700ms"]);
  assert.deepEqual(statesOf(report, "good.log"), ["delivered", "incomplete"]);
  assert.deepEqual(statesOf(report, "not good.log"), ["refused", "incomplete"]);
});

describe("a destination that takes nothing for good: 3 at once, not after the time", { concurrency: 4 }, () => {
  for (const status of [401, 403, 404, 405, 410, 501]) {
    test(`each PUT is answered with ${status}`, async (t) => {
      const scene = await openScene(t);
      const server = await FakeServer.open(t);
      scene.configure({ destinations: [server.url] });
      server.script = ({ method }) => (method === "PUT" ? { status } : undefined);
      fs.writeFileSync(scene.log("a.log"), "a\n");
      const report = await syncJson(scene, 3, ["--timeout", "30s"]);
      assert.ok(report.elapsed_ms < 5000);
      assert.ok(fileIn(report, "a.log").destinations[0]?.error?.startsWith(String(status)));
    });
  }
});

test("a copy with other bytes at the server: 3, nothing is appended to it, the others go on", async (t) => {
  const scene = await openScene(t);
  fs.mkdirSync(scene.store);
  for (const [name, content] of [
    ["same", "0123456789\n"],
    ["shorter", "0123X"],
    ["longer", "X123456789\nmore\n"],
  ] as const) {
    fs.writeFileSync(path.join(scene.store, `${name}.log`), content);
    fs.writeFileSync(scene.log(`${name}.log`), "0123456789\n");
  }
  await scene.startServer();
  const report = await syncJson(scene, 3);
  assert.deepEqual(statesOf(report, "same.log"), ["delivered"]);
  for (const name of ["shorter.log", "longer.log"]) assert.deepEqual(statesOf(report, name), ["refused"], name);
  assert.deepEqual([scene.text("shorter.log"), scene.text("longer.log")], ["0123X", "X123456789\nmore\n"]);
});

test("a file truncated between two runs: 3 once, its new content under a new name, the others unaffected", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await scene.startServer();
  fs.writeFileSync(scene.log("cut.log"), "first content\n".repeat(100));
  fs.writeFileSync(scene.log("same.log"), "same\n");
  await sync(scene, 0);
  const before = scene.text("cut.log");
  fs.writeFileSync(scene.log("cut.log"), "other\n");
  const ended = await sync(scene, 3, ["--json"]);
  const report = reportOf(ended);
  assert.match(fileIn(report, "cut.log").destinations[0]?.error ?? "", /truncated.*"cut\.log\.g2-from-0"/);
  assert.deepEqual(statesOf(report, "cut.log.g2-from-0"), ["delivered"]);
  assert.deepEqual(statesOf(report, "same.log"), ["delivered"]);
  assert.match(eventsOf(ended, "file-shrunk")[0]?.text ?? "", /Bytes that may be lost/);
  assert.equal(scene.text("cut.log"), before, "the copy stays as it was");
  assert.equal(scene.text("cut.log.g2-from-0"), "other\n");
  // Regrown past the old size, unseen.
  fs.writeFileSync(scene.log("cut.log"), "third content\n".repeat(200));
  const third = await syncJson(scene, 3);
  assert.deepEqual(statesOf(third, "cut.log.g3-from-0"), ["delivered"]);
  assert.equal(scene.text("cut.log.g3-from-0"), "third content\n".repeat(200));
  assert.equal((await syncJson(scene, 0)).bytes_sent, 0);
  await scene.end({ gone: (name) => name.startsWith("cut.log") });
});

test("a file truncated in the middle of a run: 3, and what is written afterwards is delivered", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 1_000_000;
  scene.configure({ destinations: [proxy.url] });
  fs.writeFileSync(scene.log("cut.log"), Buffer.alloc(3_000_000, "0123456789\n"));
  const run = startSync(scene, ["--json"]);
  await scene.until("it is under way", () => Buffer.byteLength(scene.text("cut.log")) > 300_000);
  // Truncated and written is two calls: a look between them would find a file without bytes, and be content.
  run.child.kill("SIGSTOP");
  fs.writeFileSync(scene.log("cut.log"), "afterwards\n");
  run.child.kill("SIGCONT");
  const { code, stdout, stderr } = await run.ended;
  assert.equal(code, 3, stderr);
  const report = reportOf({ stdout, stderr });
  const cut = fileIn(report, "cut.log");
  assert.equal(cut.size, 3_000_000, "what was there at the start");
  assert.ok((cut.destinations[0]?.acknowledged ?? 0) < 3_000_000);
  assert.match(cut.destinations[0]?.error ?? "", /truncated/);
  assert.deepEqual(statesOf(report, "cut.log.g2-from-0"), ["delivered"]);
  assert.equal(scene.text("cut.log.g2-from-0"), "afterwards\n");
});
