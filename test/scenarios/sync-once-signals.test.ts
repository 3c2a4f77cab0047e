// sync-once interrupted: killed at any moment it is run again and every byte is there once; asked to stop it ends
// within a second or so and says how far it came.

import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { reportOf, startSync, sync } from "../support/sync-once.ts";

/** A server behind a link of `rate` bytes a second. */
async function throttled(t: TestContext, rate: number): Promise<{ scene: Scene; proxy: WireProxy }> {
  const scene = await openScene(t);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = rate;
  scene.configure({ destinations: [proxy.url] });
  return { scene, proxy };
}

test("killed ten times in the middle of delivering, then run again: every line exactly once", async (t) => {
  const { scene, proxy } = await throttled(t, 1_000_000);
  const lines = new Lines();
  for (let i = 0; i < 60; i++) lines.append(scene.log(`app-${i}.log`), 3000);
  for (let kill = 0; kill < 10; kill++) {
    const run = startSync(scene);
    const before = proxy.puts().length;
    await scene.until("bytes are on the wire", () => run.over || proxy.puts().length > before + (kill % 3));
    run.child.kill("SIGKILL");
    assert.equal((await run.ended).code, "SIGKILL");
  }
  proxy.throttle.rate = undefined;
  await sync(scene, 0);
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("killed ten times while it finds and links files, then run again", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  for (let i = 0; i < 3000; i++) fs.writeFileSync(scene.log(`${i}.log`), `${i}\n`);
  for (let kill = 0; kill < 10; kill++) {
    const run = startSync(scene);
    const before = fs.existsSync(scene.spool) ? fs.readdirSync(scene.spool).length : 0;
    await scene.until(
      "it links",
      () => run.over || (fs.existsSync(scene.spool) && fs.readdirSync(scene.spool).length > before + 1),
    );
    run.child.kill("SIGKILL");
    await run.ended;
  }
  await sync(scene, 0);
  assert.equal(scene.texts().length, 3000);
  assert.ok(scene.texts().every(([name, text]) => `${text.trim()}.log` === name));
  await scene.end();
});

describe("asked to stop", { concurrency: 2 }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} while it delivers: the report of how far it came, exit code 1, and the next run sends the rest`, async (t) => {
      const { scene, proxy } = await throttled(t, 1_000_000);
      fs.writeFileSync(scene.log("big.log"), Buffer.alloc(6_000_000, "0123456789\n"));
      fs.writeFileSync(scene.log("small.log"), "small\n");
      const run = startSync(scene, ["--json"]);
      await scene.until("it is under way", () => Buffer.byteLength(scene.text("big.log")) > 500_000);
      const asked = performance.now();
      run.child.kill(signal);
      const ended = await run.ended;
      assert.equal(ended.code, 1, ended.stderr);
      assert.ok(performance.now() - asked < 2000);
      const report = reportOf(ended);
      assert.equal(report.result, "incomplete");
      const states = report.files.map(({ name, destinations: [one] }) => [name, one?.state, one?.error]);
      assert.deepEqual(states.sort(), [
        ["big.log", "incomplete", `stopped by ${signal}`],
        ["small.log", "delivered", null],
      ]);
      const acknowledged = report.files.find(({ name }) => name === "big.log")?.destinations[0]?.acknowledged ?? 0;
      assert.ok(acknowledged > 0 && acknowledged <= Buffer.byteLength(scene.text("big.log")));
      assert.match(ended.stderr, /^incomplete: 1 of 2 files is not durable everywhere/m);
      proxy.throttle.rate = undefined;
      await sync(scene, 0);
      await scene.end();
    });
  }

  test("twice: it ends at once", async (t) => {
    const { scene } = await throttled(t, 200_000);
    fs.writeFileSync(scene.log("big.log"), Buffer.alloc(6_000_000, "0123456789\n"));
    const run = startSync(scene);
    await scene.until("it is under way", () => scene.text("big.log") !== "");
    run.child.kill("SIGTERM");
    await pace(20);
    run.child.kill("SIGTERM");
    const { code } = await run.ended;
    assert.ok(code === "SIGTERM" || code === 1, `${code}`);
  });

  test("at any other moment: it ends soon, and nothing is lost", async (t) => {
    const scene = await openScene(t);
    await scene.startServer();
    for (let i = 0; i < 2000; i++) fs.writeFileSync(scene.log(`${i}.log`), `${i}\n`);
    for (let delay = 20; delay <= 200; delay += 20) {
      const run = startSync(scene, ["--json"]);
      await pace(delay);
      run.child.kill("SIGTERM");
      const asked = performance.now();
      const ended = await run.ended;
      assert.ok(performance.now() - asked < 2000);
      // Before it begins, the system's default ends it.
      if (ended.code === "SIGTERM") assert.equal(ended.stdout, "");
      else assert.equal(reportOf(ended).result, ended.code === 0 ? "delivered" : "incomplete", ended.stderr);
    }
    await sync(scene, 0);
    assert.equal(scene.texts().length, 2000);
    await scene.end();
  });
});
