// sync-once ends, whatever the destinations and the files do meanwhile, and exit code 0 means that every byte that was
// there at its start is durable everywhere.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { FakeServer } from "../support/fake-server.ts";
import { Lines } from "../support/oracles.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene } from "../support/scene.ts";
import { fileIn, startSync, statesOf, sync, syncJson } from "../support/sync-once.ts";

test("a file that grows all the time: what was there at the start is delivered, and it ends", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const lines = new Lines();
  const fd = fs.openSync(scene.log("app.log"), "a");
  for (let i = 0; i < 1000; i++) lines.write(fd);
  const writer = setInterval(() => {
    for (let i = 0; i < 50; i++) lines.write(fd);
  }, 1);
  t.after(() => clearInterval(writer));
  for (let round = 0; round < 5; round++) {
    const before = fs.fstatSync(fd).size;
    const report = await syncJson(scene, 0);
    const [file] = report.files;
    assert.ok(file !== undefined && file.size >= before, "all that was there at the start");
    assert.ok(fs.fstatSync(fd).size > file.size, "it went on growing");
    assert.ok(Buffer.byteLength(scene.text("app.log")) >= file.size, "and is at the server");
  }
  clearInterval(writer);
  fs.closeSync(fd);
  await sync(scene, 0);
  await scene.end();
});

test("delivery begins while files are still being found", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
  await scene.startServer();
  const count = 3000;
  for (let i = 0; i < count; i++) {
    if (i % 100 === 0) fs.mkdirSync(scene.log(`d${i / 100}`));
    fs.writeFileSync(scene.log(`d${Math.floor(i / 100)}/${i}.log`), `${i}\n`);
  }
  const report = await syncJson(scene, 0);
  assert.equal(report.files.length, count);
  const times = (directory: string, which: "ctimeMs" | "mtimeMs") =>
    fs
      .readdirSync(directory)
      .filter((name) => name.endsWith(".log"))
      .map((name) => fs.statSync(path.join(directory, name))[which]);
  const first = Math.min(...times(scene.serverConfig.datadir, "mtimeMs"));
  const lastLink = Math.max(...times(scene.clientConfig.datadir, "ctimeMs"));
  assert.ok(first < lastLink, `the first arrived ${first - lastLink} ms after the last was linked`);
});

test("a dead destination: the other one gets everything, and after healing only the rest is sent", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const other = await FakeServer.open(t);
  scene.configure({ destinations: [other.url, scene.url] });
  other.goAway();
  fs.writeFileSync(scene.log("a.log"), "a".repeat(1000));
  fs.writeFileSync(scene.log("b.log"), "b".repeat(100_000));
  const first = await syncJson(scene, 1, ["--timeout", "1s"]);
  assert.ok(first.elapsed_ms >= 1000 && first.elapsed_ms < 6000, `${first.elapsed_ms} ms`);
  assert.equal(first.bytes_sent, 101_000);
  for (const name of ["a.log", "b.log"]) {
    assert.deepEqual(statesOf(first, name), ["incomplete", "delivered"]);
    const [dead] = fileIn(first, name).destinations;
    assert.deepEqual([dead?.acknowledged, dead?.url], [0, other.url]);
    assert.match(dead?.error ?? "", /ECONNREFUSED/);
  }
  await scene.delivered(scene.log("a.log"), scene.log("b.log"));

  await other.comeBack();
  fs.appendFileSync(scene.log("a.log"), "more");
  const second = await syncJson(scene, 0, ["--timeout", "1s"]);
  assert.equal(second.bytes_sent, 101_004 + 4);
  assert.equal(other.files.get("/a.log")?.toString(), fs.readFileSync(scene.log("a.log"), "utf8"));
  assert.equal(other.files.get("/b.log")?.length, 100_000);
  other.asked.length = 0;
  const third = await syncJson(scene, 0);
  assert.equal(third.bytes_sent, 0);
  assert.deepEqual([...new Set(other.asked.map(({ method }) => method))], ["HEAD"], "the second run only asks");
  await scene.end();
});

test("a destination that stops taking bytes midway: time runs out, and what it has is told", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const other = await FakeServer.open(t);
  scene.configure({ destinations: [scene.url, other.url] });
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(3_000_000, "0123456789\n"));
  let taken = 0;
  other.script = ({ method }) => (method === "PUT" && ++taken > 5 ? "nothing" : undefined);
  const began = await syncJson(scene, 1, ["--timeout", "1s"]);
  assert.deepEqual(statesOf(began, "big.log"), ["delivered", "incomplete"]);
  const acknowledged = fileIn(began, "big.log").destinations[1]?.acknowledged ?? 0;
  assert.ok(acknowledged > 0 && acknowledged < 3_000_000);
  assert.ok(acknowledged <= (other.files.get("/big.log")?.length ?? 0), "never more than it has");
  other.script = () => undefined;
  const rest = 3_000_000 - (other.files.get("/big.log")?.length ?? 0);
  assert.equal((await syncJson(scene, 0)).bytes_sent, rest);
  assert.equal(other.files.get("/big.log")?.length, 3_000_000);
  await scene.end();
});

const takesNothing = [
  { status: 500 },
  { status: 507 },
  { status: 503, fields: ["Retry-After: 1"] },
  { status: 429 },
  { status: 416 },
  "close",
  "reset",
  { raw: "garbage\r\n\r\n" },
] as const;

describe("a destination that answers each HEAD and takes nothing: time runs out", { concurrency: 4 }, () => {
  for (const reaction of takesNothing) {
    const how = typeof reaction === "string" ? reaction : JSON.stringify(reaction);
    test(`every PUT is answered with ${how}`, async (t) => {
      const scene = await openScene(t);
      const other = await FakeServer.open(t);
      scene.configure({ destinations: [other.url] });
      other.script = ({ method }) => (method === "PUT" ? reaction : undefined);
      fs.writeFileSync(scene.log("a.log"), "a".repeat(1000));
      fs.writeFileSync(scene.log("empty.log"), "");
      const report = await syncJson(scene, 1, ["--timeout", "1s"]);
      assert.deepEqual(statesOf(report, "a.log"), ["incomplete"]);
      assert.deepEqual(statesOf(report, "empty.log"), ["delivered"], "an empty file is there with its first byte");
      assert.ok(report.elapsed_ms < 8000, `${report.elapsed_ms} ms`);
      other.script = () => undefined;
      assert.equal((await syncJson(scene, 0)).bytes_sent, 1000);
    });
  }
});

test("a slow destination that goes on is waited for, well beyond the time", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 800_000;
  scene.configure({ destinations: [proxy.url] });
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(2_000_000, "0123456789\n"));
  const report = await syncJson(scene, 0, ["--timeout", "1s"]);
  assert.ok(report.elapsed_ms > 2000, `${report.elapsed_ms} ms`);
  assert.equal(report.bytes_sent, 2_000_000);
  await scene.end();
});

test("a destination that comes back after its time, while another one still takes its own", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 500_000;
  const other = await FakeServer.open(t);
  other.goAway();
  scene.configure({ destinations: [proxy.url, other.url] });
  // Twelve seconds' worth: whenever the other one comes back in the first half, it is asked again (transfer/backoff.ts).
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(6_000_000, "0123456789\n"));
  const run = startSync(scene, ["--json", "--timeout", "1500ms"]);
  await scene.until("its time is over", () => Buffer.byteLength(scene.text("big.log")) > 1_000_000);
  await other.comeBack();
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.equal(other.files.get("/big.log")?.length, 6_000_000);
  await scene.end();
});

test("a server that is restarted midway is asked again", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 2_000_000;
  scene.configure({ destinations: [proxy.url] });
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(3_000_000, "0123456789\n"));
  fs.writeFileSync(scene.log("small.log"), "small\n");
  const run = startSync(scene);
  await scene.until("it is under way", () => Buffer.byteLength(scene.text("big.log")) > 500_000);
  await scene.server.kill();
  // An older backup: what was there is not.
  fs.rmSync(`${scene.store}/small.log`);
  await scene.startServer();
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  assert.equal(scene.text("small.log"), "small\n");
  await scene.delivered(scene.log("big.log"));
});
