// Rounds of a property over random inputs. `make test` runs a few from a fixed seed, so that it says the same each
// time; `make fuzz` (FUZZ_SECONDS) runs as long as it is told, from a seed that it prints. A failure names seed and round.

import { test } from "node:test";
import { Random } from "./random.ts";

const SECONDS = Number(process.env.FUZZ_SECONDS ?? 0);
const FIRST_SEED = Number(process.env.FUZZ_SEED ?? (SECONDS > 0 ? Date.now() % 1_000_000_007 : 20_130_601));

/** `rounds`: how many without FUZZ_SECONDS. Each round gets a generator of its own, so that it can be run alone. */
export function fuzz(what: string, rounds: number, round: (random: Random) => void | Promise<void>): void {
  const length = SECONDS > 0 ? `${SECONDS} s` : `${rounds} rounds`;
  test(`${what} (${length}, seed ${FIRST_SEED})`, { timeout: (SECONDS + 120) * 1000 }, async (t) => {
    const end = performance.now() + SECONDS * 1000;
    let done = 0;
    for (; SECONDS > 0 ? performance.now() < end : done < rounds; done++) {
      try {
        await round(new Random(FIRST_SEED + done));
      } catch (error) {
        throw new Error(`repeat with FUZZ_SEED=${FIRST_SEED + done}: ${(error as Error).message}`, { cause: error });
      }
    }
    t.diagnostic(`${done} rounds`);
  });
}

/** Code points that make trouble: controls, format characters, separators, surrogates, what a path or a line is made of. */
const ODD = [
  ...[0x00, 0x01, 0x07, 0x08, 0x09, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x25, 0x2e, 0x2f, 0x3a, 0x3f, 0x23, 0x5c, 0x7f],
  ...[0x85, 0x9b, 0xa0, 0xad, 0x61c, 0x200b, 0x200d, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0xfeff, 0xfff9],
  ...[0xd800, 0xdc00, 0xe0001, 0x1f600, 0x10ffff, 0x41, 0x7a, 0xe9, 0x301, 0x4e2d],
];

/** Up to `longest` characters, odd ones and others. */
export function oddText(random: Random, longest: number): string {
  const length = random.below(longest + 1);
  return Array.from({ length }, () => String.fromCodePoint(oddCodePoint(random))).join("");
}

/** Up to `longest` bytes as a byte string (base/text.ts): UTF-8 of an odd text, or anything. */
export function oddBytes(random: Random, longest: number): string {
  const text = Buffer.from(oddText(random, longest)).subarray(0, longest);
  const bytes = random.below(2) === 0 ? text : random.bytes(random.below(longest + 1));
  return bytes.toString("latin1");
}

function oddCodePoint(random: Random): number {
  switch (random.below(3)) {
    case 0:
      return random.pick(ODD);
    case 1:
      return random.below(0x80);
    default:
      return random.below(0x110000);
  }
}
