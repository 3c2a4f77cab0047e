// Dies before each system call that changes the store while a file is sealed; and once more while that is recovered. On a
// disk of its own the power goes with it. Afterwards there is the file or its sealed form, never neither; the server says the
// same of it as before; and archiving it again ends as if nothing had been.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { formatDigest } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import { archiveNow, chain } from "../support/archived.ts";
import { run } from "../support/processes.ts";
import { Connection } from "../support/raw-http.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { auditServer } from "../support/verify.ts";
import { killedAt, noStrace, noted, orEarlier, type Point, pointsIn, spread } from "./crash-points.ts";
import { extent, seeded } from "./extent.ts";
import { LoopDisk, lacksLoopDisk } from "./loop-disk.ts";

const CONTENT = Buffer.concat([randomBytes(600_000), Buffer.alloc(1_700_000, "a line of much\n")]);
/** A prefix that ends within a leaf. */
const PREFIX = 1_500_000;

async function openStage(t: TestContext, disk: LoopDisk | undefined): Promise<Scene> {
  const home = disk?.path ?? path.join(process.env.TMPDIR ?? "/tmp", "");
  const base = fs.mkdtempSync(path.join(home, "shaftlog-archive-"));
  t.after(() => fs.rmSync(base, { recursive: true, force: true }));
  const scene = await openScene(t, { unwatched: true, server: { datadir: path.join(base, "store") } });
  fs.mkdirSync(path.join(scene.store, "h"), { recursive: true });
  fs.writeFileSync(path.join(scene.store, "h/a.log"), CONTENT);
  disk?.sync();
  return scene;
}

/** Archives, or dies on the way; how it ended. */
function archive(scene: Scene, { wrapper = [], env }: ReturnType<typeof noted>): number | null {
  const threads = ["env", `UV_THREADPOOL_SIZE=${env?.UV_THREADPOOL_SIZE}`];
  const words = ["archive", "-f", path.join(scene.home, "server.yaml"), "--now", "h/a.log"];
  return run(words, [...threads, ...wrapper]).status;
}

/** What HEAD says of the file: its size and the digests of some of its beginning. */
async function told(scene: Scene): Promise<string[]> {
  await scene.startServer();
  const { bind_address, listen_port } = scene.serverConfig;
  const connection = await Connection.open(listen_port, bind_address);
  const answers: string[] = [];
  for (const size of [CONTENT.length, PREFIX]) {
    await connection.send(`HEAD /h/a.log HTTP/1.1\r\nHost: x\r\nShaftlog-Want-Digest: ${size}\r\n\r\n`);
    const answer = await connection.answer(true);
    answers.push(`${answer?.status} ${answer?.fields.get("content-length")} ${answer?.fields.get("shaftlog-digest")}`);
  }
  connection.socket.destroy();
  await scene.server.stop();
  return answers;
}

const EXPECTED = [CONTENT.length, PREFIX].map((size) => {
  const hash = new TreeHash(() => createHash("sha256"));
  hash.update(CONTENT.subarray(0, size));
  return `200 ${CONTENT.length} ${formatDigest({ size, digest: hash.digest() })}`;
});

const hidden = (directory: string) => fs.readdirSync(directory).filter((name) => name.startsWith(".shaftlog-"));

/** Dies at each of `deaths` in turn, then goes on; the oracles. How often it really died. */
async function survive(t: TestContext, deaths: readonly Point[], disk: LoopDisk | undefined): Promise<number> {
  const scene = await openStage(t, disk);
  let died = 0;
  for (const point of deaths) {
    const status = archive(scene, killedAt(point, "/dev/null"));
    if (status !== 0) died++;
    disk?.cut();
    await disk?.back();
    const isThere = fs.existsSync(path.join(scene.store, "h/a.log"));
    const bytes = isThere ? fs.readFileSync(path.join(scene.store, "h/a.log"), "utf8") : chain(scene.store, "h/a.log");
    assert.equal(bytes, CONTENT.toString(), "what is left is not the file");
  }
  assert.deepEqual(await told(scene), EXPECTED);
  assert.deepEqual(hidden(path.join(scene.store, "h")), []);
  archiveNow(scene, 0, "h/a.log");
  assert.deepEqual(fs.readdirSync(path.join(scene.store, "h")), ["a.log.zst"]);
  assert.ok(!fs.existsSync(path.join(scene.store, ".archive/under-way")));
  assert.deepEqual(await told(scene), EXPECTED);
  const { covered, bytes } = auditServer(scene, 0);
  assert.deepEqual([covered, bytes], [1, CONTENT.length]);
  return died;
}

for (const power of [true, false]) {
  const skip = noStrace || (power && lacksLoopDisk("ext4"));
  test(`archiving dies before any change of a file${power ? ", and the power with it" : ""}`, { skip }, async (t) => {
    const random = seeded(t);
    const scene = await openStage(t, undefined);
    const trace = path.join(scene.home, "trace");
    assert.equal(archive(scene, noted(trace)), 0);
    const points = pointsIn(trace, scene.store);
    const calls = new Set(points.map(({ call }) => call));
    for (const call of ["link", "unlink", "rename", "openat", "fsync", "fdatasync"]) assert.ok(calls.has(call), call);
    const disk = power ? new LoopDisk(t, "ext4") : undefined;
    const chosen = spread(points, extent(4, Number.POSITIVE_INFINITY), random.below(points.length));
    let died = 0;
    for (const point of chosen) {
      const more = random.below(3) === 0 ? [random.pick(points)] : [];
      await t.test(`${point.n}: ${point.what.slice(0, 100)}`, async (t) => {
        died += await orEarlier(point, (first) => survive(t, [first, ...more], disk));
      });
    }
    t.diagnostic(`${chosen.length} of ${points.length} points, ${died} deaths`);
    assert.ok(died >= chosen.length * 0.7, `only ${died} deaths at ${chosen.length} points`);
  });
}
