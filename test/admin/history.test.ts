// The hour's ring on a clock of its own: rates over the time that a point covers, the highest backlog, gaps as gaps,
// and no growth with time or with hosts that come and go.

import assert from "node:assert/strict";
import { test } from "node:test";
import { History, POINT, POINTS } from "../../src/admin/history.ts";

const series = (history: History, name: string) => history.document("").series.find((one) => one.name === name);

test("a point has the rate of its half minute and the highest backlog in it", () => {
  const history = new History();
  // 1,000 bytes a second from a counter that had something before.
  for (let s = 0; s <= 90; s += 5)
    history.sample([{ name: "a", bytes: 7_000_000 + s * 1000, backlog: s % 30 }], s * 1000);
  const { backlog_bytes: backlog, bytes_per_second: rate } = series(history, "a") ?? assert.fail();
  assert.equal(rate.length, POINTS);
  assert.deepEqual(rate.slice(-5), [null, 1000, 1000, 1000, 1000]);
  assert.deepEqual(backlog?.slice(-5), [null, 25, 25, 25, 0]);
});

test("a host that comes later began at 0; a time in which nothing was looked at is a gap", () => {
  const history = new History();
  history.sample([{ name: "a", bytes: 0 }], 0);
  history.sample(
    [
      { name: "a", bytes: 10_000 },
      { name: "b", bytes: 5_000 },
    ],
    10_000,
  );
  assert.equal(series(history, "b")?.bytes_per_second.at(-1), 500);
  assert.equal(series(history, "b")?.backlog_bytes, undefined);
  history.sample([{ name: "a", bytes: 10_000 }], 10_000 + 3 * POINT);
  assert.deepEqual(series(history, "a")?.bytes_per_second.slice(-4), [1000, null, null, 0]);
  assert.deepEqual(series(history, "b")?.bytes_per_second.slice(-4), [500, null, null, null]);
});

test("an hour later nothing is left of the hour before, and a long sleep costs no more", () => {
  const history = new History();
  history.sample([{ name: "a", bytes: 0, backlog: 9 }], 0);
  history.sample([{ name: "a", bytes: 5, backlog: 9 }], 1e12);
  assert.deepEqual(
    series(history, "a")?.backlog_bytes?.filter((value) => value !== null),
    [9],
  );
});

test("a counter that goes back is no negative rate", () => {
  const history = new History();
  history.sample([{ name: "a", bytes: 100 }], 0);
  history.sample([{ name: "a", bytes: 50 }], 1000);
  assert.equal(series(history, "a")?.bytes_per_second.at(-1), 0);
});

test("series are bounded in number", () => {
  const history = new History();
  history.sample(
    Array.from({ length: 5_000 }, (_, i) => ({ name: `host${i}`, bytes: i })),
    0,
  );
  assert.equal(history.document("").series.length, 1_000);
});
