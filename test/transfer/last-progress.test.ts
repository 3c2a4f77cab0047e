// What counts as progress of a destination: sync-once gives one up that makes none for its --timeout, so an answer
// that tells nothing new must not pass for it, however often it comes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";

function setUp() {
  const { http, clock, destination } = fakeDestination();
  return { http, clock, destination };
}

for (const status of [400, 409, 416, 429, 500, 503, 507]) {
  test(`a destination that answers every HEAD and each PUT with ${status} makes no progress`, async () => {
    const { http, clock, destination } = setUp();
    http.script = ({ method }) => (method === "PUT" ? http.answer(status) : undefined);
    destination.added(fakeFile("a", "hello").generation, false);
    await clock.advance(1000);
    const began = destination.lastProgressAt;
    await clock.advance(60_000);
    assert.ok(http.requests.filter(({ method }) => method === "HEAD").length > 3, "it was asked again and again");
    assert.equal(destination.lastProgressAt, began);
  });
}

test("the first word on each file, and every byte more, is progress", async () => {
  const { http, clock, destination } = setUp();
  await clock.advance(5000);
  http.files.set("/host/a", Buffer.from("hello"));
  destination.added(fakeFile("a", "hello").generation, false);
  await clock.advance(1);
  const first = destination.lastProgressAt;
  assert.ok(first >= 5000);
  await clock.advance(5000);
  http.script = ({ method, path }) => (method === "PUT" && path.endsWith("/b") ? http.answer(500) : undefined);
  destination.added(fakeFile("b", "x").generation, false);
  await clock.advance(1);
  const second = destination.lastProgressAt;
  assert.ok(second >= first + 5000, "nothing was known of the second file");
  await clock.advance(5000);
  http.script = () => undefined;
  await clock.advance(20_000);
  assert.ok(destination.lastProgressAt > second, "its byte was taken");
});
