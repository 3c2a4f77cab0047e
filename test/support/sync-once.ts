// Runs of `shaftlog sync-once` beside servers that live in the test's own process: asynchronous, with what it
// says on each stream kept apart, and the JSON document checked for exactly the documented keys. A run that is
// left over is killed with the test.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import type { TestContext } from "node:test";
import { BINARY, type LogEvent, parseLog } from "./processes.ts";
import type { Scene } from "./scene.ts";

export interface Report {
  readonly result: string;
  readonly bytes_sent: number;
  readonly elapsed_ms: number;
  readonly files: readonly ReportedFile[];
}

export interface ReportedFile {
  readonly name: string | null;
  readonly source: string | null;
  readonly size: number;
  readonly destinations: readonly {
    readonly url: string;
    readonly acknowledged: number;
    readonly state: string;
    readonly error: string | null;
  }[];
}

export interface Ended {
  /** Exit code, or the name of the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
  /** How long it took. */
  readonly ms: number;
}

export interface RunOptions {
  /** Words before the binary. */
  readonly wrapper?: readonly string[];
  readonly cwd?: string;
  /** Instead of sync-once. */
  readonly command?: string;
  readonly binary?: string;
}

/** Words before a command that has the kernel kill it with this process, should that be killed itself. */
const TETHER = ["setpriv", "--pdeathsig", "KILL", "--"];
const DIES_WITH_US = spawnSync(TETHER[0] as string, [...TETHER.slice(1), "true"]).status === 0 ? TETHER : [];

/** A run under way. */
export class SyncRun {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = "";
  stderr = "";
  #over = false;

  constructor(
    t: TestContext,
    args: readonly string[],
    { wrapper = [], cwd, binary = BINARY, command = "sync-once" }: RunOptions = {},
  ) {
    const began = performance.now();
    const [program = binary, ...words] = [...DIES_WITH_US, ...wrapper, binary];
    this.child = spawn(program, [...words, command, ...args], {
      cwd,
      env: { PATH: process.env.PATH },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const kill = () => this.child.kill("SIGKILL");
    process.once("exit", kill);
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.child, "close").then(([code, signal]) => {
      this.#over = true;
      process.removeListener("exit", kill);
      const { stdout, stderr } = this;
      return { code: (code ?? signal) as number | string, stdout, stderr, ms: performance.now() - began };
    });
    t.after(async () => {
      if (!this.#over) kill();
      await this.ended;
    });
  }

  get over(): boolean {
    return this.#over;
  }

  get pid(): number {
    assert.ok(this.child.pid !== undefined);
    return this.child.pid;
  }
}

/** The configuration of the scene's client; `flags` follow. */
export function startSync(scene: Scene, flags: readonly string[] = [], options: RunOptions = {}): SyncRun {
  return new SyncRun(scene.t, ["-f", path.join(scene.home, "client.yaml"), ...flags], options);
}

/** Runs to the end and expects `code`. */
export async function sync(
  scene: Scene,
  code: number,
  flags: readonly string[] = [],
  options: RunOptions = {},
): Promise<Ended> {
  const ended = await startSync(scene, flags, options).ended;
  assert.equal(ended.code, code, `${ended.stderr}${ended.stdout}`);
  return ended;
}

const RESULTS = ["delivered", "incomplete", undefined, "refused"];

/** The same with `--json`: the document, whose result must be that of the exit code. */
export async function syncJson(
  scene: Scene,
  code: number,
  flags: readonly string[] = [],
  options: RunOptions = {},
): Promise<Report> {
  const ended = await sync(scene, code, ["--json", ...flags], options);
  const report = reportOf(ended);
  assert.equal(report.result, RESULTS[code], ended.stderr);
  return report;
}

/** The one document on stdout. */
export function reportOf({ stdout, stderr }: Pick<Ended, "stdout" | "stderr">): Report {
  let report: Report;
  try {
    report = JSON.parse(stdout) as Report;
  } catch {
    throw new Error(`no JSON document: ${JSON.stringify(stdout.slice(0, 500))}\n${stderr}`);
  }
  assert.deepEqual(Object.keys(report), ["result", "bytes_sent", "elapsed_ms", "files"]);
  for (const number of [report.bytes_sent, report.elapsed_ms]) assert.ok(Number.isSafeInteger(number) && number >= 0);
  for (const file of report.files) {
    assert.deepEqual(Object.keys(file), ["name", "source", "size", "destinations"]);
    assert.ok(Number.isSafeInteger(file.size) && file.size >= 0);
    for (const destination of file.destinations) {
      assert.deepEqual(Object.keys(destination), ["url", "acknowledged", "state", "error"]);
      const { acknowledged, state, error } = destination;
      assert.ok(acknowledged <= file.size);
      assert.equal(error === null, state === "delivered" || state === "planned", `${state}: ${error}`);
      if (state === "delivered") assert.equal(acknowledged, file.size);
    }
  }
  return report;
}

/** The file of that source, or name. */
export function fileIn(report: Report, wanted: string): ReportedFile {
  const file = report.files.find(({ name, source }) => source === wanted || name === wanted);
  assert.ok(file !== undefined, `${wanted} is not among ${report.files.map(({ name, source }) => source ?? name)}`);
  return file;
}

/** `state` at each destination, in the configured order. */
export function statesOf(report: Report, wanted: string): string[] {
  return fileIn(report, wanted).destinations.map(({ state }) => state);
}

/** The events that a run logged. */
export function eventsOf({ stderr }: Pick<Ended, "stderr">, name?: string): LogEvent[] {
  return parseLog(stderr).filter((event) => name === undefined || event.name === name);
}
