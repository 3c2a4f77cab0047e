// A file that is truncated between its look and the read that follows it: noticed by that read, asked about, and never
// tried again without waiting for anything. Over a fake spool, network and clock.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Stat } from "../../src/platform/files.ts";
import { formatDigest, SHAFTLOG_DIGEST } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

test("a new generation whose file is shorter than its beginning by the time it is read", async () => {
  const noticed: number[] = [];
  let opened = 0;
  const { http, clock, destination } = fakeDestination({
    url: new URL("http://log.test:10655/"),
    spool: {
      noticed: (_entry, stat: Stat) => noticed.push(stat.size),
    },
  });
  // It shows that it tells digests.
  const whole = new TreeHash(() => createHash("sha256"));
  whole.update(Buffer.from("content"));
  const field = formatDigest({ size: 7, digest: whole.digest() });
  http.script = ({ method }) => (method === "PUT" ? http.answer(201, { [SHAFTLOG_DIGEST]: field }) : undefined);
  destination.added(fakeFile("first", "content").generation);
  await clock.advance(100);
  const file = fakeFile("a.log.g2-from-42", "x".repeat(84));
  Object.assign(file.generation, { start: 42, number: 2 });
  const { open } = file.entry.holder;
  Object.assign(file.entry.holder, {
    open: () => {
      assert.ok(++opened < 100, "it goes round in circles");
      return open(file.entry);
    },
  });
  file.bytes = Buffer.alloc(0);
  destination.added(file.generation);
  await clock.advance(1_000);
  assert.equal(destination.verifies, true);
  assert.ok(noticed.includes(0));
  assert.equal(http.requests.filter(({ method, path }) => method === "PUT" && path.includes("g2")).length, 0);
});

test("a generation that ends while a large range of it is read sends nothing beyond its end", async () => {
  const { http, clock, destination } = fakeDestination({ url: new URL("http://log.test:10655/") });
  const file = fakeFile("a.log", "x".repeat(3 << 20));
  const { open } = file.entry.holder;
  let reads = 0;
  Object.assign(file.entry.holder, {
    open: () => {
      const opened = open(file.entry);
      const { read } = opened;
      return Object.assign(opened, {
        read: async (...where: Parameters<typeof read>) => {
          // Another destination found it rewritten.
          if (++reads === 1) Object.assign(file.generation, { end: 1000 });
          return await read(...where);
        },
      });
    },
  });
  destination.window.answered(destination.window.size, 1, 1);
  destination.added(file.generation, false);
  await clock.advance(1_000);
  assert.ok(reads > 0, "a range was read asynchronously");
  const ranges = http.requests.flatMap(({ headers }) => headers.filter((value) => value.startsWith("bytes ")));
  assert.ok(ranges.length > 0);
  for (const range of ranges) {
    const [, last, size] = /-(\d+)\/(\d+)$/.exec(range) ?? [];
    assert.ok(Number(last) < Number(size), range);
  }
});

test("a generation that ends while it is compared, and parts behind its end only, goes on no second time", async () => {
  const superseded: number[] = [];
  const { http, clock, destination } = fakeDestination({
    url: new URL("http://log.test:10655/"),
    compareAll: true,
    spool: { supersede: (_entry, offset) => superseded.push(offset) },
  });
  const file = fakeFile("a.log", "x".repeat(1000));
  const there = Buffer.from("x".repeat(500) + "y".repeat(500));
  let asked = 0;
  http.script = ({ method, headers }) => {
    if (method !== "HEAD") return undefined;
    const size = Number(headers[headers.indexOf("shaftlog-want-digest") + 1] ?? 0) || 0;
    // Another destination's comparison ended before.
    if (++asked === 5) Object.assign(file.generation, { end: 500 });
    const hash = new TreeHash(() => createHash("sha256"));
    hash.update(there.subarray(0, size));
    const digest = formatDigest({ size, digest: hash.digest() });
    return http.answer(200, { "content-length": `${there.length}`, [SHAFTLOG_DIGEST]: digest });
  };
  destination.added(file.generation, false);
  await clock.advance(1_000);
  assert.ok(asked > 5);
  assert.deepEqual(superseded, []);
});
