// What sync-once waits for, and what it says of each file at the end (src/commands/sync-goals.ts): moments that no run
// of the binary can be brought to reliably, made by hand.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Receiver, SyncGoals } from "../../src/commands/sync-goals.ts";
import type { Generation } from "../../src/spool/entry.ts";
import { newProgress, type Progress } from "../../src/transfer/progress.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type FakeFile, fakeFile } from "../support/fake-entry.ts";

const TIMEOUT = 60_000;

class FakeReceiver implements Receiver {
  readonly url = "http://log.test/";
  readonly outage: { trouble: string | undefined } = { trouble: undefined };
  readonly all = new Map<Generation, Progress>();
  bytesSent = 0;
  lastProgressAt = 0;
  onChange: (progress: Progress) => void = () => {};

  progressOf(generation: Generation): Progress | undefined {
    return this.all.get(generation);
  }

  /** Something becomes of a file there. */
  change({ generation }: Pick<FakeFile, "generation">, changes: Partial<Progress>): void {
    const progress = this.all.get(generation);
    assert.ok(progress !== undefined);
    this.onChange(Object.assign(progress, changes));
  }
}

function setUp(...files: readonly FakeFile[]) {
  const clock = new FakeClock();
  const receivers = [new FakeReceiver(), new FakeReceiver()] as const;
  const goals = new SyncGoals(receivers, clock, TIMEOUT);
  goals.listening();
  goals.begin(files.map(({ generation }) => generation));
  for (const { all } of receivers)
    for (const { generation } of files) all.set(generation, newProgress(generation, false, false));
  let over = false;
  let ticks = 0;
  void goals
    .reached(() => ticks++)
    .then(() => {
      over = true;
    });
  const told = () => [...goals.results()].map(({ results }) => results.map(({ state, error }) => error ?? state));
  return { clock, receivers, goals, told, isOver: () => over, ticks: () => ticks };
}

const denied = { kind: "denied", text: "403, never", lasting: true, retryAt: 0 } as const;
const failed = { kind: "denied", text: "500, just now", lasting: false, retryAt: 0 } as const;

/** A further generation from offset 0, as the spool makes one. */
function goOn({ entry, generation }: FakeFile): Generation {
  for (const one of entry.generations) one.end = 0;
  const number = entry.generations.length + 1;
  const next: Generation = { entry, name: `${generation.name}.g${number}-from-0`, number, start: 0, end: undefined };
  entry.generations = [...entry.generations, next];
  return next;
}

test("it is over when everything is delivered everywhere, and tells of it on the way", async () => {
  const file = fakeFile("a", "abc");
  const { clock, receivers, goals, told, isOver, ticks } = setUp(file, fakeFile("empty"));
  await clock.advance(2000);
  assert.ok(ticks() >= 7 && ticks() <= 10, `${ticks()} ticks in two seconds`);
  receivers[0].change(file, { known: true, offset: 3 });
  receivers[1].change(file, { known: true, offset: 2 });
  assert.deepEqual(goals.totals(), { files: 2, filesDone: 1, bytes: 6, bytesDone: 5, bytesSent: 0 });
  await clock.advance(1000);
  assert.equal(isOver(), false);
  receivers[1].change(file, { known: true, offset: 5 });
  await clock.advance(100);
  assert.equal(isOver(), true);
  assert.deepEqual(told(), [
    ["delivered", "delivered"],
    ["delivered", "delivered"],
  ]);
});

test("a destination without progress is not waited for beyond its time; each byte begins it anew", async () => {
  const file = fakeFile("a", "abc");
  const { clock, receivers, told, isOver } = setUp(file);
  receivers[1].outage.trouble = "connection refused";
  await clock.advance(TIMEOUT - 1000);
  receivers[0].lastProgressAt = clock.elapsed();
  receivers[1].outage.trouble = undefined;
  await clock.advance(TIMEOUT - 1000);
  assert.equal(isOver(), false, "one of them still has time");
  await clock.advance(2000);
  assert.equal(isOver(), true);
  assert.deepEqual(told(), [["no progress within the time allowed", "connection refused"]]);
});

test("what a destination refused stays refused while it is tried again, and is not waited for", async () => {
  const [bad, good] = [fakeFile("bad", "bad"), fakeFile("good", "good")];
  const { clock, receivers, told, isOver } = setUp(bad, good);
  for (const receiver of receivers) receiver.change(bad, { fault: denied });
  receivers[0].change(good, { known: true, offset: 4 });
  receivers[1].change(good, { fault: failed });
  await clock.advance(1000);
  for (const receiver of receivers) receiver.change(bad, { fault: undefined, known: false });
  receivers[1].change(good, { fault: undefined, known: false });
  await clock.advance(1000);
  assert.equal(isOver(), false);
  assert.deepEqual(told(), [
    ["403, never", "403, never"],
    ["delivered", "500, just now"],
  ]);
  receivers[1].change(bad, { known: true, offset: 3 });
  receivers[1].change(good, { known: true, offset: 4 });
  await clock.advance(1000);
  assert.equal(isOver(), true);
  assert.deepEqual(told(), [
    ["403, never", "delivered"],
    ["delivered", "delivered"],
  ]);
});

test("a question to a complete destination, while another takes its time, does not undo it", async () => {
  const file = fakeFile("a", "abc");
  const { clock, receivers, goals, told, isOver } = setUp(file);
  receivers[0].change(file, { known: true, offset: 3 });
  await clock.advance(TIMEOUT + 10_000 - 15_000);
  receivers[1].lastProgressAt = clock.elapsed();
  await clock.advance(30_000);
  receivers[0].change(file, { known: false });
  receivers[1].change(file, { known: true, offset: 3 });
  await clock.advance(5000);
  assert.equal(isOver(), false, "the answer is waited for");
  receivers[0].change(file, { known: true });
  await clock.advance(300);
  assert.equal(isOver(), true);
  // Between the last look and the report a further question may go out.
  receivers[0].change(file, { known: false });
  assert.deepEqual(told(), [["delivered", "delivered"]]);
  assert.equal(goals.totals().bytesDone, 6);
});

test("a server that has less than it said gets it again before the run ends", async () => {
  const file = fakeFile("a", "abc");
  const { clock, receivers, told, isOver } = setUp(file);
  receivers[0].change(file, { known: true, offset: 3 });
  await clock.advance(1000);
  receivers[0].change(file, { known: true, offset: 0 });
  receivers[1].change(file, { known: true, offset: 3 });
  await clock.advance(1000);
  assert.equal(isOver(), false);
  receivers[0].change(file, { known: true, offset: 3 });
  await clock.advance(1000);
  assert.equal(isOver(), true);
  assert.deepEqual(told(), [["delivered", "delivered"]]);
});

test("stopped, it is over, and the reason is told", async () => {
  const file = fakeFile("a", "abc");
  const { clock, receivers, goals, told, isOver } = setUp(file);
  receivers[0].change(file, { known: true, offset: 3 });
  await clock.advance(100);
  goals.stop("stopped by SIGTERM");
  await clock.advance(100);
  assert.equal(isOver(), true);
  assert.deepEqual(told(), [["delivered", "stopped by SIGTERM"]]);
});

test("a file that is truncated again and again is followed once", async () => {
  const file = fakeFile("a", "abc");
  const { clock, receivers, goals, told, isOver } = setUp(file);
  for (let cut = 0; cut < 3; cut++) {
    const generation = goOn(file);
    goals.changed(file.entry);
    goals.added(generation);
    for (const { all } of receivers) all.set(generation, newProgress(generation, true, false));
    await clock.advance(100);
    if (cut === 1) for (const receiver of receivers) receiver.change({ generation }, { known: true, offset: 3 });
  }
  await clock.advance(1000);
  assert.equal(isOver(), true, "nothing is left of the first two, and the third is of no concern");
  const names = [...goals.results()].map(({ generation, size }) => [generation.name, size]);
  assert.deepEqual(names, [
    ["a", 3],
    ["a.g2-from-0", 3],
    ["a.g3-from-0", 0],
  ]);
  assert.match(told()[0]?.[0] ?? "", /truncated or rewritten.*goes on as "a\.g2-from-0"/);
  assert.match(told()[1]?.[0] ?? "", /goes on as "a\.g3-from-0"/);
});

test("a truncation that was found before the first look is told under the old name", () => {
  const file = fakeFile("a", "abc");
  const goals = new SyncGoals([new FakeReceiver()], new FakeClock(), TIMEOUT);
  goals.added(file.generation);
  goals.listening();
  const next = goOn(file);
  goals.added(next);
  goals.begin([next]);
  const told = [...goals.results()].map(({ generation, size, results }) => [generation.name, size, results[0]?.state]);
  assert.deepEqual(told, [
    ["a.g2-from-0", 3, "delivered"],
    ["a", 0, "refused"],
  ]);
});

test("a file whose link vanished before it was delivered is refused, one that was released is delivered", async () => {
  const [lost, kept] = [fakeFile("lost", "lost"), fakeFile("kept", "kept")];
  const { clock, receivers, goals, told, isOver } = setUp(lost, kept);
  for (const receiver of receivers) receiver.change(kept, { known: true, offset: 4 });
  receivers[0].change(lost, { known: true, offset: 2 });
  for (const { generation } of [lost, kept]) {
    goals.released(generation);
    for (const { all } of receivers) all.delete(generation);
  }
  await clock.advance(100);
  assert.equal(isOver(), true);
  assert.match(told()[0]?.[0] ?? "", /link is gone/);
  assert.deepEqual(told()[1], ["delivered", "delivered"]);
  assert.deepEqual(
    [...goals.results()][0]?.results.map(({ acknowledged }) => acknowledged),
    [2, 0],
  );
});
