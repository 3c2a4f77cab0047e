// What the server keeps beside its files: what was acknowledged last, bounded and written in batches, and leaves, which
// go some time after their file has gone. On the real file system, with a clock that the test moves.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { LeafKeeper } from "../../src/protocol/leaf-keeper.ts";
import { Acknowledged, readAcknowledged } from "../../src/store/acknowledged.ts";
import { LeafSweep } from "../../src/store/leaf-sweep.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { filesBelow } from "../support/trees.ts";

const newHash = () => createHash("sha256");

function setUp(t: TestContext) {
  const home = tempDir();
  const root = nodeFiles.open(home, true);
  t.after(() => root.close());
  const clock = new FakeClock();
  const failures: unknown[] = [];
  const parts = { root, clock, newHash, failed: (cause: unknown) => failures.push(cause) };
  return { home, root, clock, failures, parts };
}

const vouched = (name: string, size: number, digest?: string) => ({
  path: name,
  published: size,
  content: { at: () => (digest === undefined ? undefined : Buffer.from(digest)) },
});

test("what was acknowledged last is written within a second, and read back", async (t) => {
  const { root, clock, parts, failures } = setUp(t);
  const acknowledged = new Acknowledged(parts);
  for (let size = 1; size <= 100; size++) acknowledged.note(vouched("host/a", size, `digest of ${size}`));
  acknowledged.note(vouched("host/b", 5));
  assert.deepEqual(readAcknowledged(root, newHash), new Map());
  await clock.advance(1000);
  acknowledged.note(vouched("host/b", 6));
  acknowledged.stop();
  const known = readAcknowledged(root, newHash);
  assert.ok(known !== "newer");
  assert.deepEqual(known.get("host/a"), { size: 100, digest: Buffer.from("digest of 100") });
  assert.deepEqual(known.get("host/b"), { size: 6, digest: undefined });
  assert.deepEqual(failures, []);
});

test("many more than are remembered: those written last, and nobody else is held on to", async (t) => {
  const { root, clock, parts } = setUp(t);
  const acknowledged = new Acknowledged(parts);
  let asked = 0;
  const counted = (name: string) => ({ ...vouched(name, 1), content: { at: () => void asked++ as undefined } });
  for (let i = 0; i < 20_000; i++) acknowledged.note(counted(`host/${i}`));
  acknowledged.note(counted("host/15999")); // the first that is held on to is written once more
  for (let second = 0; second < 20; second++) await clock.advance(1000);
  assert.equal(clock.pending, 0, "nothing waits");
  assert.ok(asked >= 4096 && asked <= 2 * 4096, `${asked} were held on to`);
  acknowledged.stop();
  const known = [...(readAcknowledged(root, newHash) as Map<string, unknown>).keys()];
  assert.deepEqual([known.at(-4096), known.at(-1)], ["host/15904", "host/19999"]);
});

test("a later life knows of the one before; a torn end is left out", (t) => {
  const { home, root, parts } = setUp(t);
  const first = new Acknowledged(parts);
  first.note(vouched("a", 1));
  first.stop();
  const second = new Acknowledged(parts);
  second.note(vouched("b", 2));
  second.stop();
  const file = path.join(home, ".acknowledged");
  assert.deepEqual([...(readAcknowledged(root, newHash) as Map<string, unknown>).keys()], ["a", "b"]);
  fs.truncateSync(file, fs.statSync(file).size - 1);
  assert.deepEqual([...(readAcknowledged(root, newHash) as Map<string, unknown>).keys()], ["a"]);
  fs.writeFileSync(file, "shaftlog-acknowledged 2\n");
  assert.equal(readAcknowledged(root, newHash), "newer");
  const third = new Acknowledged(parts);
  third.note(vouched("c", 3));
  third.stop();
  assert.equal(fs.readFileSync(file, "utf8"), "shaftlog-acknowledged 2\n");
});

test("many files: the oldest are forgotten, and no batch is large", async (t) => {
  const { root, clock, parts } = setUp(t);
  const acknowledged = new Acknowledged(parts);
  for (let i = 0; i < 6000; i++) acknowledged.note(vouched(`file-${i}`, i));
  await clock.advance(1000);
  const first = readAcknowledged(root, newHash) as Map<string, unknown>;
  assert.equal(first.size, 512);
  await clock.advance(20_000);
  acknowledged.stop();
  const again = new Acknowledged(parts);
  again.note(vouched("last", 1));
  again.stop();
  const known = readAcknowledged(root, newHash) as Map<string, unknown>;
  assert.equal(known.size, 4096);
  assert.ok(known.has("last") && known.has("file-5999") && !known.has("file-0"));
});

test("what cannot be written is said, and written when it can be", (t) => {
  const { home, root, parts, failures } = setUp(t);
  fs.mkdirSync(path.join(home, ".acknowledged.new"));
  const acknowledged = new Acknowledged(parts);
  acknowledged.note(vouched("a", 1));
  acknowledged.stop();
  assert.equal(failures.length, 1);
  fs.rmdirSync(path.join(home, ".acknowledged.new"));
  acknowledged.note(vouched("a", 2));
  acknowledged.stop();
  assert.equal((readAcknowledged(root, newHash) as Map<string, { size: number }>).get("a")?.size, 2);
});

test("leaves of files that are gone go within a day, others stay", async (t) => {
  const { home, root, clock, parts } = setUp(t);
  const keeper = new LeafKeeper(parts);
  fs.mkdirSync(path.join(home, "host"));
  for (let i = 0; i < 300; i++) {
    keeper.note(`host/${i}`, 0, newHash().update(`${i}`).digest());
    if (i % 3 === 0) fs.writeFileSync(path.join(home, `host/${i}`), "");
  }
  keeper.stop();
  const kept = () => filesBelow(path.join(home, ".leaves"), true).size;
  assert.equal(kept(), 300);
  const sweep = new LeafSweep(root, clock, newHash, 200);
  await clock.advance(3_600_000);
  assert.ok(kept() < 300 && kept() > 100, `${kept()} are left after an hour`);
  await clock.advance(23 * 3_600_000);
  assert.equal(kept(), 100);
  sweep.stop();
});
