// When a name counts as durable: after a sync of its directory, and not where that was never made.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import type { Directory } from "../../src/platform/files.ts";
import { Settler } from "../../src/spool/settle.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { fakeFile } from "../support/fake-entry.ts";

/** A data directory with one directory `d`; `faults`: what opening and syncing say, one after the other. */
function setUp(faults: { open?: string[]; sync?: string[] }) {
  const fail = (codes: string[] | undefined) => {
    const code = codes?.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  let syncs = 0;
  const below = {
    close: () => {},
    sync: async () => {
      fail(faults.sync);
      syncs++;
    },
  };
  const root = {
    directory: () => {
      fail(faults.open);
      return below;
    },
  } as unknown as Directory;
  const clock = new FakeClock();
  const events: Event[] = [];
  const announced: number[] = [];
  const emit = (event: Event) => void events.push(event);
  const settler = new Settler(root, "/spool", clock, emit, () => announced.push(syncs));
  settler.touch("d");
  settler.announceLater(fakeFile("d/a.log", "x").generation);
  return { clock, events, announced };
}

for (const [what, faults] of [
  ["opened", () => ({ open: ["EMFILE", "ENFILE", "EMFILE"] })],
  ["opened to be synced", () => ({ sync: ["EMFILE", "EMFILE"] })],
] as const) {
  test(`a directory that cannot be ${what} for want of descriptors is tried again, and announced only then`, async () => {
    const { clock, events, announced } = setUp(faults());
    await clock.advance(50);
    assert.deepEqual(announced, []);
    await clock.advance(1000);
    assert.deepEqual(announced, [1], "after one sync");
    assert.deepEqual(events, []);
  });
}

test("a sync that fails is not tried again, and nothing is announced", async () => {
  const { clock, events, announced } = setUp({ sync: ["EIO"] });
  await clock.advance(100_000);
  assert.deepEqual(announced, []);
  assert.deepEqual(
    events.map(({ name }) => name),
    ["datadir-sync-failed"],
  );
});

test("a directory that is gone has no names to make durable", async () => {
  const { clock, events, announced } = setUp({ open: ["ENOENT"] });
  await clock.advance(1);
  assert.deepEqual([announced, events], [[0], []]);
});
