// The client dies before each system call that changes a file: while it adopts, makes a generation, lets go of a file,
// writes its memory and stops; and again while it recovers. On a disk of its own the power goes with it. Started
// again, it leaves no temporary name, everything is equal, and every line is at the server once. Names hold the time of
// their making, so that a file which was delivered and then forgotten would come a second time.

import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { assertExactlyOnce } from "../support/oracles.ts";
import { isSettled, makeTemplate, onStage, run, type Template } from "./client-workload.ts";
import { killedAt, noStrace, noted, type Point, pointsIn, spread } from "./crash-points.ts";
import { extent, seeded } from "./extent.ts";
import { LoopDisk, lacksLoopDisk } from "./loop-disk.ts";

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
