// 20,000 schedules of the real stations on simulated files, network and clock, from fixed seeds, so that each run proves
// the same; `npm run simulate -- --from N --count M` tries others, and so does `make soak`. A failure prints the line that
// replays it.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { SOAK, seeded } from "../faults/extent.ts";
import { simulate } from "./command.ts";

const FIXED = 20_000;
const MORE = 100_000;

async function survives(t: TestContext, from: number, count: number): Promise<void> {
  const { code, output } = await simulate("--from", String(from), "--count", String(count));
  t.diagnostic(output.trimEnd());
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`^${count} schedules .* 0 violations`, "m"));
  // Our own change after several crashes may pass for a foreign one: told, and stopped; rare.
  const stopped = Number(/(\d+) stopped as diverged/.exec(output)?.[1]);
  assert.ok(stopped <= count / 500, `${stopped} files stopped as diverged`);
}

test(`${FIXED} schedules`, (t) => survives(t, 1, FIXED));

if (SOAK) {
  test(`${MORE} schedules from a random seed`, async (t) => {
    await survives(t, FIXED + 1 + seeded(t).below(1_000_000_000), MORE);
  });
}

test("the same seed is the same schedule, event by event", async () => {
  const trace = async (seed: string) => (await simulate("--seed", seed, "--last", "100000")).output;
  for (const seed of ["7", "1234"]) {
    const first = await trace(seed);
    assert.match(first, /trace [0-9a-f]{8}:/);
    assert.equal(await trace(seed), first);
  }
});

test("fewer steps are the beginning of the same schedule", async () => {
  const { output } = await simulate("--seed", "7", "--steps", "3", "--last", "100000");
  const whole = (await simulate("--seed", "7", "--last", "100000")).output;
  const before = output.split("\n").findIndex((line) => line.endsWith("all faults end"));
  assert.ok(before > 0);
  assert.deepEqual(whole.split("\n").slice(0, before), output.split("\n").slice(0, before));
});
