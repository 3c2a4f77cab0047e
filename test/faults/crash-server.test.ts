// The server dies before each system call that changes its store: at the first append to a file, at a later one, while
// it makes directories and while it comes up; and once more while it is asked about what it found. On a disk of its own
// the power goes with it. Whatever it had said is there; started again, everything is equal and every line there once.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { assertExactlyOnce, behind, Lines } from "../support/oracles.ts";
import { sh, start } from "../support/processes.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { cutNuls, Promises } from "./acknowledged.ts";
import { killedAt, noStrace, noted, orEarlier, type Point, pointsIn, spread } from "./crash-points.ts";
import { extent, seeded } from "./extent.ts";
import { LoopDisk, lacksLoopDisk } from "./loop-disk.ts";

const EXPECTED = { errors: ["destination-unreachable", "file-denied"] };
/** More than is written in one piece. */
const LARGE = 3_000_000;

interface Stage {
  readonly scene: Scene;
  readonly proxy: WireProxy;
  readonly lines: Lines;
}

async function openStage(t: TestContext, disk: LoopDisk | undefined): Promise<Stage> {
  const home = disk?.path ?? fs.mkdtempSync(path.join(process.env.TMPDIR ?? "/tmp", "shaftlog-store-"));
  if (disk === undefined) t.after(() => fs.rmSync(home, { recursive: true, force: true }));
  const datadir = path.join(fs.mkdtempSync(path.join(home, "s-")), "store");
  const scene = await openScene(t, {
    unwatched: disk !== undefined,
    server: { datadir },
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/**/*.log`, regex_from: `^${logs}/`, regex_to: "" }],
    }),
  });
  // A server that has something already, and a client that has more of it, new files and a new directory.
  const lines = new Lines();
  lines.append(scene.log("old.log"), 20);
  lines.append(scene.log("other.log"), 20);
  fs.mkdirSync(scene.store, { mode: 0o750 });
  for (const name of ["old.log", "other.log"]) sh("cp", scene.log(name), scene.store);
  disk?.sync();
  for (const name of ["old.log", "new.log"]) lines.append(scene.log(name), 20);
  fs.mkdirSync(scene.log("d/e"), { recursive: true });
  lines.append(scene.log("d/e/deep.log"), 20);
  fs.writeFileSync(scene.log("d/large.log"), Buffer.alloc(LARGE, "a line of much\n"));
  const proxy = await WireProxy.open(t, scene.url);
  scene.configure({ destinations: [proxy.url] });
  return { scene, proxy, lines };
}

const isDone = ({ scene }: Stage): boolean =>
  fs.readdirSync(scene.spool).filter((name) => !name.startsWith(".")).length >= 4 &&
  behind(scene.spool, scene.store).length === 0;

/** A life of the server that may end at any moment; how it ended. */
async function run(stage: Stage, launch: ReturnType<typeof noted>): Promise<number | string> {
  const { scene } = stage;
  const { logfile } = scene.serverConfig;
  const server = start(scene.t, "server", path.join(scene.home, "server.yaml"), logfile, launch);
  const started = () => server.events("server-started").length;
  const before = started();
  if (!clientRuns(scene)) await scene.startClient();
  await scene.until("all is delivered, or the server dead", () => {
    return server.end !== undefined || (started() > before && isDone(stage));
  });
  server.child.kill("SIGTERM");
  return await server.ended;
}

function clientRuns(scene: Scene): boolean {
  return fs.existsSync(scene.clientConfig.logfile);
}

/** Dies at each of `deaths` in turn, then lives on; the oracles. How often it really died. */
async function survive(t: TestContext, deaths: readonly Point[], disk: LoopDisk | undefined): Promise<number> {
  const stage = await openStage(t, disk);
  const { scene, proxy, lines } = stage;
  const promises = new Promises(proxy);
  let died = 0;
  try {
    for (const point of deaths) {
      const end = await run(stage, killedAt(point, "/dev/null"));
      assert.ok(end === "SIGKILL" || end === 0, `ended with ${end}`);
      if (end === "SIGKILL") died++;
      promises.note();
      disk?.cut();
      await disk?.back();
      assert.deepEqual(promises.broken(scene.store, scene.spool), []);
      cutNuls(scene);
    }
    await scene.startServer();
    await scene.delivered(
      ...["old.log", "other.log", "new.log", "d/e/deep.log", "d/large.log"].map((name) => scene.log(name)),
    );
    await scene.end(EXPECTED);
    assertExactlyOnce(
      scene.texts((name) => !name.includes("large")),
      lines.count,
    );
  } catch (error) {
    const where = deaths.map(({ what, n }) => `${n}: ${what}`).join("\nand then before ");
    throw new Error(`killed ${disk === undefined ? "" : "without power "}before ${where}`, { cause: error });
  }
  return died;
}

for (const power of [true, false]) {
  const skip = noStrace || (power && lacksLoopDisk("ext4"));
  test(`the server dies before any change of a file, ${power ? "and the power with it" : "again while it recovers"}`, {
    skip,
  }, async (t) => {
    const random = seeded(t);
    const stage = await openStage(t, undefined);
    const trace = path.join(stage.scene.home, "trace");
    assert.equal(await run(stage, noted(trace)), 0);
    const points = pointsIn(trace, stage.scene.store);
    const calls = new Set(points.map(({ call }) => call));
    for (const call of ["mkdir", "openat", "writev", "fsync", "fdatasync"]) assert.ok(calls.has(call), call);
    await stage.scene.client.stop();
    const disk = power ? new LoopDisk(t, "ext4") : undefined;
    const chosen = spread(points, extent(7, Number.POSITIVE_INFINITY), random.below(points.length));
    let died = 0;
    for (const point of chosen) {
      const more = random.below(3) === 0 ? [random.pick(points)] : [];
      await t.test(`${point.n}: ${point.what.slice(0, 100)}`, async (t) => {
        died += await orEarlier(point, (first) => survive(t, [first, ...more], disk));
      });
    }
    t.diagnostic(`${chosen.length} of ${points.length} points, ${died} deaths`);
    // What is kept beside the files is written by the clock: the last call of a kind may not come in each run.
    assert.ok(died >= chosen.length * 0.7, `only ${died} deaths at ${chosen.length} points`);
  });
}
