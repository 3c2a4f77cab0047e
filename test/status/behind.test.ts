// What a destination lacks and since when, file by file: counted as it changes, nothing kept of a file that lacks
// nothing, and an age that is never told too young.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Behind } from "../../src/status/behind.ts";
import { goOnBehind } from "../../src/transfer/continuation.ts";
import { newProgress, type Progress } from "../../src/transfer/progress.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type FakeFile, fakeFile } from "../support/fake-entry.ts";

test("what goes on behind a sealed copy is the same file: nothing of it is left behind when all is there", () => {
  const { clock, behind, progress, append, acknowledge, lag } = stage(100);
  acknowledge(100);
  append(50);
  goOnBehind(progress, 100);
  behind.update(progress);
  assert.deepEqual([behind.files, behind.bytes], [1, 50]);
  void clock.advance(5_000);
  assert.equal(lag(), clock.elapsed());
  acknowledge(50);
  assert.deepEqual([behind.files, behind.bytes], [0, 0]);
  append(10);
  assert.deepEqual([behind.files, behind.bytes], [1, 10]);
  behind.remove(progress.of);
  assert.deepEqual([behind.files, behind.bytes], [0, 0]);
});

interface Stage {
  readonly clock: FakeClock;
  readonly behind: Behind;
  readonly file: FakeFile;
  readonly progress: Progress;
  append(bytes: number): void;
  acknowledge(offset: number): void;
  /** Age of the oldest byte that is missing, in ms; undefined: none is. */
  lag(): number | undefined;
}

function stage(size = 0): Stage {
  const clock = new FakeClock();
  const behind = new Behind(clock);
  const file = fakeFile("a.log", Buffer.alloc(size));
  const progress = newProgress(file.generation, false, false);
  behind.update(progress);
  return {
    clock,
    behind,
    file,
    progress,
    append(bytes) {
      file.append(Buffer.alloc(bytes));
      behind.update(progress);
    },
    acknowledge(offset) {
      progress.offset = offset;
      behind.update(progress);
    },
    lag() {
      const [lacking] = behind.all();
      return lacking === undefined ? undefined : clock.elapsed() - lacking.since;
    },
  };
}

test("counts follow every change, and a file that lacks nothing is not among those that do", () => {
  const { behind, append, acknowledge, file } = stage();
  assert.deepEqual([behind.files, behind.bytes, [...behind.all()]], [0, 0, []]);
  append(100);
  append(50);
  assert.deepEqual([behind.files, behind.bytes], [1, 150]);
  acknowledge(120);
  assert.deepEqual([behind.files, behind.bytes], [1, 30]);
  acknowledge(150);
  assert.deepEqual([behind.files, behind.bytes, [...behind.all()]], [0, 0, []]);
  append(7);
  behind.remove(file.generation);
  assert.deepEqual([behind.files, behind.bytes], [0, 0]);
});

test("the age is that of the oldest byte that is missing, not of the file's trouble", async () => {
  const { clock, append, acknowledge, lag } = stage(10);
  await clock.advance(60_000);
  append(10);
  await clock.advance(60_000);
  append(10);
  assert.equal(lag(), 120_000);
  acknowledge(5);
  assert.equal(lag(), 120_000, "some of the first bytes are still missing");
  acknowledge(10);
  assert.equal(lag(), 60_000);
  acknowledge(25);
  assert.equal(lag(), 0);
  await clock.advance(5_000);
  assert.equal(lag(), 5_000);
  acknowledge(30);
  assert.equal(lag(), undefined);
  await clock.advance(60_000);
  append(1);
  assert.equal(lag(), 0, "what was delivered long ago does not count");
});

test("bytes that come while the ones before are acknowledged are as old as they are", async () => {
  const { clock, append, acknowledge, lag } = stage();
  for (let i = 1; i <= 100; i++) {
    append(10);
    await clock.advance(500);
    acknowledge(i * 10 - 5);
    assert.ok((lag() ?? Infinity) <= 1_500, `${lag()}`);
  }
});

test("a file that grows for days behind a dead destination keeps few ages, and none is told too young", async () => {
  const { clock, behind, append, acknowledge, lag } = stage();
  for (let i = 0; i < 2_000; i++) {
    append(10);
    await clock.advance(5_000);
  }
  assert.equal(lag(), 10_000_000);
  const [lacking] = behind.all();
  assert.ok((lacking?.later?.length ?? 0) <= 17, `${lacking?.later?.length} ages`);
  for (let i = 1; i < 2_000; i += 100) {
    acknowledge(i * 10);
    assert.ok((lag() ?? 0) >= (2_000 - i) * 5_000, `${lag()} after ${i}`);
  }
});

test("a file that was cut lacks no more than there is", async () => {
  const { clock, behind, file, progress, lag } = stage(100);
  await clock.advance(10_000);
  file.generation.end = 40;
  behind.update(progress);
  assert.deepEqual([behind.bytes, lag()], [40, 10_000]);
});

test("few records are kept of files that lack nothing", () => {
  const behind = new Behind(new FakeClock());
  const all = Array.from({ length: 5_000 }, (_, i) =>
    newProgress(fakeFile(`${i}.log`, "12345").generation, false, false),
  );
  for (const progress of all) behind.update(progress);
  assert.deepEqual([behind.files, behind.bytes, behind.size], [5_000, 25_000, 5_000]);
  for (const progress of all) {
    progress.offset = 5;
    behind.update(progress);
  }
  assert.deepEqual([behind.files, behind.bytes], [0, 0]);
  assert.ok(behind.size <= 1_025, `${behind.size} records`);
});
