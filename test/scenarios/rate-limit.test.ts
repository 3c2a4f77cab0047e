// `rate_limit` and `concurrency` of the binary: half the rate takes about twice the time, everything arrives, and lines
// that are written meanwhile are there long before the backlog is.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { openScene } from "../support/scene.ts";
import { openWire } from "../support/wire.ts";

test("sync-once at half the rate takes about twice as long, and delivers all of it", async (t) => {
  const taken = async (rate: string): Promise<number> => {
    const scene = await openScene(t);
    await scene.startServer();
    scene.configure({ destinations: [{ url: scene.url, rate_limit: rate }] });
    fs.writeFileSync(scene.log("big.log"), "one of very many lines\n".repeat(130_000));
    const began = performance.now();
    const { status, stderr } = scene.syncOnce("-q");
    const took = performance.now() - began;
    assert.equal(status, 0, stderr);
    await scene.end();
    return took;
  };
  const slow = await taken("600kB");
  const fast = await taken("1200kB");
  // 5 s and 2.5 s, and what a busy machine adds to both. Without the limit both take the same.
  assert.ok(slow / fast > 1.4 && slow / fast < 2.6, `${slow.toFixed(0)} ms and ${fast.toFixed(0)} ms`);
});

test("lines written now go before a backlog, over no more connections than were allowed", async (t) => {
  const wire = await openWire(t);
  const { scene, proxy } = wire;
  scene.configure({ destinations: [{ url: proxy.url, rate_limit: "400kB", concurrency: 2 }] });
  for (const name of ["big-1.log", "big-2.log", "big-3.log"]) {
    fs.writeFileSync(scene.log(name), "one of very many lines\n".repeat(40_000));
  }
  await scene.startClient();
  await scene.until("the backlog has begun", () => proxy.puts().length > 3);
  for (let i = 1; i <= 5; i++) {
    fs.appendFileSync(scene.log("live.log"), `line ${i}\n`);
    const wanted = fs.readFileSync(scene.log("live.log"), "utf8");
    await scene.until("the line is there", () => scene.text("live.log") === wanted);
  }
  const backlog = ["big-1.log", "big-2.log", "big-3.log"].map((name) => scene.text(name).length);
  const whole = fs.statSync(scene.log("big-1.log")).size;
  assert.ok(Math.min(...backlog) < whole, "the lines did not wait for the backlog");
  assert.ok(new Set(proxy.puts().map(({ connection }) => connection)).size <= 2, "two connections");
  await scene.delivered(...["big-1.log", "big-2.log", "big-3.log", "live.log"].map((name) => scene.log(name)));
  await wire.end();
});
