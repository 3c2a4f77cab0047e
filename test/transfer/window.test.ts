// How large ranges become: by how soon they are answered, and over a long way by what may be on the wire.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Window } from "../../src/transfer/window.ts";

const MIB = 1024 * 1024;

/** The size after `count` answers to whole ranges, each `all` ms after it was sent. */
function grown(window: Window, all: number, count = 20): number {
  for (let i = 0; i < count; i++) window.answered(window.size, all / 4, all);
  return window.size;
}

test("2 MiB near by, 8 MiB over a long way", () => {
  assert.equal(grown(new Window(), 1), 2 * MIB);
  assert.equal(grown(new Window(), 19), 2 * MIB);
  assert.equal(grown(new Window(), 100), 8 * MIB);
});

test("one answer that comes soon tells that the way is short", () => {
  const window = new Window();
  window.answered(window.size, 1, 1);
  assert.equal(grown(window, 100), 2 * MIB);
  const far = new Window();
  assert.equal(grown(far, 100), 8 * MIB);
  assert.equal(grown(far, 1, 1), 2 * MIB);
});

test("the way is measured anew after a break, and the range begins small", () => {
  const window = new Window();
  grown(window, 1);
  window.broken();
  assert.equal(window.size, MIB / 2);
  assert.equal(grown(window, 100), 8 * MIB);
});

test("all ranges on the wire are 32 MiB at most, however many backlogs are sent at once", () => {
  const window = new Window();
  for (const backlogs of [1, 2, 3]) {
    window.begin(4);
    const size = grown(window, 100);
    assert.ok(size * 4 * backlogs <= 32 * MIB && size * 4 * backlogs > 31 * MIB, `${backlogs} with ${size} bytes each`);
  }
  window.end(4);
  window.end(4);
  assert.equal(window.size, 8 * MIB);
});

test("halved where answers come slowly, and never more than the destination takes", () => {
  const window = new Window();
  grown(window, 100);
  window.answered(window.size, 1_500, 3_000);
  assert.equal(window.size, 4 * MIB);
  assert.ok(window.tooLarge(4 * MIB));
  assert.equal(grown(window, 100), 2 * MIB);
  assert.equal(window.tooLarge(64 * 1024), false);
});
