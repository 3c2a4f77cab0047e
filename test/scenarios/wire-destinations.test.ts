// Destinations share nothing: one that is dead and one at 1 Mbit/s with 300 MB to go cost a fine one no latency and the
// client no memory, and they catch up soon when they are well again. Small live appends never wait behind a backlog.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { addServer } from "../support/more-servers.ts";
import { Lines } from "../support/oracles.ts";
import { WireProxy } from "../support/proxy.ts";
import { peakMemory } from "../support/resources.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { assertWireRules } from "../support/wire-rules.ts";

const MIB = 1024 * 1024;
const BACKLOG = 300 * MIB;
/** Bytes a second. */
const ONE_MBIT = 125_000;

test("one fine destination, one dead, one at 1 Mbit/s", async (t) => {
  const scene = await openScene(t, { server: { fsync: false } });
  await scene.startServer();
  const dead = await addServer(scene, "dead", { fsync: false });
  const slow = await addServer(scene, "slow", { fsync: false });
  await slow.start();
  const proxy = await WireProxy.open(t, slow.url);
  const lines = new Lines();
  lines.append(scene.log("live.log"));

  await scene.startClient();
  await scene.delivered(scene.log("live.log"));
  const alone = await latencies(scene, lines, scene.store);
  await scene.client.stop();

  proxy.throttle.rate = ONE_MBIT;
  scene.configure({ destinations: [scene.url, dead.url, proxy.url] });
  writeBacklog(scene.log("backlog.log"));
  await scene.startClient();
  await scene.until("the fine one has all", () => size(scene.store, "backlog.log") === BACKLOG, 60_000);
  const beside = await latencies(scene, lines, scene.store);
  const ratio = median(beside) / median(alone);
  assert.ok(ratio < 5 || median(beside) < 50, `${median(alone)} ms alone, ${median(beside)} ms beside the others`);

  // At the slow one itself the live file goes on though its backlog takes 40 minutes.
  const began = performance.now();
  lines.append(scene.log("live.log"));
  const length = fs.statSync(scene.log("live.log")).size;
  await scene.until("a live append at the slow one", () => size(slow.store, "live.log") === length, 15_000);
  assert.ok(performance.now() - began < 15_000);
  assert.ok(size(slow.store, "backlog.log") < BACKLOG / 10, "its backlog is still under way");
  await scene.until("its backlog moves on", () => size(slow.store, "backlog.log") > MIB / 2, 60_000);

  proxy.throttle.rate = undefined;
  await dead.start();
  await scene.until("all have caught up", () => dead.hasAll() && slow.hasAll(), 30_000);
  const peak = peakMemory(scene.client.pid);
  assert.ok(peak < 200 * MIB, `the client took ${Math.round(peak / MIB)} MiB`);
  assert.match(scene.client.events("destination-unreachable")[0]?.text ?? "", new RegExp(dead.url));
  assert.equal(scene.client.events("destination-recovered").length, 1);
  await scene.end({ errors: ["destination-unreachable"] });
  await dead.end();
  await slow.end();
  assertWireRules(proxy.exchanges);
});

test("live appends pass by a backlog to the same destination", async (t) => {
  const scene = await openScene(t, { server: { fsync: false } });
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 20 * MIB;
  scene.configure({ destinations: [proxy.url] });
  const lines = new Lines();
  lines.append(scene.log("live.log"));
  // More files with a backlog than there are connections for them.
  const names = Array.from({ length: 5 }, (_, i) => `backlog-${i}.log`);
  for (const name of names) fs.writeFileSync(scene.log(name), Buffer.alloc(16 * MIB, `a line of ${name}\n`));
  await scene.startClient();
  await scene.until("the backlog is under way", () => size(scene.store, "backlog-0.log") > MIB);
  const began = performance.now();
  const waits = await latencies(scene, lines, scene.store, 20);
  assert.ok(
    names.some((name) => size(scene.store, name) < 16 * MIB),
    "the backlog was under way all the time",
  );
  await scene.delivered(...names.map((name) => scene.log(name)));
  const whole = performance.now() - began;
  assert.ok(median(waits) < whole / 10, `${median(waits)} ms each, and ${whole} ms for the backlog`);
  await scene.end();
  assertWireRules(proxy.exchanges);
});

/** ms from append to visible at the server, one after the other. */
async function latencies(scene: Scene, lines: Lines, store: string, count = 50): Promise<number[]> {
  const waits: number[] = [];
  for (let i = 0; i < count; i++) {
    lines.append(scene.log("live.log"));
    const began = performance.now();
    const length = fs.statSync(scene.log("live.log")).size;
    while (size(store, "live.log") < length) {
      assert.ok(performance.now() - began < 20_000, "a live append does not arrive");
      await new Promise((resolve) => setImmediate(resolve));
    }
    waits.push(performance.now() - began);
  }
  return waits;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function size(store: string, name: string): number {
  return fs.statSync(`${store}/${name}`, { throwIfNoEntry: false })?.size ?? 0;
}

function writeBacklog(file: string): void {
  const block = Buffer.from(
    Array.from({ length: 20_000 }, (_, i) => `line ${i} of a backlog, as long as such lines are\n`).join(""),
  );
  const out = fs.openSync(file, "w");
  for (let at = 0; at < BACKLOG; at += block.length) fs.writeSync(out, block, 0, Math.min(block.length, BACKLOG - at));
  fs.closeSync(out);
}
