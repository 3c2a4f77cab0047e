// A strict server that tells no digests, asked by sync-once, which wants every file compared: size has to do, and at
// once, not when the destination is asked something the next time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

test("where no digests are told, what was sent is delivered with its answer", async () => {
  const { http, clock, destination } = fakeDestination({ compareAll: true });
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
