// Runs load.ts, many clients in a process of their own, against a server.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

/** What load.ts found; times in ms. */
export interface Load {
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** Lines that count, and requests that they and those before them went in. */
  readonly counted: number;
  readonly requests: number;
  /** The share of a core that the clients took. */
  readonly cpu: number;
}

/** `clients` with `files` each, one append a second to each file; what comes in the first seconds does not count. */
export async function runLoad(
  port: number,
  clients: number,
  files: number,
  warmUp: number,
  seconds: number,
): Promise<Load> {
  const args = [path.join(import.meta.dirname, "load.ts"), port, clients, files, warmUp, seconds].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 });
  return JSON.parse(stdout);
}
