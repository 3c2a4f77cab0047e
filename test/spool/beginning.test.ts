// Where a file that is shorter than what was delivered of it parts from that, by its first bytes alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { partsWithin } from "../../src/spool/beginning.ts";
import type { HeldEntry } from "../../src/spool/held.ts";
import { fakeFile } from "../support/fake-entry.ts";

const HEAD = "first line\nsecond line\nthe third";

/** `size`: by the last look. */
function parts(content: string, size = content.length): number | undefined {
  const { entry } = fakeFile("a", content);
  return partsWithin(Object.assign(entry, { head: HEAD, size }) as unknown as HeldEntry);
}

test("a lost tail leaves the beginning as it was", () => {
  for (const length of [HEAD.length, 20, 11, 1, 0]) assert.equal(parts(HEAD.slice(0, length)), undefined, `${length}`);
  assert.equal(parts(`${HEAD} line\nand more`), undefined);
});

test("it parts where the line begins that is another one", () => {
  assert.equal(parts("first line\nsecond, and another\n"), 11);
  assert.equal(parts("first line\nsecond line\nno third"), 23);
  assert.equal(parts("first line\nx"), 11);
  assert.equal(parts("first and last\n"), 0);
  assert.equal(parts("\nfirst line\n"), 0);
});

test("what cannot be read just now is not judged", () => {
  assert.equal(parts("", 100), undefined);
  assert.equal(parts("other", 100), undefined);
});
