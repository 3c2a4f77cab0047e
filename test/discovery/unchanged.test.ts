// What a scan passes over, and what is found all the same where watches show nothing (src/discovery/unchanged.ts,
// src/spool/growth.ts). Watches that give no hint are what a full queue of the kernel's, or a writer on another mount, makes.

import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pace } from "node:timers/promises";
import { directoryMethods, type Finding, started, write } from "../support/finding.ts";
import { until } from "../support/until.ts";

const SCAN = 100;
const LONG_AGO = new Date(Date.now() - 3_600_000);

/** `count` files at rest in a directory at rest. */
function old(log: string, count: number): string[] {
  const paths = Array.from({ length: count }, (_, i) => write(join(log, `${i}.log`)));
  for (const path of paths) fs.utimesSync(path, LONG_AGO, LONG_AGO);
  return paths;
}

/** Directories whose times of change are long ago: the kernel sets them to now whatever one does. */
function atRest(t: TestContext): void {
  const methods = directoryMethods();
  const now = methods.now;
  t.mock.method(methods, "now", function (this: typeof methods) {
    const stat = now.call(this);
    return { ...stat, mtimeMs: stat.mtimeMs - 60_000, ctimeMs: stat.ctimeMs - 60_000 };
  });
}

function noHints(t: TestContext): void {
  const methods = directoryMethods();
  t.mock.method(methods, "watch", () => ({ close() {} }));
  t.mock.method(methods, "watchFile", () => ({ close() {} }));
}

async function startedWith(t: TestContext, count: number): Promise<{ found: Finding; paths: string[] }> {
  atRest(t);
  const found = await started({ scanInterval: SCAN });
  const paths = old(found.log, count);
  await until(() => found.held.size === count, "all are held");
  await pace(3 * SCAN); // what was written just now is looked at for two intervals
  return { found, paths };
}

test("at rest a file costs a look in one scan of ten, and no directory is read in the others", async (t) => {
  const { found } = await startedWith(t, 200);
  const methods = directoryMethods();
  const looks = t.mock.method(methods, "lstat").mock;
  const lists = t.mock.method(methods, "list").mock;
  await until(() => lists.callCount() >= 2, "the directory is read again, twice");
  const scans = 10;
  assert.ok(looks.callCount() >= 200, "and its files are looked at");
  assert.ok(looks.callCount() <= 3.5 * 200, `${looks.callCount()} looks in about ${2 * scans} scans of 200 files`);
  await found.stop();
});

test("without hints: a new, a renamed and a deleted file are found by the next scan, by the directory's time", async (t) => {
  noHints(t);
  const { found, paths } = await startedWith(t, 20);
  const lists = t.mock.method(directoryMethods(), "list").mock;
  write(join(found.log, "new.log"));
  await until(() => found.held.size === 21, "the new one is held");
  fs.renameSync(paths[0] as string, join(found.log, "moved.log"));
  await found.at(join(found.log, "moved.log"));
  fs.unlinkSync(paths[1] as string);
  const gone = [...found.held.values()].filter(({ entry }) => entry.source === undefined);
  assert.equal(gone.length, 0);
  await until(
    () => [...found.held.values()].some(({ entry }) => entry.source === undefined && entry.nlink === 1),
    "the deletion is seen",
  );
  assert.ok(lists.callCount() >= 3);
  await found.stop();
});

test("without hints: what is written to a file at rest is found within twelve scans, what follows in each", async (t) => {
  noHints(t);
  const { found, paths } = await startedWith(t, 20);
  for (const path of paths) fs.appendFileSync(path, "more\n");
  const all = [...found.held.values()];
  await until(() => all.every(({ entry }) => entry.size === 10), "the lines are seen");
  const looks = t.mock.method(directoryMethods(), "lstat").mock;
  fs.appendFileSync(paths[0] as string, "again\n");
  await until(() => all.some(({ entry }) => entry.size === 16), "and the next");
  assert.ok(looks.callCount() > 0);
  await found.stop();
});

test("after a flood of hints everything is looked at by the next scan", async (t) => {
  noHints(t);
  const { found, paths } = await startedWith(t, 20);
  const lists = t.mock.method(directoryMethods(), "list").mock;
  for (let i = 0; i < 1024; i++) found.spools.watches.hinted();
  assert.equal(found.spools.watches.floods, 1);
  for (const path of paths) fs.appendFileSync(path, "more\n");
  await until(() => [...found.held.values()].every(({ entry }) => entry.size === 10), "the lines are seen");
  assert.ok(lists.callCount() <= 2, "by the first scan, not by the one of ten");
  await found.stop();
});

test("hints that come one by one are no flood", async () => {
  const found = await started();
  for (let i = 0; i < 1100; i++) {
    found.spools.watches.hinted();
    if (i % 100 === 0) await pace(3);
  }
  assert.equal(found.spools.watches.floods, 0);
  await found.stop();
});

test("a file with a name that nobody watches is looked at in each scan", async (t) => {
  noHints(t);
  const { found, paths } = await startedWith(t, 20);
  fs.linkSync(paths[0] as string, join(found.dir, "elsewhere"));
  await found.discovery.scanOnce();
  const methods = directoryMethods();
  const lists = t.mock.method(methods, "list").mock;
  const looks = t.mock.method(methods, "lstat").mock;
  await until(() => looks.callCount() >= 5, "it is looked at");
  assert.ok(lists.callCount() <= 1, "and the directory is not read for that");
  await found.stop();
});

test("where watches may not show all that is written, each directory is read in each scan", async (t) => {
  t.mock.method(directoryMethods(), "showsWrites", () => false);
  const { found } = await startedWith(t, 20);
  const lists = t.mock.method(directoryMethods(), "list").mock;
  const looks = t.mock.method(directoryMethods(), "lstat").mock;
  const opened = t.mock.method(directoryMethods(), "now").mock;
  await until(() => lists.callCount() >= 4, "it is read");
  // Each scan comes by the directories above it as well.
  const scans = opened.callCount() / (found.log.split("/").length + 1);
  assert.ok(scans < 2 * lists.callCount(), `read ${lists.callCount()} times in ${scans} scans`);
  assert.ok(looks.callCount() >= 3 * 20, "with all its files");
  await found.stop();
});

test("a scan that somebody asks for passes over nothing", async (t) => {
  noHints(t);
  atRest(t);
  const found = await started({ scanInterval: 60_000 });
  const paths = old(found.log, 5);
  await found.discovery.scanOnce();
  const looks = t.mock.method(directoryMethods(), "lstat").mock;
  for (let i = 0; i < 3; i++) {
    const { matched } = await found.discovery.scanOnce();
    assert.equal(matched, 5);
  }
  assert.ok(looks.callCount() >= 3 * paths.length);
  await found.stop();
});
