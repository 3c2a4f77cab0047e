// Proves the tests: plants one fault after the other (test/faults/planted/list.ts) in a copy of the tree and runs the one
// test that has to catch it, on the sources as they are. That test must pass first without the fault.
// `--table` prints the table of docs/TESTING.md instead; words choose the faults whose description holds one of them.
// Exit code 1 where a fault was not caught.

import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { PLANTED, type Planted } from "../test/faults/planted/list.ts";
import { tableOf } from "../test/faults/planted/table.ts";

const ROOT = path.resolve(import.meta.dirname, "..");
const COPIED = ["src", "test", "etc", "docs", "scripts", "package.json", "tsconfig.json"];
const COMMANDS = ["client", "server", "sync-once"].map((name) => `await import("./src/commands/${name}.ts");`).join("");

/** A copy of the tree, and what its tests take for the binary. */
interface Copy {
  readonly home: string;
  readonly binary: string;
}

const words = process.argv.slice(2);
if (words[0] === "--table") process.stdout.write(tableOf(PLANTED));
else {
  const chosen = PLANTED.filter(({ fault }) => words.length === 0 || words.some((word) => fault.includes(word)));
  process.exitCode = await prove(chosen);
}

/** One fault after the other for each core, in a copy of its own. */
async function prove(planted: readonly Planted[]): Promise<number> {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "shaftlog-planted-"));
  process.on("exit", () => fs.rmSync(home, { recursive: true, force: true }));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
  const waiting = [...planted];
  let found = 0;
  const work = async (_: unknown, index: number) => {
    const copy = copyTree(path.join(home, String(index)));
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const began = performance.now();
      const verdict = await judge(one, copy);
      if (verdict === "caught") found++;
      const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(4);
      process.stdout.write(`${verdict.padEnd(8)} ${seconds} s  ${one.fault}: ${one.caughtBy.join(", ")}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(os.availableParallelism(), planted.length) }, work));
  process.stdout.write(`${found} of ${planted.length} planted faults caught\n`);
  return found === planted.length && found > 0 ? 0 : 1;
}

function copyTree(home: string): Copy {
  for (const name of COPIED) fs.cpSync(path.join(ROOT, name), path.join(home, name), { recursive: true });
  fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(home, "node_modules"));
  const binary = path.join(home, "shaftlog");
  const script = `#!/bin/sh\nexec ${process.execPath} ${path.join(home, "src/main.ts")} "$@"\n`;
  fs.writeFileSync(binary, script, { mode: 0o755 });
  return { home, binary };
}

/** "stale": there is no one place for it. "broken": the test fails without it, or what is planted does not even load. */
async function judge({ file, search, replacement, caughtBy: [test, name] }: Planted, copy: Copy): Promise<string> {
  const source = path.join(copy.home, "src", file);
  const before = fs.readFileSync(source, "utf8");
  if (before.split(search).length !== 2) return "stale";
  if ((await outcome(copy, test, name)) !== "passed") return "broken";
  fs.writeFileSync(
    source,
    before.replace(search, () => replacement),
  );
  try {
    if ((await node(copy, "--input-type=module", "-e", COMMANDS)).status !== 0) return "broken";
    return { passed: "MISSED", failed: "caught", none: "broken" }[await outcome(copy, test, name)];
  } finally {
    fs.writeFileSync(source, before);
  }
}

/** Of the tests of a file whose names hold `name`. */
async function outcome(copy: Copy, test: string, name: string): Promise<"passed" | "failed" | "none"> {
  const pattern = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const flags = [
    "--test",
    "--test-reporter=tap",
    "--test-timeout=90000",
    "--test-force-exit",
    `--test-name-pattern=${pattern}`,
  ];
  const { stdout } = await node(copy, ...flags, path.join("test", test));
  const count = (what: string) => Number(new RegExp(`^# ${what} (\\d+)`, "m").exec(stdout)?.[1] ?? 0);
  if (count("fail") + count("cancelled") > 0) return "failed";
  return count("pass") > 0 ? "passed" : "none";
}

async function node({ home, binary }: Copy, ...args: readonly string[]): Promise<{ status: unknown; stdout: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: home,
    env: { ...env, SHAFTLOG_BINARY: binary },
    stdio: ["ignore", "pipe", "ignore"],
    timeout: 200_000,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  return { stdout: await text(child.stdout), status: await ended };
}
