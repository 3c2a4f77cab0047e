// `shaftlog verify`: what it finds, beside everything that runs; its exit codes; what it does not do: send, write, or
// take a lock.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FakeServer } from "../support/fake-server.ts";
import { Lines } from "../support/oracles.ts";
import { run } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { snapshot } from "../support/trees.ts";
import { auditServer, flip, states, verify } from "../support/verify.ts";

const MIB = 1024 * 1024;

async function withFiles(scene: Scene): Promise<void> {
  fs.writeFileSync(scene.log("small.log"), "a line\n");
  fs.writeFileSync(scene.log("empty.log"), "");
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(4 * MIB + 100, "a line of a big log\n"));
  await scene.start();
  await scene.delivered(scene.log("small.log"), scene.log("big.log"), scene.log("empty.log"));
}

test("all is equal: exit 0, beside a running client and server, and nothing is changed by it", async (t) => {
  const scene = await openScene(t);
  await withFiles(scene);
  assert.deepEqual(states(verify(scene, 0)), ["big.log equal", "empty.log equal", "small.log equal"]);
  await scene.client.stop();
  const now = () => [snapshot(scene.spool), fs.statSync(path.join(scene.store, "big.log")).mtimeMs];
  const before = now();
  assert.deepEqual(states(verify(scene, 0)), ["big.log equal", "empty.log equal", "small.log equal"]);
  assert.deepEqual(now(), before);
  const quiet = run(["verify", "-q", "-f", path.join(scene.home, "client.yaml")]);
  assert.deepEqual([quiet.status, quiet.stdout, quiet.stderr], [0, "", ""]);
  const told = run(["verify", "-f", path.join(scene.home, "client.yaml")]);
  assert.match(told.stderr, /^Everything is equal everywhere: 3 files/m);
  await scene.end();
});

test("beside a writer: what was there at the start counts", async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 100);
  await scene.delivered(scene.log("app.log"));
  const fd = fs.openSync(scene.log("app.log"), "a");
  const writer = setInterval(() => lines.write(fd), 2);
  for (let i = 0; i < 3; i++) {
    // The run is synchronous: the writer is another process's child only in so far as lines come before and after.
    lines.write(fd);
    assert.deepEqual(states(verify(scene, 0)), ["app.log equal"]);
  }
  clearInterval(writer);
  fs.closeSync(fd);
  await scene.end();
});

test("behind, missing, ahead, diverged: each is told, and what is worst is the exit code", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await withFiles(scene);
  await scene.client.stop();
  fs.appendFileSync(scene.log("small.log"), "and another\n");
  const behind = verify(scene, 1);
  assert.deepEqual(states(behind), ["big.log equal", "empty.log equal", "small.log behind"]);
  const small = behind.files.find(({ name }) => name === "small.log");
  assert.equal(small?.source, scene.log("small.log"));
  assert.equal(small?.destinations[0]?.acknowledged, 7);
  fs.rmSync(path.join(scene.store, "small.log"));
  assert.deepEqual(states(verify(scene, 1)), ["big.log equal", "empty.log equal", "small.log missing"]);
  fs.truncateSync(scene.log("big.log"), MIB);
  assert.deepEqual(states(verify(scene, 1)), ["big.log ahead", "empty.log equal", "small.log missing"]);
  flip(path.join(scene.store, "big.log"), MIB - 1);
  const diverged = verify(scene, 3);
  assert.deepEqual(states(diverged), ["big.log diverged", "empty.log equal", "small.log missing"]);
  const [at] = diverged.files.find(({ name }) => name === "big.log")?.destinations ?? [];
  assert.equal(at?.acknowledged, MIB - 1);
  assert.match(at?.error ?? "", /part at byte 1048575 \(segment 0\) of the 1048576 bytes/);
});

test("--base compares what sync-once would deliver from there", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const base = path.join(scene.home, "base");
  fs.mkdirSync(path.join(base, scene.logs), { recursive: true });
  fs.writeFileSync(path.join(base, scene.log("a.log")), "from there\n");
  assert.deepEqual(states(verify(scene, 1, "--base", base)), ["a.log missing"]);
  assert.equal(scene.syncOnce("-q", "--base", base).status, 0);
  const before = snapshot(base);
  assert.deepEqual(states(verify(scene, 0, "--base", base)), ["a.log equal"]);
  assert.equal(snapshot(base), before);
});

test("a destination that does not answer, and one that tells no digests", async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a.log"), "a line\n");
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  await scene.client.stop();
  const plain = await FakeServer.open(t);
  plain.files.set("/a.log", Buffer.from("a line\n"));
  scene.configure({ destinations: [plain.url] });
  // The fake server lives in this process, which must not stand still.
  const { SyncRun } = await import("../support/sync-once.ts");
  const config = path.join(scene.home, "client.yaml");
  const asked = await new SyncRun(t, ["--json", "-f", config], { command: "verify" }).ended;
  assert.equal(asked.code, 1, asked.stderr);
  assert.match(
    asked.stdout,
    /"state": "unverifiable",\s+"error": "it tells no digests; it has 7 bytes, and there are 7 here"/,
  );
  assert.deepEqual(
    plain.asked.filter(({ method }) => method !== "HEAD"),
    [],
  );
  plain.goAway();
  const began = performance.now();
  assert.deepEqual(states(verify(scene, 1, "--timeout", "1s", "-q")), ["a.log unreachable"]);
  assert.ok(performance.now() - began < 10_000);
});

test("the server finds what changed on its disk, beside itself running", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await withFiles(scene);
  fs.writeFileSync(path.join(scene.store, "by-hand"), Buffer.alloc(2 * MIB));
  await scene.until("its leaves are kept", () => auditServer(scene, 0).covered === 1);
  const sound = auditServer(scene, 0, "--server");
  assert.deepEqual([sound.result, sound.bytes, sound.not_covered], ["sound", 4 * MIB, 2]);
  flip(path.join(scene.store, "big.log"), 2 * MIB + 17);
  flip(path.join(scene.store, "big.log"), 3 * MIB + 17);
  const rot = auditServer(scene, 3);
  const [file] = rot.files;
  assert.deepEqual([rot.result, file?.name, file?.state, file?.segment], ["rot", "big.log", "rot", 2]);
  assert.match(file?.error ?? "", /segment 2 \(from byte 2097152\)/);
  const told = run(["verify", "-f", path.join(scene.home, "server.yaml")]);
  assert.match(told.stderr, /^"big.log" changed on disk: segment 2/m);
  fs.truncateSync(path.join(scene.store, "big.log"), 2 * MIB);
  assert.deepEqual(
    auditServer(scene, 3).files.map(({ name, state }) => `${name} ${state}`),
    ["big.log shorter"],
  );
});

test("the command line is checked before anything is done", async (t) => {
  const scene = await openScene(t);
  const [client, server] = ["client.yaml", "server.yaml"].map((name) => path.join(scene.home, name));
  for (const args of [
    ["-f", "/nonexistent"],
    ["-f", client, "--timeout", "soon"],
    ["-f", client, "--base", "/nonexistent"],
    ["-f", client, "--server"],
    ["-f", client, "surplus"],
    ["-f", server, "--base", "/"],
  ]) {
    const ended = run(["verify", ...(args as string[])]);
    assert.equal(ended.status, 2, `${args.join(" ")}: ${ended.stderr}`);
    assert.notEqual(ended.stderr, "");
  }
  assert.ok(!fs.existsSync(scene.spool) && !fs.existsSync(scene.store));
});
