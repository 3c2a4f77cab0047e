// The client dies before each system call that changes a file: while it adopts, makes a generation, lets go of a file,
// writes its memory and stops; and again while it recovers. On a disk of its own the power goes with it. Started
// again, it leaves no temporary name, everything is equal, and every line is at the server once. Names hold the time of
// their making, so that a file which was delivered and then forgotten would come a second time.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { assertExactlyOnce, behind, Lines } from "../support/oracles.ts";
import { sh, start } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { killedAt, noStrace, noted, type Point, pointsIn, spread } from "./crash-points.ts";
import { extent, seeded } from "./extent.ts";
import { LoopDisk, lacksLoopDisk } from "./loop-disk.ts";

const CONFIG = { scan_interval: 100, retention: 0 };

/** What the workload begins with: `logs`, `spool` and `store` below `home`. */
interface Template {
  readonly home: string;
  readonly lines: number;
}

async function openStage(t: TestContext, disk?: LoopDisk): Promise<Scene> {
  const elsewhere = disk === undefined ? undefined : fs.mkdtempSync(path.join(path.dirname(disk.path), "server-"));
  return await openScene(t, {
    truncates: true,
    unwatched: disk !== undefined,
    ...(disk === undefined ? {} : { within: disk.path }),
    client: ({ logs }) => ({
      ...CONFIG,
      scan_paths: [{ pattern: `${logs}/**/*.log`, regex_from: "^.*/logs/(.*)$", regex_to: "$1.{time}" }],
    }),
    ...(elsewhere === undefined
      ? {}
      : { server: { datadir: path.join(elsewhere, "store"), logfile: path.join(elsewhere, "log") } }),
  });
}

/** A client that has something of everything to do: adopt, go on, let go, begin a generation. */
async function makeTemplate(t: TestContext): Promise<Template> {
  const scene = await openStage(t);
  const lines = new Lines();
  await scene.start();
  fs.mkdirSync(scene.log("sub"));
  for (const name of ["stay.log", "cut.log", "sub/gone.log"]) lines.append(scene.log(name), 20);
  await scene.delivered(...["stay.log", "cut.log", "sub/gone.log"].map((name) => scene.log(name)));
  await scene.end();
  fs.rmSync(scene.log("sub/gone.log"));
  fs.truncateSync(scene.log("cut.log"), 0);
  fs.mkdirSync(scene.log("d/e"), { recursive: true });
  for (const name of ["cut.log", "stay.log", "new.log", "d/e/deep.log"]) lines.append(scene.log(name), 10);
  return { home: scene.home, lines: lines.count };
}

/** Everything is delivered, the generation is made, and what could go is gone. */
function isSettled(scene: Scene): boolean {
  const held = [...filesBelow(scene.spool).keys()];
  return (
    held.length === 4 &&
    held.some((name) => name.includes(".g2-from-0")) &&
    behind(scene.spool, scene.store).length === 0
  );
}

/** A run of the workload that may die at any moment; how it ended. */
async function run(scene: Scene, launch: ReturnType<typeof noted>): Promise<number | string> {
  const client = start(scene.t, "client", path.join(scene.home, "client.yaml"), scene.clientConfig.logfile, launch);
  const started = () => client.events("client-started").length;
  const before = started();
  const isDone = () => started() > before && isSettled(scene);
  await scene.until("the workload is done, or the client dead", () => client.end !== undefined || isDone());
  client.child.kill("SIGTERM");
  return await client.ended;
}

async function onStage(t: TestContext, { home }: Template, disk?: LoopDisk): Promise<Scene> {
  const scene = await openStage(t, disk);
  sh("cp", "-a", ...["logs", "spool"].map((name) => path.join(home, name)), scene.home);
  sh("cp", "-a", path.join(home, "store"), path.dirname(scene.store));
  disk?.sync();
  await scene.startServer();
  return scene;
}

/** Dies at each of `deaths` in turn, then runs and stops as usual; the oracles. How often it really died. */
async function survive(t: TestContext, template: Template, deaths: readonly Point[], disk?: LoopDisk): Promise<number> {
  const scene = await onStage(t, template, disk);
  let died = 0;
  for (const point of deaths) {
    const end = await run(scene, killedAt(point, "/dev/null"));
    assert.ok(end === "SIGKILL" || end === 0, `ended with ${end}`);
    if (end === "SIGKILL") died++;
    disk?.cut();
    await disk?.back();
  }
  try {
    await scene.startClient();
    await scene.until("everything is settled", () => isSettled(scene));
    await scene.end({ gone: (name) => /gone|cut\.log\.\d+$/.test(name), errors: ["file-shrunk"] });
    assertExactlyOnce(scene.texts(), template.lines);
  } catch (error) {
    const where = deaths.map(({ what, n }) => `${n}: ${what}`).join("\nand then before ");
    throw new Error(`killed ${disk === undefined ? "" : "without power "}before ${where}`, { cause: error });
  }
  return died;
}

for (const power of [true, false]) {
  const skip = noStrace || (power && lacksLoopDisk("ext4"));
  test(`the client dies before any change of a file, ${power ? "and the power with it" : "again while it recovers"}`, {
    skip,
  }, async (t) => {
    const random = seeded(t);
    const template = await makeTemplate(t);
    const disk = power ? new LoopDisk(t, "ext4") : undefined;
    const trace = path.join(template.home, "trace");
    const scene = await onStage(t, template);
    assert.equal(await run(scene, noted(trace)), 0);
    const points = pointsIn(trace, scene.spool);
    const calls = new Set(points.map(({ call }) => call));
    for (const call of ["link", "unlink", "mkdir", "rename", "openat", "fsync", "fdatasync"])
      assert.ok(calls.has(call), call);
    await scene.end({ gone: () => true, errors: ["file-shrunk"] });
    const chosen = spread(points, extent(7, Number.POSITIVE_INFINITY), random.below(points.length));
    let died = 0;
    for (const point of chosen) {
      const deaths = !power && random.below(3) === 0 ? [point, random.pick(points)] : [point];
      await t.test(`${point.n}: ${point.what.slice(0, 100)}`, async (t) => {
        died += await survive(t, template, deaths, disk);
      });
    }
    t.diagnostic(`${chosen.length} of ${points.length} points, ${died} deaths`);
    assert.ok(died >= chosen.length * 0.8, `only ${died} deaths at ${chosen.length} points`);
  });
}
