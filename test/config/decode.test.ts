// Bytes that are no text are refused with the place of the first of them; text passes unchanged. Places are checked
// behind multi-byte characters and a byte order mark, where bytes, chars and columns differ.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeConfig, LARGEST_CONFIG } from "../../src/config/decode.ts";

const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)));

const TEXTS: readonly (readonly [bytes: Buffer, text: string])[] = [
  [bytes(""), ""],
  [bytes("a: ü€😀\r\n\tb\n"), "a: ü€😀\r\n\tb\n"],
  [bytes([0xef, 0xbb, 0xbf], "a: 1"), "a: 1"],
  // The replacement character itself, written by somebody.
  [bytes("a: \ufffd\n"), "a: \ufffd\n"],
];

const REFUSED: readonly (readonly [bytes: Buffer, line: number, column: number, what: string])[] = [
  [bytes([0]), 1, 1, "the file holds a NUL byte"],
  [bytes("a: 1\nb: ", [0], "\n"), 2, 4, "the file holds a NUL byte"],
  [bytes([0xef, 0xbb, 0xbf], "a: ", [0]), 1, 4, "the file holds a NUL byte"],
  [bytes("a: \x1b[1m"), 1, 4, "the file holds the control character 0x1b"],
  [bytes("a\n\nb\x7f"), 3, 2, "the file holds the control character 0x7f"],
  [bytes("a: 1\nä: ", [0xff], "\n"), 2, 4, "the file holds bytes that are not UTF-8"],
  [bytes("a: \ufffd ", [0xc3]), 1, 6, "the file holds bytes that are not UTF-8"],
  // Overlong, a surrogate, beyond Unicode, cut short.
  [bytes("x", [0xc0, 0xaf]), 1, 2, "the file holds bytes that are not UTF-8"],
  [bytes("x", [0xed, 0xa0, 0x80]), 1, 2, "the file holds bytes that are not UTF-8"],
  [bytes("x", [0xf5, 0x80, 0x80, 0x80]), 1, 2, "the file holds bytes that are not UTF-8"],
  [bytes("x", [0xe2, 0x82]), 1, 2, "the file holds bytes that are not UTF-8"],
  // UTF-16 and gzip.
  [bytes([0xff, 0xfe], "a\0"), 1, 1, "the file holds bytes that are not UTF-8"],
  [bytes([0x1f, 0x8b, 0x08, 0x00]), 1, 1, "the file holds the control character 0x1f"],
];

test("text in UTF-8 passes, without its byte order mark", () => {
  for (const [input, text] of TEXTS) assert.equal(decodeConfig(input), text);
});

test("the first byte that is no text is named with its place", () => {
  for (const [input, line, column, what] of REFUSED) {
    assert.deepEqual(decodeConfig(input), { line, column, key: "", what, expected: "YAML text in UTF-8" });
  }
});

test("a file larger than the limit is refused whatever it holds", () => {
  const spaces = Buffer.alloc(LARGEST_CONFIG + 1, " ");
  assert.equal(typeof decodeConfig(spaces.subarray(1)), "string");
  assert.deepEqual(decodeConfig(spaces), {
    key: "",
    what: "the file is larger than 256 KiB",
    expected: "a configuration file",
  });
});
