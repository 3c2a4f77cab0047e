// Content-Range and sizes: what is well-formed, what is not, and that formatting and parsing agree.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatContentRange,
  formatUnsatisfied,
  parseContentRange,
  parseSize,
} from "../../src/protocol/content-range.ts";

test("well-formed ranges, half-open inside", () => {
  assert.deepEqual(parseContentRange("bytes 0-0/1"), { start: 0, end: 1, size: 1 });
  assert.deepEqual(parseContentRange("bytes 5-9/*"), { start: 5, end: 10, size: undefined });
  assert.deepEqual(parseContentRange("Bytes 5-9/100"), { start: 5, end: 10, size: 100 });
  const most = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(parseContentRange(`bytes 0-${most - 1}/${most}`), { start: 0, end: most, size: most });
});

test("all others are refused", () => {
  for (const value of [
    ...[
      "",
      "bytes",
      "bytes 1-0/2",
      "bytes 0-1/1",
      "bytes 00-1/2",
      "bytes 0-1",
      "bytes 0-1/",
      "bytes */1",
      "bytes -1/2",
    ],
    ...[
      "bytes 0-1/2, 0-1/2",
      " bytes 0-1/2",
      "bytes 0-1/2 ",
      "bytes  0-1/2",
      "bytes 0-9007199254740991/*",
      "bytes 0-1/2\n",
    ],
    ...["bits 0-1/2", "bytes=0-1/2", "bytes 0-1/-2", "bytes 0.0-1/2", "bytes 0-1e1/20", "bytes ٠-1/2"],
  ]) {
    assert.equal(parseContentRange(value), undefined, JSON.stringify(value));
  }
});

test("formatting and parsing agree", () => {
  for (const start of [0, 1, 511, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER - 10]) {
    for (const size of [undefined, start + 7, start + 10]) {
      const range = { start, end: start + 7, size };
      assert.deepEqual(parseContentRange(formatContentRange(range)), range);
    }
  }
  assert.equal(formatUnsatisfied(2 ** 40), "bytes */1099511627776");
});

test("sizes", () => {
  assert.equal(parseSize("0"), 0);
  assert.equal(parseSize("9007199254740991"), Number.MAX_SAFE_INTEGER);
  for (const value of [
    undefined,
    "",
    "-1",
    "+1",
    "01",
    "1.0",
    "1e3",
    "0x1",
    " 1",
    "9007199254740992",
    "1, 1",
    ["1", "1"],
  ]) {
    assert.equal(parseSize(value), undefined, String(value));
  }
});
