// Starts the built binary and its peers for a benchmark, and ends them with it.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";

/** What is measured: the built binary, or another one for comparison. */
export const BINARY = process.env.SHAFTLOG_BINARY ?? path.resolve(import.meta.dirname, "../../dist/shaftlog");

const running = new Set<ChildProcess>();
const directories = new Set<string>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const directory of directories) fs.rmSync(directory, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));

/** A directory for the length of `run`; on memory unless `onDisk`. */
export async function inDirectory<T>(onDisk: boolean, run: (directory: string) => Promise<T>): Promise<T> {
  const parent = onDisk || !fs.existsSync("/dev/shm") ? path.resolve(import.meta.dirname, "../..") : "/dev/shm";
  const directory = fs.mkdtempSync(path.join(parent, ".bench-"));
  directories.add(directory);
  try {
    return await run(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
    directories.delete(directory);
  }
}

/** What a client says that holds `files` files and owes nothing; its `status_interval` must be short. */
export function inSync(files: number): RegExp {
  return new RegExp(` ${files} files held[^\n]*\n[^\n]* in sync: `);
}

/** Starts a process that says nothing. */
export function launch(
  command: string,
  args: readonly string[],
  stderr: "inherit" | "ignore" = "inherit",
): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", stderr] });
  running.add(child);
  return child;
}

/** Starts a program of ours on the Node that runs this one. */
export function startProgram(file: string, args: readonly (string | number)[]): Promise<ChildProcess> {
  return start(process.execPath, [path.join(import.meta.dirname, file), ...args.map(String)], /ready/);
}

/** Starts a process and resolves when `ready` is found in what it prints. */
export async function start(
  command: string,
  args: readonly string[],
  ready: RegExp,
  seconds = 20,
): Promise<ChildProcess> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  running.add(child);
  let printed = "";
  await new Promise<void>((resolve, reject) => {
    const late = () => reject(new Error(`${command} was not ready within ${seconds} s: ${printed}`));
    setTimeout(late, seconds * 1000).unref();
    child.on("exit", (code) => reject(new Error(`${command} ${args.join(" ")} ended with ${code}: ${printed}`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-10_000);
      if (ready.test(printed)) resolve();
    });
  });
  child.stdout?.resume();
  return child;
}

export async function stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  child.kill(signal);
  await ended(child);
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => child.on("exit", resolve));
  running.delete(child);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits for a condition, at most a minute. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 12_000; i++) {
    if (condition()) return;
    await pause(5);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** Runs a command to its end. Throws where it fails. */
export function run(command: string, args: readonly string[]): void {
  timed(command, args);
}

/** Runs a command to its end; seconds of wall clock, its start-up included. Throws where it fails. */
export function timed(command: string, args: readonly string[]): number {
  const began = performance.now();
  const { status, stderr } = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
  const seconds = (performance.now() - began) / 1000;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return seconds;
}

export async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function listening(port: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("connect", () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (open) return;
    await pause(10);
  }
  throw new Error(`nobody listens on port ${port}`);
}
