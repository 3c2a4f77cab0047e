// Mutations of the four example files: whatever the reader is given, it answers with a configuration or with a
// ConfigError of whole lines, and soon.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadClientConfig, loadServerConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";

const ROUNDS = 2000;
/** Far above what any round takes, far below what a quadratic reader would. */
const SLOWEST_ROUND_MS = 5000;

const EXAMPLES = [
  "test/config/fixtures/original-client.yaml",
  "test/config/fixtures/original-server.yaml",
  "etc/shaftlog-client-config.yaml",
  "etc/shaftlog-server-config.yaml",
].map((path) => readFileSync(new URL(`../../${path}`, import.meta.url)));

const TOKENS = [
  ..."[]{}:-,?!&*#|>%@`'\"\\\n\t\r \0\x7f",
  ...[
    "- ",
    "? ",
    ": ",
    "<<: ",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "!!binary ",
    "!!set ",
    "!!str ",
    "%YAML 1.1\n",
    "|\n",
    ">-\n",
  ],
  ...["null", "~", "true", ".nan", ".inf", "1e999", "0x1F", "-1", "99999999999999999999", "2001-01-01", "190:20:30"],
  ...[
    "{hostname}",
    "{nmae}",
    "scan_paths:\n",
    "destinations:\n",
    "datadir: /a\n",
    "(",
    "[z-a]",
    "\\u{110000}",
    '"\\ud800"',
  ],
  ...["\u{1f600}", "\ufeff", "\u2028", "\u0085", "[".repeat(500), "- ".repeat(500), "*a, ".repeat(200)],
].map((token) => Buffer.from(token));
const BYTES = [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xfe, 0xff]].map((bytes) => Buffer.from(bytes));

function mutate(example: Buffer, random: Random): Buffer {
  let bytes = example;
  for (let edits = 1 + random.below(6); edits > 0; edits--) {
    const from = random.below(bytes.length + 1);
    const to = Math.min(bytes.length, from + random.below(random.below(5) === 0 ? 400 : 8));
    const token = random.below(33) === 0 ? random.pick(BYTES) : random.pick(TOKENS);
    const cut = bytes.subarray(from, to);
    const [head, tail] = [bytes.subarray(0, from), bytes.subarray(to)];
    // Replaced, put in, taken out, doubled, or the file's end cut off.
    const edited = [[head, token, tail], [head, token, cut, tail], [head, tail], [head, cut, cut, tail], [head]];
    bytes = Buffer.concat(edited[random.below(random.below(20) === 0 ? 5 : 4)] as Buffer[]);
  }
  return bytes;
}

let rounds = 0;
let refused = 0;

fuzz("mutations of the examples", ROUNDS, (random) => {
  rounds++;
  const bytes = mutate(random.pick(EXAMPLES), random);
  const load = random.below(2) === 0 ? loadClientConfig : loadServerConfig;
  const began = performance.now();
  try {
    load("/f.yaml", () => bytes);
  } catch (error) {
    refused++;
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(error.problems.length > 0);
    for (const line of error.message.split("\n")) assert.match(line, /^\/f\.yaml(:\d+:\d+)?: \S.*$/);
    assert.doesNotMatch(error.message, /^\s+at /m);
    for (const { line, column } of error.problems) {
      assert.ok(line === undefined || (line >= 1 && column !== undefined && column >= 1));
    }
  }
  assert.ok(performance.now() - began < SLOWEST_ROUND_MS, "slow");
});

test("neither all were accepted nor all refused, or the mutations would show nothing", () => {
  assert.ok(rounds < 100 || (refused > rounds / 10 && refused < rounds), `${refused} of ${rounds} refused`);
});
