// How much an append allocates on the heap of each end, counted from what each collection found and left, so that no
// machine's speed touches it. The bounds are about a third above what was measured when they were set: a promise chain, a
// header object or a string more of each file for each append shows here first, as garbage that somebody has to collect.
// Runs the bundle on the Node that the binary is made of: the binary itself takes no options for its engine.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { BINARY, type Daemon, type Launch } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";

const FILES = 100;
const ROUNDS = 25;
/** kB for each append. Measured 28.1 ± 0.1. */
const CLIENT = 34;
/** 17.4 ± 0.3. */
const SERVER = 22;
/** kB of it that a collection finds alive. 0.7 to 0.9 at the client, 0.3 at the server. */
const CLIENT_SURVIVES = 1.5;
const SERVER_SURVIVES = 1;

/** Tells each collection; a small young generation makes many of them. */
const TRACED: Launch = {
  wrapper: [
    "sh",
    "-c",
    `shift; exec "${process.execPath}" --trace-gc --max-semi-space-size=1 "${path.join(path.dirname(BINARY), "shaftlog.cjs")}" "$@"`,
    "sh",
  ],
};

interface Heap {
  /** kB for each append. */
  readonly allocated: number;
  /** Of that, what outlived a collection: garbage that hangs on older garbage stays until the next full one, and costs most. */
  readonly survived: number;
}

/** Between the first and the last collection that `daemon` told of, from character `from` of its output on. */
function heapOf(daemon: Daemon, from: number): Heap {
  const collections = [...daemon.output.slice(from).matchAll(/ms: [\w (),-]+? ([\d.]+) \([\d.]+\) -> ([\d.]+) /g)];
  assert.ok(collections.length >= 5, `only ${collections.length} collections: ${daemon.output.slice(-300)}`);
  const found = collections.map(([, before, after]) => ({ before: Number(before), after: Number(after) }));
  let [allocated, survived] = [0, 0];
  for (const [i, { before, after }] of found.slice(1).entries()) {
    const last = found[i]?.after ?? 0;
    allocated += before - last;
    survived += Math.max(0, after - last);
  }
  const each = (MB: number) => (MB * 1024) / (FILES * ROUNDS);
  return { allocated: each(allocated), survived: each(survived) };
}

async function append(scene: Scene, files: readonly string[], round: number): Promise<void> {
  for (const file of files) fs.appendFileSync(file, `line ${round}\n`);
  await scene.delivered(...files);
}

test("what an append allocates", async (t) => {
  const scene = await openScene(t, { client: { scan_interval: 60_000 } });
  const files = Array.from({ length: FILES }, (_, i) => scene.log(`app-${i}.log`));
  await scene.startServer(TRACED);
  await scene.startClient(TRACED);
  for (let round = 0; round < 5; round++) await append(scene, files, round);
  const from = { client: scene.client.output.length, server: scene.server.output.length };
  for (let round = 0; round < ROUNDS; round++) await append(scene, files, round);
  const client = heapOf(scene.client, from.client);
  const server = heapOf(scene.server, from.server);
  await scene.end();
  const told = JSON.stringify({ client, server });
  assert.ok(client.allocated <= CLIENT && server.allocated <= SERVER, told);
  assert.ok(client.survived <= CLIENT_SURVIVES && server.survived <= SERVER_SURVIVES, told);
});
