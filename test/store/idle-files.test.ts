// Files that nobody asks about are closed, some at a time, so that nobody waits for all of them; on the real file system,
// with a clock that the test moves.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { Store } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

/** Open files of this process below `home`. */
function openBelow(home: string): number {
  return fs.readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${home}/`);
    } catch {
      return false; // that of the directory itself
    }
  }).length;
}

test("600 files that were asked about are closed a minute later, 256 at a time", async (t) => {
  const home = tempDir();
  for (let i = 0; i < 600; i++) fs.writeFileSync(path.join(home, `${i}`), "a line\n");
  const root = nodeFiles.open(home, true);
  t.after(() => root.close());
  const clock = new FakeClock();
  const parts = { root, clock, emit: () => {}, newHash: () => createHash("sha256"), mostOpen: 1000 };
  const quota = { files: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  const limits = { fsync: true, quota, minFreeSpace: { bytes: 0 } };
  const store = new Store({ ...parts, ...limits, fatal: () => assert.fail("nothing fails") });
  let told = 0;
  const ask = (name: string) =>
    store.head(name, undefined, ({ kind }) => {
      if (kind === "size") told++;
    });
  for (let i = 0; i < 600; i++) ask(`${i}`);
  await until(() => told === 600, "all are told");
  assert.equal(openBelow(home), 600);
  await clock.advance(59_000);
  ask("0");
  assert.equal(openBelow(home), 600, "not before a minute is over");
  await clock.advance(1_000);
  assert.equal(openBelow(home), 600 - 256);
  await clock.advance(10);
  assert.equal(openBelow(home), 600 - 512);
  await clock.advance(10);
  assert.equal(openBelow(home), 1, "somebody asked about one of them");
  await clock.advance(90_000);
  assert.equal(openBelow(home), 0);
  await store.stop();
});
