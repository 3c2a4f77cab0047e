// In sync means at rest: no request, next to no processor time on either side; and still a restored server is noticed.
// The only test that waits for a length of time, since that nothing happens is its subject.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { pace } from "../support/pace.ts";
import { processorTime } from "../support/resources.ts";
import { openWire } from "../support/wire.ts";

const FILES = 100;
/** ms. */
const REST = 2_500;
/** Of one processor; nothing happens but a look at one file each second. */
const MOST_LOAD = 0.05;

test("in sync with a hundred files: no request for two seconds and near-zero load", async (t) => {
  // scan_interval as it comes.
  const { scene, proxy, end } = await openWire(t, { client: { scan_interval: 30_000 } });
  const files = Array.from({ length: FILES }, (_, i) => scene.log(`f${i}.log`));
  for (const file of files) fs.writeFileSync(file, `content of ${file}\n`);
  await scene.startClient();
  await scene.delivered(...files);
  await scene.until("the last answer", () => proxy.exchanges.every(({ settledAt }) => settledAt !== undefined));
  // What was started by the last files comes to rest.
  await pace(500);

  const requests = proxy.exchanges.length;
  const { pid: client } = scene.client;
  const { pid: server } = scene.server;
  const before = [processorTime(client), processorTime(server)];
  const began = performance.now();
  await pace(REST);
  const seconds = (performance.now() - began) / 1000;
  const [atClient = 0, atServer = 0] = [processorTime(client), processorTime(server)].map(
    (now, i) => now - (before[i] ?? 0),
  );
  assert.equal(proxy.exchanges.length, requests, "nothing was asked");
  assert.ok(atClient / seconds < MOST_LOAD, `the client used ${atClient} s in ${seconds} s`);
  assert.ok(atServer / seconds < MOST_LOAD, `the server used ${atServer} s in ${seconds} s`);

  // And it is awake.
  fs.appendFileSync(scene.log("f0.log"), "more\n");
  await scene.delivered(scene.log("f0.log"));
  await end();
});
