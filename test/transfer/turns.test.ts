// While nothing is to be sent each file is asked about in its turn, whatever became of the others.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeDestination } from "../support/fake-destination.ts";
import { telling } from "../support/fake-digests.ts";
import { fakeFile } from "../support/fake-entry.ts";

test("a file that differs there does not take the turns of another one", async () => {
  const { http, clock, destination } = fakeDestination({ compareAll: true });
  telling(http);
  http.files.set("/host/differs", Buffer.from("something else\n"));
  destination.added(fakeFile("differs", "ours\n").generation, false);
  destination.added(fakeFile("other", "all of it\n").generation, false);
  await clock.advance(5_000);
  assert.equal(destination.faults.size, 1);
  // Nothing tells of that but its size; and the first one is tried again after five minutes only.
  http.files.set("/host/other", Buffer.from("all"));
  await clock.advance(120_000);
  assert.equal(http.files.get("/host/other")?.toString(), "all of it\n");
  await destination.stop(0);
});
