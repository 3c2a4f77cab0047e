// What a file at rest costs in memory at each destination: counted on the heap after a collection, over many files, so
// that it is a number of objects and not a matter of chance. A running digest, a timer or a connection that stays with
// a file that has nothing to send breaks the bound.

import assert from "node:assert/strict";
import { test } from "node:test";
import v8 from "node:v8";
import vm from "node:vm";
import { nodeFiles } from "../../src/platform/node-files.ts";
import type { Holder } from "../../src/spool/entry.ts";
import { addGeneration, type HeldEntry, newEntry } from "../../src/spool/held.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

const FILES = 10_000;
/** Bytes. Measured 420: the object, its place in the map, and the list of those to ask next. One closure more is 100. */
const BOUND = 560;
/** Bytes, without names and paths. Measured 386; a device number of its own is 24 more, a list with room for seventeen 130. */
const ENTRY_BOUND = 405;

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

test("a file that is held costs a small entry in the spool", () => {
  const holder: Holder = {
    open: () => {
      throw new Error("nobody opens it");
    },
  };
  const top = nodeFiles.open("/", false);
  const { stat } = top;
  top.close();
  const entries: HeldEntry[] = new Array(FILES);
  const before = heap();
  for (let i = 0; i < FILES; i++) {
    const entry = newEntry(holder, { ...stat, dev: BigInt(`${stat.dev}`), ino: BigInt(i + 1) }, undefined, i + 0.5);
    addGeneration(entry, "", 1, 0);
    entries[i] = entry;
  }
  const each = (heap() - before) / FILES;
  assert.ok(each <= ENTRY_BOUND, `${each.toFixed(0)} bytes for each entry, names not counted`);
  assert.equal(entries.length, FILES);
});
