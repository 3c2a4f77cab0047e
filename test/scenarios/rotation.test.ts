// Rotation by renaming, which is what logs are for: lines are numbered over the whole chain of files, and each one
// must be at the server exactly once, whoever renames, deletes and writes meanwhile, and whether the client runs.

import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { MOMENTS } from "../support/restricted.ts";
import { openScene, type Scene } from "../support/scene.ts";

/** app.log → app.log.1 → app.log.2 …, `kept` of them. */
function rotate(scene: Scene, kept: number): void {
  const file = scene.log("app.log");
  fs.rmSync(`${file}.${kept}`, { force: true });
  for (let n = kept - 1; n >= 1; n--)
    if (fs.existsSync(`${file}.${n}`)) fs.renameSync(`${file}.${n}`, `${file}.${n + 1}`);
  fs.renameSync(file, `${file}.1`);
}

/** Ten rotations; after each the old writer goes on for a while beside the new one. */
async function rotateTenTimes(scene: Scene, lines: Lines, overlap: number): Promise<void> {
  let writer = fs.openSync(scene.log("app.log"), "a");
  for (let rotation = 0; rotation < 10; rotation++) {
    for (let i = 0; i < 20; i++) lines.write(writer);
    rotate(scene, 3);
    const next = fs.openSync(scene.log("app.log"), "a");
    for (let i = 0; i < 20; i++) {
      lines.write(writer);
      lines.write(next);
      await pace(overlap / 20);
    }
    fs.closeSync(writer);
    writer = next;
  }
  lines.write(writer);
  fs.closeSync(writer);
}

function linkAndUnlink(from: string, to: string): void {
  fs.linkSync(from, to);
  fs.rmSync(from);
}

const named = { rename: "app/{ino}.{mtime}" };

test("ten rotations by rename, the old writer goes on after each, the oldest deleted while it is held", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({ scan_paths: [{ pattern: `${logs}/app.log*`, ...named }], scan_interval: "1h" }),
  });
  const lines = new Lines();
  await scene.start();
  await rotateTenTimes(scene, lines, 400);
  await scene.delivered(scene.log("app.log"), scene.log("app.log.3"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

for (const [how, move] of [
  ["by a second link and unlink", linkAndUnlink],
  [
    "into another directory",
    (from: string, to: string) => fs.renameSync(from, path.join(to, "../old", path.basename(to))),
  ],
  ["out of every pattern", (from: string, to: string) => fs.renameSync(from, to.replace("app.log", "gone"))],
  ["by deleting the file under its writer", (from: string) => fs.rmSync(from)],
  ["by another file that is renamed over it", (from: string) => fs.renameSync(`${from}.new`, from)],
] as const) {
  test(`rotation ${how}, five times`, async (t) => {
    const scene = await openScene(t, {
      client: ({ logs }) => ({
        scan_paths: [{ pattern: `${logs}/**/app.log*`, ...named }],
        scan_interval: "1h",
        periodic_trigger_interval: "1h",
      }),
    });
    const lines = new Lines();
    fs.mkdirSync(scene.log("old"));
    await scene.start();
    let writer = fs.openSync(scene.log("app.log"), "a");
    for (let rotation = 1; rotation <= 5; rotation++) {
      for (let i = 0; i < 20; i++) lines.write(writer);
      const next = fs.openSync(scene.log("app.log.new"), "a");
      lines.write(next);
      // A file that is gone before anybody could see it is lost here as anywhere.
      await scene.delivered(scene.log("app.log"), scene.log("app.log.new"));
      move(scene.log("app.log"), scene.log(`app.log.${rotation}`));
      if (fs.existsSync(scene.log("app.log.new"))) fs.renameSync(scene.log("app.log.new"), scene.log("app.log"));
      for (let i = 0; i < 20; i++) {
        lines.write(writer);
        lines.write(next);
        await pace(5);
      }
      fs.closeSync(writer);
      writer = next;
    }
    fs.closeSync(writer);
    await scene.delivered(scene.log("app.log"));
    assertExactlyOnce(scene.texts(), lines.count);
    await scene.end();
  });
}

test("the old writer goes on for a second after the rename, unseen by any scan", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/app.log`, ...named }],
      scan_interval: "1h",
      periodic_trigger_interval: "1h",
    }),
  });
  const lines = new Lines();
  await scene.start();
  const writer = fs.openSync(scene.log("app.log"), "a");
  lines.write(writer);
  await scene.delivered(scene.log("app.log"));
  // The pattern does not match the new name.
  fs.renameSync(scene.log("app.log"), scene.log("old"));
  for (let i = 0; i < 50; i++) {
    lines.write(writer);
    await pace(20);
  }
  fs.closeSync(writer);
  await scene.delivered(scene.log("old"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("ten rotations while the client is stopped: what still has a name, or is held, arrives", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({ scan_paths: [{ pattern: `${logs}/app.log*`, ...named }] }),
  });
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 10);
  await scene.delivered(scene.log("app.log"));
  await scene.client.stop();
  // Kept long enough that no file is deleted that nobody holds.
  let writer = fs.openSync(scene.log("app.log"), "a");
  for (let rotation = 0; rotation < 10; rotation++) {
    for (let i = 0; i < 20; i++) lines.write(writer);
    rotate(scene, 20);
    const next = fs.openSync(scene.log("app.log"), "a");
    for (let i = 0; i < 5; i++) lines.write(writer);
    fs.closeSync(writer);
    writer = next;
  }
  fs.closeSync(writer);
  // The file that was held from the beginning goes; its lines do not.
  fs.rmSync(scene.log("app.log.10"));
  await scene.startClient();
  await scene.delivered(scene.log("app.log"), scene.log("app.log.9"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("rotation storm: every 100 ms, five kept; every file that existed for 100 ms is delivered, once", async (t) => {
  const scene = await openScene(t, {
    ...MOMENTS.scene,
    client: ({ logs }) => ({ scan_paths: [{ pattern: `${logs}/app.log*` }], scan_interval: "30s" }),
  });
  const lines = new Lines();
  await scene.startServer();
  await scene.startClient(MOMENTS.launch);
  for (let rotation = 0; rotation < 60; rotation++) {
    const writer = fs.openSync(scene.log("app.log"), "a");
    for (let i = 0; i < 10; i++) {
      lines.write(writer);
      await pace(10);
    }
    rotate(scene, 5);
    // The writer learns of it late.
    lines.write(writer);
    fs.closeSync(writer);
  }
  await scene.delivered(scene.log("app.log.1"));
  await scene.until("all lines", () => scene.texts().join("").split("line ").length - 1 >= lines.count);
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});
