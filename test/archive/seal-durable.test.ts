// What is told of a sealed file survives a power cut, also where a crash left its directories without a sync: on a
// simulated disk, where each directory's names become durable on their own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Sealed, seal } from "../../src/archive/seal.ts";
import { sha256 } from "../../src/platform/node-hash.ts";
import { create } from "../../src/store/tree.ts";
import { Disk } from "../simulation/disk.ts";
import { Host } from "../simulation/host.ts";
import { settle } from "../simulation/power.ts";
import { simCodec } from "../simulation/sim-codec.ts";
import { simFiles } from "../simulation/sim-files.ts";
import { DATA } from "../simulation/source.ts";
import { durableAt } from "../simulation/stored.ts";
import { World } from "../simulation/world.ts";

const PATH = "h/app/14/log";
const LINE = "a torn append\n";

test("a file whose directories nobody has synced is sealed durably", async () => {
  const world = new World(1, undefined);
  const disk = new Disk(world, "separate");
  disk.make(disk.root, DATA.slice(1), "directory", 0o755);
  settle(disk, disk.root);
  const options = {
    syncTime: [1, 2] as const,
    inMemory: false,
    hintTime: [1, 2] as const,
    hintLoss: 0,
    mostOpen: 100,
    mostWatches: 100,
    plant: undefined,
  };
  const life = new Host(world, "s", disk, { files: options, busy: 0, zeros: 0 }).spawn("server");
  const root = simFiles(world, disk, life, options).open(DATA, true);
  const file = create(root, PATH, () => {});
  file.appendNow([Buffer.from(LINE)]);
  file.close();
  assert.equal(durableAt(disk, PATH), 0);
  const parts = {
    root,
    newHash: sha256,
    codec: simCodec(world, life, undefined),
    now: () => 1_000,
    rest: async () => {},
    room: () => Number.POSITIVE_INFINITY,
    claim: () => () => {},
    fatal: (cause: unknown) => assert.fail(String(cause)),
  };
  let outcome: Sealed | undefined;
  void seal(PATH, parts, () => true).then((sealed) => {
    outcome = sealed;
  });
  await world.pass(10_000);
  assert.equal(outcome?.kind, "sealed");
  assert.equal(durableAt(disk, PATH), LINE.length);
});
