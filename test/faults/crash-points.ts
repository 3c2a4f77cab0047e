// Where a process can die: every system call that changes a file, as strace numbers them in a run of the same small
// workload. `killedAt` has the kernel kill it right before one of them. One thread of the pool makes the numbers mean
// the same in each run; where a run is a little different, it is another moment that is tested.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import type { Launch } from "../support/processes.ts";
import { unlessInCi } from "./extent.ts";

/** For `skip`: why system calls cannot be watched, or false. */
export const noStrace: string | false =
  spawnSync("strace", ["-D", "-o", "/dev/null", "true"]).status === 0 ? false : unlessInCi("strace cannot trace here");

/** The process dies right before the `n`th such call of one of its threads. */
export interface Point {
  readonly call: string;
  readonly n: number;
  /** The call as strace wrote it, for messages. */
  readonly what: string;
}

const NAMES = ["link", "unlink", "mkdir", "rmdir", "rename", "ftruncate"];
const CALLS = [...NAMES, "openat", "write", "writev", "fsync", "fdatasync"];

/** Has the process's changes of files noted in `file`. */
export function noted(file: string): Launch {
  const wrapper = ["strace", "-D", "-f", "-y", "-qq", "-s", "80", "-o", file, "-e", `trace=${CALLS.join(",")}`];
  return { wrapper, env: { PATH: process.env.PATH, UV_THREADPOOL_SIZE: "1" } };
}

export function killedAt({ call, n }: Point, file: string): Launch {
  const { wrapper = [], ...rest } = noted(file);
  return { ...rest, wrapper: [...wrapper, "-e", `inject=${call}:signal=SIGKILL:when=${n}`] };
}

/** The points of a run that was `noted`: what changes something below `directory`, or a name somewhere. */
export function pointsIn(file: string, directory: string): Point[] {
  const counts = new Map<string, number>();
  const points: Point[] = [];
  for (const line of fs.readFileSync(file, "utf8").split("\n")) {
    const [, thread = "", call = "", rest = ""] = /^(\d+)\s+(\w+)(\(.*)$/.exec(line) ?? [];
    if (call === "") continue;
    const key = `${thread} ${call}`;
    const n = (counts.get(key) ?? 0) + 1;
    counts.set(key, n);
    if (call === "openat" && !rest.includes("O_CREAT")) continue;
    if (NAMES.includes(call) || rest.includes(`${directory}/`)) points.push({ call, n, what: `${call}${rest}` });
  }
  return points;
}

/**
 * `survive` of `point`, or where the process did not come so far this time, of half as many calls of the kind: how often
 * bytes are written together depends on who is how fast. How often it died.
 */
export async function orEarlier(point: Point, survive: (point: Point) => Promise<number>): Promise<number> {
  for (let n = point.n; n > 0; n = Math.floor(n / 2)) {
    const died = await survive({ ...point, n });
    if (died > 0) return died;
  }
  return 0;
}

/** `count` of them spread over all, none twice; all where there are no more. */
export function spread(points: readonly Point[], count: number, offset: number): Point[] {
  if (count >= points.length) return [...points];
  const step = points.length / count;
  return Array.from({ length: count }, (_, i) => points[Math.floor(i * step + (offset % step))] as Point);
}
