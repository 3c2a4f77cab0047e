// Which directories are synced when: each one once, again after a change of ours or of another hand, and shared by
// all who wait. On a directory that counts its syncs.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Directory, Stat } from "../../src/platform/files.ts";
import { Names } from "../../src/store/names.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";

/** A directory tree of any shape, of which only syncs and modification times are real. */
class FakeTree {
  readonly syncs: string[] = [];
  readonly mtimes = new Map<string, number>();
  /** Syncs that wait to be let go on. */
  held: (() => void)[] | undefined;
  failure: Error | undefined;

  at(path: string): Directory {
    const child = (name: string) => this.at(path === "" ? name : `${path}/${name}`);
    const stat = () => ({ ino: BigInt(path.length), dev: 1n, mtimeMs: this.mtimes.get(path) ?? 0 }) as Stat;
    return {
      directory: child,
      now: stat,
      close: () => {},
      syncNow: () => {
        this.syncs.push(path);
      },
      sync: async () => {
        this.syncs.push(path);
        if (this.failure !== undefined) throw this.failure;
        if (this.held !== undefined) await new Promise<void>((resolve) => this.held?.push(resolve));
      },
    } as Partial<Directory> as Directory;
  }
}

const onDisk = () => false;

for (const [where, inMemory] of [
  ["on a disk", onDisk],
  ["in memory", () => true],
] as const) {
  test(`${where}: every directory down to the file, once; again only after a change`, () => eachOnce(inMemory));
}

async function eachOnce(inMemory: () => boolean): Promise<void> {
  const tree = new FakeTree();
  const names = new Names(tree.at(""), new FakeClock(), inMemory);
  await names.durable("a/b/file");
  assert.deepEqual(tree.syncs.splice(0).sort(), ["", "a", "a/b"]);
  await names.durable("a/b/other");
  assert.deepEqual(tree.syncs, []);
  names.changed("a/b");
  await names.durable("a/b/new");
  assert.deepEqual(tree.syncs.splice(0), ["a/b"]);
  tree.mtimes.set("a", 5);
  await names.durable("a/b/file");
  assert.deepEqual(tree.syncs.splice(0), ["a"]);
  await names.durable("file");
  assert.deepEqual(tree.syncs, []);
}

test("a directory that changed a moment ago is not trusted to be clean: another change may bear the same time", async () => {
  const tree = new FakeTree();
  const clock = new FakeClock();
  const names = new Names(tree.at(""), clock, onDisk);
  tree.mtimes.set("", clock.now());
  await names.durable("file");
  await names.durable("file");
  assert.equal(tree.syncs.length, 2);
  await clock.advance(1_000);
  await names.durable("file");
  await names.durable("file");
  assert.equal(tree.syncs.length, 3);
});

test("who comes while a sync runs waits for the next one, and all of them share it", async () => {
  const tree = new FakeTree();
  tree.held = [];
  const names = new Names(tree.at(""), new FakeClock(), onDisk);
  const done: string[] = [];
  const first = names.durable("one").then(() => done.push("one"));
  await settled();
  names.changed("");
  const later = ["two", "three", "four"].map((name) => names.durable(name).then(() => done.push(name)));
  await settled();
  assert.equal(tree.syncs.length, 1);
  tree.held.shift()?.();
  await settled();
  assert.deepEqual(done, ["one"]);
  assert.equal(tree.syncs.length, 2);
  tree.held.shift()?.();
  await Promise.all([first, ...later]);
  assert.deepEqual(done.sort(), ["four", "one", "three", "two"]);
  assert.equal(tree.syncs.length, 2);
});

test("a failure is told to those who waited for it, and not remembered as clean", async () => {
  const tree = new FakeTree();
  const names = new Names(tree.at(""), new FakeClock(), onDisk);
  tree.failure = new Error("EIO");
  await assert.rejects(names.durable("file"), /EIO/);
  tree.failure = undefined;
  await names.durable("file");
  assert.equal(tree.syncs.length, 2);
});
