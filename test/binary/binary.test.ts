// The built binary as a user meets it: size, help and usage errors, exit codes, an empty environment, and
// that neither the environment nor a signal reaches the Node inside. Relies on `make build`.
// Times are ratios to the same Node in the same run, never seconds.

import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = join(import.meta.dirname, "../..");
const BINARY = join(ROOT, "dist/shaftlog");
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

before(() => assert.ok(existsSync(BINARY), "dist/shaftlog is missing: run `make build`"));

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}, program = BINARY): SpawnSyncReturns<string> {
  return spawnSync(program, args, { env, encoding: "utf8", timeout: 30_000 });
}

test("the binary has at most 120 MB", () => {
  assert.ok(statSync(BINARY).size <= 120_000_000);
});

test("--version tells program and runtime, with an empty environment", () => {
  for (const flag of ["--version", "-v"]) {
    const { stdout, stderr, status } = run([flag]);
    assert.deepEqual(
      { stdout, stderr, status },
      { stdout: `shaftlog ${version} (node ${process.version})\n`, stderr: "", status: 0 },
    );
  }
});

test("the environment does not reach the Node inside", () => {
  for (const options of ["--require=/nonexistent", "--inspect-brk", "--no-such-option"]) {
    const { stderr, status } = run(["--version"], { NODE_OPTIONS: options });
    assert.deepEqual({ stderr, status }, { stderr: "", status: 0 }, options);
  }
});

test("--help names commands, flags, defaults and exit codes", () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    "": ["client", "server", "sync-once", "--help", "--version", "Exit codes:"],
    client: ["-f, --config", "/etc/shaftlog-client-config.yaml", "-d, --debug", "-s, --stdout", "Exit codes:"],
    server: ["-f, --config", "/etc/shaftlog-server-config.yaml", "-d, --debug", "-s, --stdout", "Exit codes:"],
    "sync-once": [
      "-f, --config",
      "--base",
      "--hostname",
      "--timeout",
      "60s",
      "--json",
      "--dry-run",
      "-q, --quiet",
    ].concat(["0", "1", "2", "3", "4", "70"].map((code) => `\n  ${code.padStart(2)}  `)),
  };
  for (const [command, words] of Object.entries(expected)) {
    for (const flag of ["--help", "-h"]) {
      const { stdout, stderr, status } = run([...command.split(" ").filter(Boolean), flag]);
      assert.deepEqual({ stderr, status }, { stderr: "", status: 0 });
      for (const word of words) assert.ok(stdout.includes(word), `${command} ${flag} lacks ${JSON.stringify(word)}`);
    }
  }
});

const USAGE_ERRORS: readonly (readonly [args: readonly string[], line: string])[] = [
  [[], "no command given"],
  [["nope"], 'unknown command "nope"'],
  [["init"], "init what? client or server"],
  [["init", "-f", "x"], "init what? client or server"],
  [["pki", "made"], 'unknown command "pki made"'],
  [["help"], 'unknown command "help"'],
  [["constructor"], 'unknown command "constructor"'],
  [["\u001b[31m\n"], 'unknown command "\\x1b[31m\\n"'],
  [["--debug", "client"], 'expected a command before "--debug"'],
  [["--version", "now"], 'unexpected argument "now"'],
  [["client", "--nope"], 'unknown flag "--nope"'],
  [["client", "-x"], 'unknown flag "-x"'],
  [["client", "-dx"], 'unknown flag "-x"'],
  [["client", "--no-debug"], 'unknown flag "--no-debug"'],
  [["client", "--__proto__", "1"], 'unknown flag "--__proto__"'],
  [["client", "--config.x", "1"], 'unknown flag "--config.x"'],
  [["client", "--json"], 'unknown flag "--json"'],
  [["sync-once", "--dryRun"], 'unknown flag "--dryRun"'],
  [["sync-once", "--debug"], 'unknown flag "--debug"'],
  [["client", "-f"], "--config needs a value"],
  [["client", "--config="], "--config needs a value"],
  [["client", "--config", ""], "--config needs a value"],
  [["client", "--config", "-s"], "--config needs a value"],
  [["client", "-f", "a", "--config", "b"], "--config is given more than once"],
  [["client", "--debug=true"], "--debug takes no value"],
  [["client", "surplus"], 'unexpected argument "surplus"'],
  [["server", "-d", "surplus"], 'unexpected argument "surplus"'],
  [["sync-once", "--dry-run", "surplus"], 'unexpected argument "surplus"'],
  [["sync-once", "--", "surplus"], 'unexpected argument "surplus"'],
];

test("a wrong command line is one line, a hint and exit 2", () => {
  for (const [args, line] of USAGE_ERRORS) {
    const { stdout, stderr, status } = run(args);
    const known = ["client", "server", "sync-once"].includes(args[0] ?? "") ? `${args[0]} ` : "";
    const expected = `shaftlog: ${line}\nTry 'shaftlog ${known}--help'.\n`;
    assert.deepEqual({ stdout, stderr, status }, { stdout: "", stderr: expected, status: 2 }, JSON.stringify(args));
  }
});

test("output that nobody can take: quiet when the reader left, an error when it is lost", () => {
  const shell = (script: string) => run(["-c", script, "sh", BINARY], { PATH: process.env.PATH }, "/bin/sh");
  assert.equal(shell('{ sleep 0.2; "$1" --help; echo "exit $?" >&2; } | true').stderr, "exit 0\n");
  assert.equal(shell('"$1" --help >/dev/full').status, 70);
});

test("--version starts in little more than the time of an empty Node program", () => {
  const median = (program: string, args: readonly string[]): number => {
    const times = Array.from({ length: 9 }, () => {
      const start = performance.now();
      assert.equal(run(args, {}, program).status, 0);
      return performance.now() - start;
    });
    return times.sort((a, b) => a - b)[4] ?? Number.NaN;
  };
  const ratio = median(BINARY, ["--version"]) / median(process.execPath, ["-e", "0"]);
  assert.ok(ratio < 2.5, `${ratio.toFixed(2)} times as long`);
});

test("SIGUSR1 opens no debugger and ends nothing", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "shaftlog-binary-"));
  const config = join(directory, "server.yaml");
  writeFileSync(
    config,
    `datadir: ${directory}/data\nlogfile: ${directory}/log\nbind_address: 127.0.0.1\nlisten_port: 0\n`,
  );
  const server = spawn(BINARY, ["server", "-s", "-f", config], { env: {}, stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => {
    server.kill("SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });
  const pid = server.pid ?? 0;
  const ended = once(server, "exit");
  server.stdout.resume();
  while (listening(pid).length === 0) {
    assert.equal(server.exitCode, null);
    await sleep(10);
  }

  const ports = listening(pid);
  server.kill("SIGUSR1");
  // Node opens the debugger within a few milliseconds; there is no event to wait for where it does not.
  await sleep(300);
  assert.deepEqual(listening(pid), ports);
  assert.equal(server.exitCode, null);
  server.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

/** Where a process listens by TCP, as /proc/net writes it. */
function listening(pid: number): string[] {
  const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
  const lines = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n"));
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
    return state === "0A" && descriptors.includes(`socket:[${inode}]`) ? [local] : [];
  });
}
