// What is kept of files' full leaves: written behind the work, read back, and never more than is sound. Torn, damaged,
// moved, foreign and newer files; leaves that differ from those kept; on the real file system.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { placeOf, readLeaves, stampOf } from "../../src/protocol/leaf-file.ts";
import { LeafKeeper } from "../../src/protocol/leaf-keeper.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { tempDir } from "../support/temp-dir.ts";

const newHash = () => createHash("sha256");
const leaf = (text: string) => newHash().update(text).digest();
const STAT = { dev: 1n, ino: 2n, size: 3, mtimeMs: 4, ctimeMs: 5 };

function setUp(t: TestContext) {
  const home = tempDir();
  const root = nodeFiles.open(home, true);
  t.after(() => root.close());
  const clock = new FakeClock();
  const failures: unknown[] = [];
  const open = () => new LeafKeeper({ root, clock, newHash, failed: (cause) => failures.push(cause) });
  const fileOf = (name: string) => {
    const place = placeOf(name, newHash);
    return path.join(home, ".leaves", place.directory, place.name);
  };
  const kept = (name: string) => {
    const read = readLeaves(root, name, newHash);
    return read === undefined || "kind" in read ? undefined : read.leaves.map((one) => Buffer.from(one));
  };
  return { home, clock, failures, open, fileOf, kept };
}

test("leaves are written half a second behind, in a few calls, and read back", async (t) => {
  const { clock, open, kept, failures } = setUp(t);
  const keeper = open();
  for (let i = 0; i < 5; i++) keeper.note("host/a.log", i, leaf(`${i}`));
  assert.equal(kept("host/a.log"), undefined);
  await clock.advance(500);
  assert.deepEqual(
    kept("host/a.log"),
    [0, 1, 2, 3, 4].map((i) => leaf(`${i}`)),
  );
  keeper.note("host/a.log", 5, leaf("5"));
  keeper.seal("host/a.log", STAT);
  assert.equal(keeper.read("host/a.log")?.stamp, stampOf(STAT));
  keeper.note("host/a.log", 6, leaf("6"));
  keeper.stop();
  const again = open();
  assert.equal(again.read("host/a.log")?.leaves.length, 7);
  assert.equal(again.read("host/a.log")?.stamp, undefined, "leaves behind a stamp end what it says");
  assert.equal(again.read("host/b.log"), undefined);
  assert.deepEqual(failures, []);
});

test("of many files some at a time, and soon all", async (t) => {
  const { clock, open, kept } = setUp(t);
  const keeper = open();
  const names = Array.from({ length: 300 }, (_, i) => `host/${i}`);
  for (const name of names) keeper.note(name, 0, leaf(name));
  const count = () => names.filter((name) => kept(name) !== undefined).length;
  await clock.advance(500);
  assert.equal(count(), 64);
  await clock.advance(10);
  assert.equal(count(), 128);
  await clock.advance(30);
  assert.equal(count(), 300);
  assert.equal(clock.pending, 0);
  keeper.note("host/0", 1, leaf("more"));
  await clock.advance(500);
  assert.equal(kept("host/0")?.length, 2);
  keeper.stop();
});

test("a later life goes on, whatever it notes once more", (t) => {
  const { open, kept } = setUp(t);
  const first = open();
  for (let i = 0; i < 3; i++) first.note("a", i, leaf(`${i}`));
  first.stop();
  const second = open();
  for (let i = 1; i < 5; i++) second.note("a", i, leaf(`${i}`));
  second.note("a", 2, leaf("2"));
  second.stop();
  assert.deepEqual(
    kept("a"),
    [0, 1, 2, 3, 4].map((i) => leaf(`${i}`)),
  );
});

test("others than those that are kept take their place, and what followed goes", (t) => {
  const { open, kept } = setUp(t);
  const first = open();
  for (let i = 0; i < 5; i++) first.note("a", i, leaf(`${i}`));
  first.stop();
  const second = open();
  second.note("a", 2, leaf("another"));
  second.stop();
  assert.deepEqual(kept("a"), [leaf("0"), leaf("1"), leaf("another")]);
});

test("behind a gap nothing is kept", (t) => {
  const { open, kept } = setUp(t);
  const keeper = open();
  keeper.note("a", 3, leaf("3"));
  keeper.note("a", 4, leaf("4"));
  keeper.stop();
  assert.equal(kept("a"), undefined);
  const later = open();
  later.note("a", 0, leaf("0"));
  later.note("a", 7, leaf("7"));
  later.stop();
  assert.deepEqual(kept("a"), [leaf("0")]);
});

test("at whatever byte the file is cut, a prefix is read, and a later life goes on behind it", (t) => {
  const { open, fileOf, kept } = setUp(t);
  const keeper = open();
  for (let i = 0; i < 3; i++) keeper.note("a", i, leaf(`${i}`));
  keeper.seal("a", STAT);
  keeper.stop();
  const whole = fs.readFileSync(fileOf("a"));
  for (let length = 0; length < whole.length; length++) {
    fs.writeFileSync(fileOf("a"), whole.subarray(0, length));
    const { leaves, stamp } = open().read("a") ?? { leaves: [], stamp: undefined };
    assert.equal(stamp, undefined, `at ${length}`);
    for (const [i, one] of leaves.entries()) assert.deepEqual(Buffer.from(one), leaf(`${i}`));
    const later = open();
    for (let i = 0; i < 4; i++) later.note("a", i, leaf(`${i}`));
    later.stop();
    assert.equal(kept("a")?.length, 4, `at ${length}`);
  }
});

test("a damaged byte ends what is said before it", (t) => {
  const { open, fileOf } = setUp(t);
  const keeper = open();
  for (let i = 0; i < 3; i++) keeper.note("a", i, leaf(`${i}`));
  keeper.seal("a", STAT);
  keeper.stop();
  const whole = fs.readFileSync(fileOf("a"));
  for (let at = 0; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 1;
    fs.writeFileSync(fileOf("a"), damaged);
    const read = open().read("a");
    assert.ok((read?.leaves.length ?? 0) < 3 || read?.stamp === undefined, `at ${at}`);
    for (const [i, one] of (read?.leaves ?? []).entries()) assert.deepEqual(Buffer.from(one), leaf(`${i}`));
  }
});

test("a file of another path, or of a newer version, is not used; the newer one is left as it is", (t) => {
  const { open, fileOf, kept, failures } = setUp(t);
  const keeper = open();
  keeper.note("a", 0, leaf("0"));
  keeper.stop();
  fs.mkdirSync(path.dirname(fileOf("b")), { recursive: true });
  fs.copyFileSync(fileOf("a"), fileOf("b"));
  assert.equal(open().read("b"), undefined);
  const newer = "shaftlog-leaves 2\nwhatever that may mean";
  fs.writeFileSync(fileOf("a"), newer);
  const later = open();
  assert.equal(later.read("a"), undefined);
  later.note("a", 0, leaf("0"));
  later.seal("a", STAT);
  later.stop();
  assert.equal(fs.readFileSync(fileOf("a"), "utf8"), newer);
  later.note("b", 0, leaf("b"));
  later.stop();
  assert.deepEqual(kept("b"), [leaf("b")]);
  assert.deepEqual(failures, []);
});

test("removed under our hands, or not to be written: said, and made anew when it can be", async (t) => {
  const { home, open, kept, failures } = setUp(t);
  const keeper = open();
  keeper.note("a", 0, leaf("0"));
  keeper.read("a");
  fs.rmSync(path.join(home, ".leaves"), { recursive: true });
  fs.writeFileSync(path.join(home, ".leaves"), "in the way");
  keeper.note("a", 1, leaf("1"));
  keeper.note("b", 0, leaf("b"));
  keeper.stop();
  assert.ok(failures.length > 0);
  fs.rmSync(path.join(home, ".leaves"));
  // What was opened in a turn of the event loop serves for all of it.
  await new Promise(setImmediate);
  keeper.note("b", 0, leaf("b"));
  keeper.stop();
  assert.deepEqual(kept("b"), [leaf("b")]);
  keeper.drop("b");
  assert.equal(kept("b"), undefined);
});
