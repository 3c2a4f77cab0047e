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
/** 18.8 ± 0.2. */
const SERVER = 24;

/** Tells each collection; a small young generation makes many of them. */
const TRACED: Launch = {
  wrapper: [
    "sh",
    "-c",
    `shift; exec "${process.execPath}" --trace-gc --max-semi-space-size=1 "${path.join(path.dirname(BINARY), "shaftlog.cjs")}" "$@"`,
    "sh",
  ],
};

/** MB allocated between the first and the last collection that `daemon` told of, from character `from` of its output on. */
function allocated(daemon: Daemon, from: number): number {
  const collections = [...daemon.output.slice(from).matchAll(/ms: [\w (),-]+? ([\d.]+) \([\d.]+\) -> ([\d.]+) /g)];
  assert.ok(collections.length >= 5, `only ${collections.length} collections: ${daemon.output.slice(-300)}`);
  return collections.reduce(
    (sum, [, before], i) => sum + (i === 0 ? 0 : Number(before) - Number(collections[i - 1]?.[2])),
    0,
  );
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
  const kB = (daemon: Daemon, begin: number) => (allocated(daemon, begin) * 1024) / (FILES * ROUNDS);
  const client = kB(scene.client, from.client);
  const server = kB(scene.server, from.server);
  await scene.end();
  assert.ok(
    client <= CLIENT && server <= SERVER,
    `client ${client.toFixed(1)} kB, server ${server.toFixed(1)} kB for each append`,
  );
});
