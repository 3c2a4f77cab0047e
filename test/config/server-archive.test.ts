// The keys of the archive: off by default, each value reaches its option, and each wrong one is told with its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerConfig } from "../../src/config/server.ts";
import { type Case, messagesOf } from "./messages.ts";

const DAY = 86_400_000;
const TIMES = "milliseconds as a whole number from 1000, 500ms, 30s, 5m, 2h or 7d, or never";

function read(text: string) {
  const parsed = parseServerConfig(text, "/etc/s.yaml");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return parsed.config.archive;
}

test("off by default; what is not said has its default", () => {
  assert.equal(read(""), undefined);
  assert.deepEqual(read("archive: {}\n"), { after: 7 * DAY, deleteAfter: Number.POSITIVE_INFINITY });
  assert.deepEqual(read("archive: {after: 2h, compress: zstd, delete_after: 400d}\n"), {
    after: DAY / 12,
    deleteAfter: 400 * DAY,
  });
});

const WRONG: readonly Case[] = [
  ["too soon", "archive: {after: 10ms}\n", `1:18: archive.after: is less than a second; expected ${TIMES}`],
  ["no time", "archive: {after: soon}\n", `1:18: archive.after: the text "soon" is no time; expected ${TIMES}`],
  [
    "another way to compress",
    "archive: {compress: gzip}\n",
    '1:21: archive.compress: "gzip" is no way to compress here; expected zstd',
  ],
  [
    "deleted before it is compressed",
    "archive: {after: 7d, delete_after: 7d}\n",
    "1:36: archive.delete_after: is not longer than `after`; expected a time after which files have been compressed for long",
  ],
];

for (const [name, text, ...expected] of WRONG) {
  test(name, () => assert.deepEqual(messagesOf(parseServerConfig, text), expected));
}
