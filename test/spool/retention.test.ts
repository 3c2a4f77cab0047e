// Which files are let go of, and when (src/spool/retention.ts, letting-go.ts, released.ts).

import assert from "node:assert/strict";
import { existsSync, readdirSync, unlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Generation } from "../../src/spool/entry.ts";
import { directoryMethods, errno, type Finding, finding, pattern, told, write } from "../support/finding.ts";

const HOUR = 3600;

/** Files that were written an hour ago and deleted by their owner since, but for those in `kept`. */
async function deleted(
  names: readonly string[],
  kept: readonly string[],
  options: { retention: number; dir?: string },
): Promise<Finding> {
  const before = await finding({
    ...options,
    patterns: (log) => [pattern(`${log}/*`, { regex: { from: /^.*\//, to: "d/" } })],
  });
  const then = Date.now() / 1000 - HOUR;
  for (const [i, name] of names.entries()) utimesSync(write(join(before.log, name)), then + i, then + i);
  await before.discovery.scanOnce();
  await before.stop();
  for (const name of names) if (!kept.includes(name)) unlinkSync(join(before.log, name));
  // A new process, which has seen no change.
  return await finding({ ...options, dir: before.dir });
}

function delivered(isDelivered: (generation: Generation) => boolean) {
  return { comparesBytes: () => false, isDelivered, reached: () => [] };
}

test("released: deleted by its owner, delivered everywhere and old enough; nothing else", async () => {
  const found = await deleted(["a", "kept", "undelivered"], ["kept"], { retention: 60_000 });
  assert.equal(await found.spools.retain(), 0, "nobody can tell yet what was delivered");
  found.spools.attach(delivered(({ name }) => name !== "d/undelivered"));
  assert.equal(await found.spools.retain(), 1);
  assert.deepEqual([...found.held.keys()].sort(), ["d/kept", "d/undelivered"]);
  assert.deepEqual(readdirSync(join(found.spool, "d")).sort(), ["kept", "undelivered"]);
  assert.equal(found.spools.counts().released, 1);
  assert.equal(found.spools.counts().bytesOnlyHere, 5);
  await found.stop();
});

test("not before it was unchanged for long enough, and never by age where retention is never", async () => {
  for (const retention of [2 * HOUR * 1000, Infinity]) {
    const found = await deleted(["a"], [], { retention });
    found.spools.attach(delivered(() => true));
    assert.equal(await found.spools.retain(), 0);
    await found.stop();
  }
});

test("when the file system is nearly full: early, oldest first, as many as it takes; the operator is told", async (t) => {
  const found = await deleted(["older", "younger"], [], { retention: Infinity });
  found.spools.attach(delivered(() => true));
  t.mock.method(directoryMethods(), "space", () => ({
    free: existsSync(join(found.spool, "d/older")) ? 4 : 11,
    total: 100,
  }));
  assert.equal(await found.spools.retain(), 1);
  assert.ok(told(found).includes("disk-nearly-full"));
  assert.match(found.events.find(({ name }) => name === "disk-nearly-full")?.text ?? "", /10 bytes/);
  assert.deepEqual(
    found.events.filter(({ name }) => name === "file-released").map(({ text }) => /older|younger/.exec(text)?.[0]),
    ["older"],
  );
  assert.deepEqual(readdirSync(join(found.spool, "d")), ["younger"]);
  await found.stop();
});

test("a released name is never given again, not even after a restart", async () => {
  const found = await deleted(["a"], [], { retention: 0 });
  found.spools.attach(delivered(() => true));
  await found.spools.retain();
  await found.stop();
  const again = await finding({
    dir: found.dir,
    patterns: (log) => [pattern(`${log}/*`, { regex: { from: /^.*\//, to: "d/" } })],
  });
  write(join(again.log, "a"));
  await again.discovery.scanOnce();
  assert.equal(again.held.size, 1);
  assert.match([...again.held.keys()][0] ?? "", /^d\/a\.i\d+$/);
  assert.ok(told(again).includes("name-suffixed"));
  await again.stop();
});

test("a name that cannot be noted keeps its file; a line torn by that does no harm", async (t) => {
  const found = await deleted(["a"], [], { retention: 0 });
  found.spools.attach(delivered(() => true));
  const create = t.mock.method(directoryMethods(), "create", () => {
    throw errno("ENOSPC");
  });
  assert.equal(await found.spools.retain(), 0);
  assert.ok(told(found).includes("file-not-released"));
  create.mock.restore();
  assert.equal(await found.spools.retain(), 1);
  await found.stop();
});
