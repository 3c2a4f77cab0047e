// Mutations of the four example files, from one seed: whatever the reader is given, it answers with a configuration or
// with a ConfigError of whole lines, and soon. A failure names the seed and the round; FUZZ_SEED and FUZZ_ROUNDS repeat
// or lengthen the run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { loadClientConfig, loadServerConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";

const SEED = Number(process.env.FUZZ_SEED ?? 20_130_601);
const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 2000);
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

/** mulberry32: a number in [0, 1) from a 32-bit state. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function mutate(example: Buffer, random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = example;
  for (let edits = 1 + below(6); edits > 0; edits--) {
    const from = below(bytes.length + 1);
    const to = Math.min(bytes.length, from + below(random() < 0.2 ? 400 : 8));
    const token = (random() < 0.03 ? BYTES[below(BYTES.length)] : TOKENS[below(TOKENS.length)]) as Buffer;
    const cut = bytes.subarray(from, to);
    const [head, tail] = [bytes.subarray(0, from), bytes.subarray(to)];
    // Replaced, put in, taken out, doubled, or the file's end cut off.
    const edited = [[head, token, tail], [head, token, cut, tail], [head, tail], [head, cut, cut, tail], [head]];
    bytes = Buffer.concat(edited[below(random() < 0.05 ? 5 : 4)] as Buffer[]);
  }
  return bytes;
}

test(`${ROUNDS} mutations of the examples (seed ${SEED})`, () => {
  const random = generator(SEED);
  let refused = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = mutate(EXAMPLES[round % EXAMPLES.length] as Buffer, random);
    const load = random() < 0.5 ? loadClientConfig : loadServerConfig;
    const began = performance.now();
    try {
      load("/f.yaml", () => bytes);
    } catch (error) {
      const which = `seed ${SEED}, round ${round}: ${error instanceof Error ? error.stack : error}`;
      assert.ok(error instanceof ConfigError, which);
      assert.ok(error.problems.length > 0, which);
      for (const line of error.message.split("\n")) assert.match(line, /^\/f\.yaml(:\d+:\d+)?: \S.*$/, which);
      assert.doesNotMatch(error.message, /^\s+at /m, which);
      for (const { line, column } of error.problems) {
        assert.ok(line === undefined || (line >= 1 && column !== undefined && column >= 1), which);
      }
      refused++;
    }
    assert.ok(performance.now() - began < SLOWEST_ROUND_MS, `seed ${SEED}, round ${round} is slow`);
  }
  // Neither all accepted nor all refused, or the mutations would show nothing.
  assert.ok(refused > ROUNDS / 10 && refused < ROUNDS, `${refused} refused`);
});
