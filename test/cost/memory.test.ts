// What a file at rest costs in memory at each destination: counted on the heap after a collection, over many files, so
// that it is a number of objects and not a matter of chance. A running digest, a timer or a connection that stays with
// a file that has nothing to send breaks the bound.

import assert from "node:assert/strict";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

const FILES = 10_000;
/** Bytes. Measured 420: the object, its place in the map, and the list of those to ask next. One closure more is 100. */
const BOUND = 560;

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test("a file at rest costs a small object at each destination", async () => {
  const files = Array.from({ length: FILES }, (_, i) => fakeFile(`file-${i}`, "delivered before\n"));
  const { http, clock, destination } = fakeDestination();
  for (const { generation, bytes } of files) http.files.set(`/host/${generation.name}`, bytes);
  const before = heap();
  for (const { generation } of files) destination.added(generation, false);
  await clock.advance(1000);
  assert.equal(http.requests.length, FILES, "each was asked about once");
  http.requests.length = 0;
  const each = (heap() - before) / FILES;
  assert.equal(destination.summary().state, "in sync");
  assert.equal(clock.pending <= 1, true, "no timer for each of them");
  assert.ok(each <= BOUND, `${each.toFixed(0)} bytes for each file`);
});
