// How many requests things cost, seen by the recording proxy: a regression guard that no machine's speed touches. One
// request more for each append or each file is what makes a shipper twice as slow on a long way.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { openWire, type Wire } from "../support/wire.ts";

const FILES = 40;

/** The methods of the exchanges from number `from` on, counted. */
function counted({ proxy }: Wire, from: number): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { HEAD: 0, PUT: 0 };
  for (const { method } of proxy.exchanges.slice(from)) counts[method] = (counts[method] ?? 0) + 1;
  return counts;
}

async function delivered(wire: Wire, names: readonly string[]): Promise<void> {
  await wire.scene.delivered(...names.map((name) => wire.scene.log(name)));
}

test("a new file is one PUT, an append is one PUT, a restart asks once for each file", async (t) => {
  const wire = await openWire(t);
  const { scene, proxy } = wire;
  fs.writeFileSync(scene.log("first.log"), "the server shows that it is strict\n");
  await scene.startClient();
  await delivered(wire, ["first.log"]);

  let before = proxy.exchanges.length;
  const names = Array.from({ length: FILES }, (_, i) => `app-${i}.log`);
  for (const name of names) fs.writeFileSync(scene.log(name), "a line\n");
  await delivered(wire, names);
  // A file that is seen between its creation and its first line has nothing to send yet, and costs nothing then.
  assert.deepEqual(counted(wire, before), { HEAD: 0, PUT: FILES });

  before = proxy.exchanges.length;
  for (let i = 0; i < FILES; i++) {
    fs.appendFileSync(scene.log("first.log"), `line ${i}\n`);
    await delivered(wire, ["first.log"]);
  }
  const { HEAD: asked = 0, PUT: put } = counted(wire, before);
  assert.equal(put, FILES, "appends that are waited for one by one");
  // An idle destination is asked about one file now and then (transfer/idle.ts); never once for each append.
  assert.ok(asked <= 2, `${asked} HEADs for ${FILES} appends`);

  await scene.client.stop();
  before = proxy.exchanges.length;
  await scene.startClient();
  const found = FILES + 1;
  await scene.until("all were asked about", () => (counted(wire, before).HEAD ?? 0) >= found);
  fs.appendFileSync(scene.log("first.log"), "the last\n");
  await delivered(wire, ["first.log"]);
  assert.deepEqual(counted(wire, before), { HEAD: found, PUT: 1 }, "one HEAD for each file, and what is new");
  await wire.end();
});

test("a backlog is few large PUTs, whatever the number of its lines", async (t) => {
  const wire = await openWire(t);
  const { scene } = wire;
  const size = 24 * 1024 * 1024;
  fs.writeFileSync(scene.log("big.log"), "one of very many lines\n".repeat(size / 23));
  await scene.startClient();
  await delivered(wire, ["big.log"]);
  // Ranges begin at 256 KiB and double to 2 MiB while answers come fast: 15 for 24 MiB. A slow machine keeps them
  // at 256 KiB, which is 96; ranges of 64 KiB would be 384.
  const { HEAD: asked = 0, PUT: put = 0 } = counted(wire, 0);
  assert.ok(put <= 100, `${put} PUTs for 24 MiB`);
  assert.ok(asked <= 2, `${asked} HEADs`);
  await wire.end();
});
