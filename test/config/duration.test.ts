// Durations: what is one, and what is refused rather than guessed. The rule is in docs/CONFIGURATION.md, section Types,
// and the command line relies on the same one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../src/config/duration.ts";

const DURATIONS: readonly (readonly [text: string, ms: number])[] = [
  ["0", 0],
  ["30000", 30_000],
  ["0ms", 0],
  ["500ms", 500],
  ["30s", 30_000],
  ["030s", 30_000],
  ["5m", 300_000],
  ["2h", 7_200_000],
  ["7d", 604_800_000],
  ["9007199254740991", Number.MAX_SAFE_INTEGER],
];

const NO_DURATIONS = [
  "",
  "s",
  "-5s",
  "+5s",
  "1.5h",
  "30 s",
  " 30s",
  "30s ",
  "30s\n",
  "30S",
  "1M",
  "1w",
  "1e3",
  "0x10",
  "5m30s",
  "٣s",
  "never",
  "9007199254740992",
  "9007199254740991s",
  `${"9".repeat(400)}d`,
];

test("a duration is a whole number with at most one unit", () => {
  for (const [text, ms] of DURATIONS) assert.equal(parseDuration(text), ms, text);
});

test("anything else is no duration", () => {
  for (const text of NO_DURATIONS) assert.equal(parseDuration(text), undefined, JSON.stringify(text));
});
