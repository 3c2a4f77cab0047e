// How much of a fault test runs: a short form in `make test`, a long one in `make soak` (SHAFTLOG_SOAK=1). What is
// random is random anew in each run; the seed is printed, and SEED=N runs the same again.

import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import type { TestContext } from "node:test";
import { Random } from "../support/random.ts";

export const SOAK = process.env.SHAFTLOG_SOAK === "1";

/** `short` in `make test`, `long` in `make soak`. */
export function extent(short: number, long: number): number {
  return SOAK ? long : short;
}

export function seeded(t: TestContext): Random {
  const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
  t.diagnostic(`SEED=${seed}`);
  return new Random(seed);
}

/** PATH with the directories of the administrator's programs. */
export const ENV: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };

/** For `skip`: which of these programs is missing, or false. As root in CI nothing is skipped: it fails instead. */
export function lacks(...programs: readonly string[]): string | false {
  const missing = programs.filter(
    (program) => spawnSync("sh", ["-c", `command -v ${program}`], { env: ENV }).status !== 0,
  );
  return missing.length === 0 ? false : unlessInCi(`${missing.join(" and ")} missing`);
}

export function unlessInCi(reason: string): string | false {
  return process.getuid?.() === 0 && process.env.CI !== undefined ? false : `skipped: ${reason}`;
}
