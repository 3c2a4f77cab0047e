// The progress of sync-once (src/commands/sync-progress.ts): when something is shown, and what a line looks like.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Totals } from "../../src/commands/sync-goals.ts";
import { type ProgressOutput, SyncProgress } from "../../src/commands/sync-progress.ts";
import { FakeClock } from "../support/fake-clock.ts";

class Output implements ProgressOutput {
  readonly isTTY: boolean | undefined;
  readonly columns: number | undefined;
  readonly written: string[] = [];

  constructor(isTTY?: boolean, columns?: number) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.written.push(text);
  }
}

const MIB = 1024 * 1024;
const START: Totals = { files: 12, filesDone: 2, bytes: 400 * MIB, bytesDone: 100 * MIB, bytesSent: 0 };

/** `seconds` of a run that sends `rate` bytes a second, asked 50 times a second. */
async function run(progress: SyncProgress, clock: FakeClock, rate: number, seconds: number): Promise<void> {
  const began = clock.elapsed();
  for (let i = 0; i < seconds * 50; i++) {
    await clock.advance(20);
    const sent = Math.round((rate * (clock.elapsed() - began)) / 1000);
    progress.show(() => ({ ...START, bytesDone: START.bytesDone + sent, bytesSent: sent }));
  }
}

test("on a terminal one line is redrawn four times a second: files, bytes, rate and time left", async () => {
  const clock = new FakeClock();
  const out = new Output(true, 80);
  const progress = new SyncProgress(out, clock);
  await run(progress, clock, 10 * MIB, 2);
  assert.equal(out.written.length, 7);
  assert.equal(out.written[3], "\r\x1b[K2 of 12 files, 110.4 MiB of 400.0 MiB (27 %), 10.0 MiB/s, 29 s left");
  assert.ok(out.written.every((text) => text.startsWith("\r\x1b[K") && !text.includes("\n")));
  progress.clear();
  assert.equal(out.written.at(-1), "\r\x1b[K", "it is taken away in the end");
  progress.clear();
  assert.equal(out.written.length, 8, "once");
});

test("a line never reaches the last column, whatever it tells", async () => {
  for (const columns of [40, 80, 120]) {
    const clock = new FakeClock();
    const out = new Output(true, columns);
    const progress = new SyncProgress(out, clock);
    await clock.advance(300);
    const huge = { files: 1_234_567, filesDone: 1_234_566, bytes: 2 ** 50, bytesDone: 2 ** 49, bytesSent: 2 ** 20 };
    progress.show(() => huge);
    const [line = ""] = out.written;
    assert.ok(line.length - "\r\x1b[K".length < columns, `${line.length} for ${columns}`);
  }
});

test("an ordinary line fits into 80 columns as a whole", async () => {
  const clock = new FakeClock();
  const out = new Output(true, 80);
  const progress = new SyncProgress(out, clock);
  await clock.advance(1000);
  progress.show(() => ({
    files: 99_999,
    filesDone: 99_998,
    bytes: 999 * 1024 * MIB,
    bytesDone: 998 * 1024 * MIB,
    bytesSent: 100 * MIB,
  }));
  assert.match(out.written[0] ?? "", /left$/);
});

test("elsewhere a line every ten seconds, at the rate of the last ones", async () => {
  const clock = new FakeClock();
  const out = new Output();
  const progress = new SyncProgress(out, clock);
  await run(progress, clock, 4 * MIB, 9);
  assert.deepEqual(out.written, []);
  await run(progress, clock, 4 * MIB, 12);
  assert.equal(out.written.length, 2);
  assert.match(
    out.written[0] ?? "",
    /^2 of 12 files, .* MiB of 400\.0 MiB \([0-9]+ %\), [0-9.]+ [KM]iB\/s, [0-9]+ (s|min) left\n$/,
  );
  progress.clear();
  assert.equal(out.written.length, 2, "nothing to take away");
});

test("without any rate there is no time left, and nothing to do is 100 %", async () => {
  const clock = new FakeClock();
  const out = new Output(true);
  const progress = new SyncProgress(out, clock);
  await clock.advance(300);
  progress.show(() => ({ files: 0, filesDone: 0, bytes: 0, bytesDone: 0, bytesSent: 0 }));
  assert.equal(out.written[0], "\r\x1b[K0 of 0 files, 0 B of 0 B (100 %), 0 B/s");
});

test("silence asks for no totals", async () => {
  const clock = new FakeClock();
  const progress = new SyncProgress(undefined, clock);
  await clock.advance(60_000);
  progress.show(() => assert.fail("not asked"));
  progress.clear();
});
