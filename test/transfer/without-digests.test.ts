// A strict server that tells no digests, asked by sync-once, which wants every file compared: size has to do, and at
// once, not when the destination is asked something the next time.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { Destination } from "../../src/transfer/destination.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { fakeFile } from "../support/fake-entry.ts";
import { FakeHttp } from "../support/fake-http.ts";

test("where no digests are told, what was sent is delivered with its answer", async () => {
  const http = new FakeHttp();
  const clock = new FakeClock();
  const destination = new Destination({
    url: new URL("http://log.test:10655/host/"),
    http,
    clock,
    random: () => 0.5,
    newHash: () => createHash("sha256"),
    compareAll: true,
    spool: { noticed: () => {}, supersede: () => {}, rewritten: () => {}, acknowledged: () => {} },
    emit: () => {},
  });
  http.files.set("/host/old", Buffer.from("old"));
  const files = [fakeFile("new", "new"), fakeFile("old", "old"), fakeFile("longer", "longer")];
  for (const { generation } of files) destination.added(generation, generation.name !== "old");
  await clock.advance(1000);
  assert.deepEqual(
    files.map(({ generation }) => destination.isDelivered(generation)),
    [true, true, true],
  );
  assert.equal(http.files.get("/host/new")?.toString(), "new");
});
