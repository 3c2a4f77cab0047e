// The server's housekeeping over time, on the real file system with a clock that the test moves: what is sealed and deleted
// when, that a clock that jumps seals nothing, and that a stop leaves nothing behind.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { Archive } from "../../src/archive/archive.ts";
import type { ArchiveOptions } from "../../src/archive/options.ts";
import { SealedFiles } from "../../src/archive/sealed-files.ts";
import { Turns } from "../../src/archive/turns.ts";
import type { Event } from "../../src/base/events.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { zstd } from "../../src/platform/node-zstd.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { filesBelow } from "../support/trees.ts";
import { until } from "../support/until.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const newHash = () => createHash("sha256");

class JumpingClock extends FakeClock {
  jumped = 0;

  override now(): number {
    return super.now() + this.jumped;
  }
}

function setUp(t: TestContext, options: ArchiveOptions) {
  const home = tempDir();
  const root = nodeFiles.open(home, true);
  const clock = new JumpingClock();
  const events: Event[] = [];
  const accounts: unknown[] = [];
  const write = (name: string, age: number) => {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    fs.writeFileSync(path.join(home, name), `what ${name} holds\n`.repeat(1000));
    const seconds = (clock.now() - age) / 1000;
    fs.utimesSync(path.join(home, name), seconds, seconds);
  };
  const names = () => [...filesBelow(home).keys()].filter((name) => !name.startsWith(".")).sort();
  const told = () => events.map(({ name }) => name);
  let archive: Archive | undefined;
  const start = () => {
    const emit = (event: Event) => void events.push(event);
    archive = new Archive(options, {
      turns: new Turns(),
      root,
      clock,
      emit,
      newHash,
      codec: zstd,
      sealed: new SealedFiles({ root, newHash, codec: zstd, emit }),
      room: () => Number.POSITIVE_INFINITY,
      claim: () => () => {},
      fatal: () => assert.fail("fatal"),
      accounted: (...moved) => void accounts.push(moved),
    });
  };
  t.after(async () => {
    await archive?.stop();
    root.close();
  });
  /** Lets `ms` pass, with real time for the disk in between. */
  const pass = async (ms: number) => {
    const step = Math.min(ms, HOUR);
    for (let passed = 0; passed < ms; passed += step) {
      await clock.advance(step);
      for (let i = 0; i < 4; i++) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        await clock.advance(50);
      }
    }
  };
  return { home, clock, write, names, told, accounts, start, pass, stop: async () => archive?.stop() };
}

test("what was unchanged for long is sealed, what was sealed for long is deleted, and nothing else", async (t) => {
  const { home, write, names, told, accounts, start, pass } = setUp(t, { after: 10 * HOUR, deleteAfter: 60 * HOUR });
  write("web/old.log", 11 * HOUR);
  write("web/young.log", 0);
  write("db/ancient.log", 400 * HOUR);
  write("empty", 11 * HOUR);
  fs.truncateSync(path.join(home, "empty"));
  fs.utimesSync(path.join(home, "empty"), 1, 1);
  start();
  await until(async () => {
    await pass(HOUR);
    return names().includes("web/old.log.zst") && names().includes("db/ancient.log.zst");
  }, "the old ones are sealed");
  assert.deepEqual(names(), ["db/ancient.log.zst", "empty", "web/old.log.zst", "web/young.log"]);
  await until(async () => {
    await pass(HOUR);
    return names().includes("web/young.log.zst");
  }, "the young one was old then");
  // Sealed just now, however old: it is there for as long as others are behind their sealing.
  assert.ok(names().includes("db/ancient.log.zst"));
  await pass(35 * HOUR);
  assert.ok(names().includes("db/ancient.log.zst"));
  await until(async () => {
    await pass(HOUR);
    return names().length === 1;
  }, "all are deleted");
  assert.deepEqual(names(), ["empty"]);
  assert.deepEqual(
    told().sort(),
    ["compressed", "deleted"].flatMap((what) => [1, 2, 3].map(() => `archive-${what}`)),
  );
  const sums = accounts.reduce<[number, number]>(
    ([files, bytes], moved) => {
      const [, moreFiles, moreBytes] = moved as [string, number, number];
      return [files + moreFiles, bytes + moreBytes];
    },
    [0, 0],
  );
  const sizes = ["web/old.log", "web/young.log", "db/ancient.log"].map((name) => 1000 * (name.length + 12));
  assert.deepEqual(sums, [-3, -sizes.reduce((sum, size) => sum + size)]);
});

test("after a jump of the clock nothing is sealed for an hour: time to set it right", async (t) => {
  const { clock, write, names, told, start, pass } = setUp(t, {
    after: 7 * DAY,
    deleteAfter: Number.POSITIVE_INFINITY,
  });
  write("a.log", 0);
  start();
  await pass(2 * HOUR);
  clock.jumped = 365 * DAY;
  await pass(HOUR / 2);
  assert.deepEqual(told(), ["archive-clock-jumped"]);
  clock.jumped = 0;
  await pass(3 * HOUR);
  assert.deepEqual(names(), ["a.log"]);
  assert.deepEqual(told(), ["archive-clock-jumped", "archive-clock-jumped"]);
  clock.jumped = 365 * DAY;
  await until(async () => {
    await pass(HOUR);
    return names().includes("a.log.zst");
  }, "who leaves it so is believed");
});

test("a stop amid the work leaves the file as it was", async (t) => {
  const { home, clock, write, names, told, start, stop } = setUp(t, { after: 1000, deleteAfter: DAY });
  write("a.log", DAY);
  start();
  const temporary = path.join(home, ".shaftlog-compressing");
  await until(async () => {
    await clock.advance(50);
    return fs.existsSync(temporary);
  }, "it is at work");
  await stop();
  assert.ok(!fs.existsSync(temporary));
  assert.ok(names().length === 1 && told().every((name) => name === "archive-compressed"));
});
