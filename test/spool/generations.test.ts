// The grammar of generation names (src/spool/generations.ts).

import assert from "node:assert/strict";
import { test } from "node:test";
import { nameGeneration, parseGeneration, withSuffix } from "../../src/spool/generations.ts";

test("a generation's name says its number and its first byte", () => {
  assert.deepEqual(parseGeneration("log.17.g2-from-0"), { number: 2, start: 0 });
  assert.deepEqual(parseGeneration("a/b.g12-from-4096"), { number: 12, start: 4096 });
});

test("what does not fit the grammar is a first generation", () => {
  for (const name of [
    "a.g1-from-0",
    "a.g0-from-0",
    "a.g02-from-0",
    "a.g2-from-00",
    "a.g2-from--1",
    "a.g2-from-",
    "a.g2-from-0.i7",
    "ag2-from-0",
  ]) {
    assert.equal(parseGeneration(name), undefined, name);
  }
  assert.equal(parseGeneration("a.g2-from-99999999999999999"), undefined, "beyond what a double holds");
});

test("the next generation is named after the first one", () => {
  assert.equal(nameGeneration("a.log", 2, 0), "a.log.g2-from-0");
  assert.equal(nameGeneration("a.log.g2-from-0", 3, 17), "a.log.g3-from-17");
});

test("a long name is cut to what a file system holds, between characters", () => {
  const name = nameGeneration(`d/${"x".repeat(255)}`, 2, 0);
  assert.equal(name.length, 2 + 255);
  assert.ok(name.endsWith("x.g2-from-0"));
  const text = Buffer.from(withSuffix(Buffer.from("é".repeat(127)).toString("latin1"), ".i1234"), "latin1").toString(
    "utf8",
  );
  assert.ok(!text.includes("\ufffd"));
});
