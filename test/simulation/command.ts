// Runs test/simulation/simulate.ts in a process of its own, where what nobody catches cannot be taken for the test's.

import { spawn } from "node:child_process";
import { join } from "node:path";

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

const PROGRAM = join(import.meta.dirname, "simulate.ts");

export function simulate(...args: string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // Schedules live for milliseconds: what they leave behind is collected cheaply in a larger nursery.
    const child = spawn(process.execPath, ["--max-semi-space-size=32", PROGRAM, ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text: string) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}
