// Power cuts of the server's machine, for real: its data directory lies on a file system that is shut down at a
// random moment while lines are written and rotated. Whatever the server said it has, by 2xx, HEAD or a refusal, is there
// when the power is back; the rest comes again; every line arrives once. With `fsync: false` the same test must see a
// loss, or it would prove nothing.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { assertExactlyOnce } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { cutNuls, Promises } from "./acknowledged.ts";
import { extent, seeded } from "./extent.ts";
import { KINDS, type Kind, LoopDisk, lacksLoopDisk } from "./loop-disk.ts";
import { Writer } from "./writer.ts";

/** What the cut itself makes them say. */
const EXPECTED = { errors: ["destination-unreachable", "file-denied", "store-disk-failed", "store-failed"] };

interface Stage {
  readonly scene: Scene;
  readonly disk: LoopDisk;
  readonly promises: Promises;
  readonly writer: Writer;
}

/** The server's directory on a disk of its own; client and logs elsewhere. */
async function open(t: TestContext, kind: Kind, fsync: boolean): Promise<Stage> {
  const disk = new LoopDisk(t, kind);
  const scene = await openScene(t, {
    unwatched: true,
    server: { datadir: path.join(disk.path, "made/by/the/server"), fsync },
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/**/*.log*`, regex_from: `^${logs}/`, regex_to: "" }],
    }),
  });
  const proxy = await WireProxy.open(t, scene.url);
  scene.configure({ destinations: [proxy.url] });
  await scene.start();
  const writer = new Writer(scene.logs).start();
  t.after(() => writer.stop());
  return { scene, disk, promises: new Promises(proxy), writer };
}

/** Cuts the power after `ms` of work and switches it on again; what is missing of what the server said it has. */
async function cut({ scene, disk, promises }: Stage, ms: number): Promise<string[]> {
  await scene.until("something was acknowledged", () => promises.note() > 0);
  await pace(ms);
  promises.note();
  disk.cut();
  await scene.server.kill();
  await disk.back();
  const broken = promises.broken(scene.store, scene.spool);
  cutNuls(scene);
  return broken;
}

/** All lines at the server once; the files are equal. */
async function finish({ scene, writer }: Stage): Promise<void> {
  writer.stop();
  const { logs } = scene;
  const all = fs.readdirSync(logs, { recursive: true, encoding: "utf8" }).map((name) => path.join(logs, name));
  await scene.delivered(...all.filter((file) => fs.statSync(file).isFile()));
  await scene.end(EXPECTED);
  assertExactlyOnce(scene.texts(), writer.lines.count);
}

for (const kind of KINDS) {
  const skip = lacksLoopDisk(kind);

  test(`${kind}: what was acknowledged is there after each power cut, and every line once at the end`, {
    skip,
  }, async (t) => {
    const random = seeded(t);
    const stage = await open(t, kind, true);
    for (let round = 0; round < extent(kind === "ext4" ? 3 : 2, 50); round++) {
      const missing = await cut(stage, random.below(600));
      assert.deepEqual(missing, [], `after ${round + 1} cuts`);
      // The power may also go while the server comes up and is asked about everything.
      if (random.below(3) === 0) {
        await stage.scene.startServer();
        assert.deepEqual(await cut(stage, random.below(30)), [], `at once after cut ${round + 1}`);
      }
      await stage.scene.startServer();
    }
    await finish(stage);
  });

  test(`${kind}: with fsync: false acknowledged bytes are gone after a power cut, and are sent again`, {
    skip,
  }, async (t) => {
    const random = seeded(t);
    const stage = await open(t, kind, false);
    let missing: string[] = [];
    for (let round = 0; round < 5 && missing.length === 0; round++) {
      missing = await cut(stage, 200 + random.below(400));
      await stage.scene.startServer();
    }
    assert.notDeepEqual(missing, []);
    await finish(stage);
  });
}
