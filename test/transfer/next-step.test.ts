// What is next for a file at a destination, above all when its bytes are to be compared though nothing is to be sent.

import assert from "node:assert/strict";
import { test } from "node:test";
import { continuationOf } from "../../src/transfer/continuation.ts";
import { nextStep } from "../../src/transfer/next-step.ts";
import { isSame, newProgress, type Progress } from "../../src/transfer/progress.ts";
import { fakeFile } from "../support/fake-entry.ts";

const STRICT = { strict: true, verifies: true };

/** A file of ten bytes of which the destination has `offset`. */
function known(offset: number, changes: Partial<Progress> = {}): Progress {
  return Object.assign(newProgress(fakeFile("a", "0123456789").generation, false, false), {
    known: true,
    asked: true,
    offset,
    ...changes,
  });
}

test("equal size is enough to be idle, and less is sent", () => {
  assert.equal(nextStep(known(10), STRICT).kind, "rest");
  assert.deepEqual(nextStep(known(4), STRICT), { kind: "send", offset: 4, backlog: 6 });
});

test("a longer copy is compared, and one that was longer when the file has its length", () => {
  assert.equal(nextStep(known(12), STRICT).kind, "compare");
  assert.equal(nextStep(known(12, { verified: 10 }), STRICT).kind, "rest");
  assert.equal(nextStep(known(10, { ahead: true, verified: 8 }), STRICT).kind, "compare");
  assert.equal(nextStep(known(10, { ahead: true, verified: 10 }), STRICT).kind, "rest");
  assert.equal(nextStep(known(12), { strict: true, verifies: false }).kind, "rest");
});

test("where the answer came from another life of the server, what is to be compared is asked about once more", () => {
  const unheard = { strict: true, verifies: undefined };
  assert.equal(nextStep(known(12), unheard).kind, "ask");
  assert.equal(nextStep(known(10, { compare: true }), unheard).kind, "ask");
  assert.equal(nextStep(known(10), unheard).kind, "rest");
  assert.equal(nextStep(known(12, { verified: 10 }), unheard).kind, "rest");
});

test("a copy behind the end of a superseded generation is no matter", () => {
  const progress = known(12);
  Object.assign(progress.generation, { end: 10 });
  assert.equal(nextStep(progress, STRICT).kind, "rest");
});

test("what is in doubt is compared once; what is always compared, at every length", () => {
  const once = known(10, { compare: true, thorough: true });
  assert.equal(nextStep(once, STRICT).kind, "compare");
  isSame(once, 10, false);
  assert.deepEqual([nextStep(once, STRICT).kind, once.thorough], ["rest", false]);
  once.verified = 0;
  assert.equal(nextStep(once, STRICT).kind, "rest");
  const always = known(10, { compare: true });
  isSame(always, 10, true);
  assert.equal(nextStep(always, STRICT).kind, "rest");
  always.verified = 0;
  assert.equal(nextStep(always, STRICT).kind, "compare");
});

test("what was verified while the file was truncated is not", () => {
  const progress = known(12, { compare: true });
  isSame(progress, 12, false);
  assert.deepEqual([progress.verified, progress.compare], [0, true]);
});

test("what follows a sealed copy and is to be asked about from its first name on is not at rest", () => {
  const progress = known(4, { restart: true });
  assert.equal(nextStep(progress, STRICT).kind, "send");
  progress.generation = continuationOf(progress.of, 10);
  assert.equal(nextStep(progress, STRICT).kind, "ask");
});
