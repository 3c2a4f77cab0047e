// The built binary under test: starting, watching its log, signalling, ending. Promises that nothing it started
// outlives the test, however that ends: a test's processes are killed after it, and at the latest with this process.
// SHAFTLOG_BINARY names another binary than dist/shaftlog.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

export const BINARY = path.resolve(
  process.env.SHAFTLOG_BINARY ?? path.join(import.meta.dirname, "../../dist/shaftlog"),
);

export interface LogEvent {
  readonly time: string;
  readonly level: string;
  readonly name: string;
  readonly text: string;
}

export interface Launch {
  /** Words before the binary: `prlimit`, `setpriv`, `unshare`, each of which becomes the binary (exec). */
  readonly wrapper?: readonly string[];
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

/** A running client or server. */
export class Daemon {
  readonly child: ChildProcess;
  readonly logfile: string;
  readonly ended: Promise<number | string>;
  #end: number | string | undefined;
  #out = "";

  constructor(child: ChildProcess, logfile: string) {
    this.child = child;
    this.logfile = logfile;
    this.ended = once(child, "exit").then(([code, signal]) => {
      running.delete(child);
      this.#end = (code ?? signal) as number | string;
      return this.#end;
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#out += text;
      });
    }
  }

  get pid(): number {
    assert.ok(this.child.pid !== undefined);
    return this.child.pid;
  }

  /** Exit code or signal; undefined while it runs. */
  get end(): number | string | undefined {
    return this.#end;
  }

  /** What it printed on stdout and stderr. */
  get output(): string {
    return this.#out;
  }

  /** What its log file holds, in order. */
  events(name?: string): LogEvent[] {
    const text = fs.existsSync(this.logfile) ? fs.readFileSync(this.logfile, "utf8") : "";
    return parseLog(text).filter((event) => name === undefined || event.name === name);
  }

  /** Waits for the event; the first whose text holds `words`. */
  async logged(name: string, words = ""): Promise<LogEvent> {
    const find = () => this.events(name).find(({ text }) => text.includes(words));
    return await until(
      () => {
        assert.ok(this.end === undefined || find() !== undefined, `ended with ${this.end}: ${this.tail()}`);
        return find();
      },
      `${name} ${JSON.stringify(words)} in the log`,
    );
  }

  /** SIGTERM; 0 within five seconds is what a daemon owes. */
  async stop(): Promise<void> {
    const began = performance.now();
    this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 10_000);
    assert.equal(await this.ended, 0, this.tail());
    clearTimeout(timer);
    const took = performance.now() - began;
    assert.ok(took < 6000, `it took ${took.toFixed(0)} ms to stop`);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** The last lines it logged, for messages. */
  tail(): string {
    const text = fs.existsSync(this.logfile) ? fs.readFileSync(this.logfile, "utf8") : "";
    return `${text}${this.#out}`.split("\n").slice(-25).join("\n");
  }
}

/** Lines of a log as events; lines that are none are left out. */
export function parseLog(text: string): LogEvent[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\S+Z) ([A-Z]+) (\S+) (.*)$/.exec(line);
    if (match === null) return [];
    const [, time = "", level = "", name = "", words = ""] = match;
    return [{ time, level, name, text: words }];
  });
}

/** Starts `shaftlog COMMAND -f CONFIG`; `logfile` as the configuration has it. */
export function start(t: TestContext, command: string, config: string, logfile: string, launch: Launch = {}): Daemon {
  const [program = BINARY, ...words] = [...(launch.wrapper ?? []), BINARY];
  const child = spawn(program, [...words, command, "-f", config, ...(launch.flags ?? [])], {
    env: launch.env ?? { PATH: process.env.PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  const daemon = new Daemon(child, logfile);
  t.after(() => daemon.kill());
  return daemon;
}

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the binary to its end. */
export function run(args: readonly string[], wrapper: readonly string[] = []): Ended {
  const [program = BINARY, ...words] = [...wrapper, BINARY];
  return spawnSync(program, [...words, ...args], { encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" });
}

/** Runs another program to its end and expects success; its output. */
export function sh(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000 });
  assert.equal(status, 0, `${program} ${args.join(" ")}: ${error?.message ?? ""}${stdout}${stderr}`);
  return stdout;
}

/** Open descriptors of a process. */
export function descriptorsOf(pid: number): number {
  return fs.readdirSync(`/proc/${pid}/fd`).length;
}

/** inotify watches of a process. */
export function watchesOf(pid: number): number {
  const texts = fs.readdirSync(`/proc/${pid}/fdinfo`).map((fd) => {
    try {
      return fs.readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8");
    } catch {
      return ""; // closed meanwhile
    }
  });
  return texts.join("").split("inotify wd:").length - 1;
}
