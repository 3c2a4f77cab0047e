// `make demo`: the main job on this machine's own log files, in a temporary directory. Starts the built server
// and client, copies readable files of /var/log, writes and rotates one more, kills the client on the way,
// brings the rest over with sync-once, and compares every byte. Ends by itself and leaves nothing behind.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";

const BINARY = path.resolve(import.meta.dirname, "../dist/shaftlog");
const MOST_FILES = 60;
const MOST_BYTES = 64 * 1024 * 1024;
const ROTATIONS = 5;
const LINES = 2_000;

const home = fs.mkdtempSync(path.join(os.tmpdir(), "shaftlog-demo-"));
const logs = path.join(home, "var-log");
const spool = path.join(home, "spool");
const store = path.join(home, "store");
const running = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  fs.rmSync(home, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
setTimeout(() => fail("the demo took longer than two minutes"), 115_000).unref();

say(`shaftlog demo in ${home}\n`);
fs.mkdirSync(logs);
const copied = copyLogs("/var/log", logs);
say(`1. Copied ${copied.files} readable files of /var/log, ${copied.bytes} bytes`);

const port = await freePort();
writeConfigs(port);
const server = start("server");
await until("the server answers", () => connects(port));
let client = start("client");
say(`2. Started a server on 127.0.0.1:${port} and a client`);

const app = path.join(logs, "app.log");
await writeAndRotate(app);
say(
  `3. Wrote ${LINES} numbered lines to app.log, rotated it ${ROTATIONS} times, killed the client (SIGKILL) on the way`,
);

await stop(client);
const report = syncOnce();
say(`4. sync-once: ${report.result}, ${report.files.length} files durable at the server`);
await stop(server);

compare();
say("\nEvery file is equal at the server, every line is there exactly once.");
process.exit(0);

function writeConfigs(serverPort: number): void {
  fs.writeFileSync(
    path.join(home, "server.yaml"),
    [
      `datadir: ${store}`,
      `logfile: ${home}/server.log`,
      "bind_address: 127.0.0.1",
      `listen_port: ${serverPort}`,
      "",
    ].join("\n"),
  );
  fs.writeFileSync(
    path.join(home, "client.yaml"),
    [
      `datadir: ${spool}`,
      `logfile: ${home}/client.log`,
      "scan_paths:",
      "- name: app",
      `  pattern: ${logs}/app.log*`,
      '  rename: "app/{ino}.{mtime}"',
      "- name: copied",
      `  pattern: ${logs}/**`,
      `  regex_from: "^${logs}/"`,
      '  regex_to: "copied/"',
      "destinations:",
      `- url: http://127.0.0.1:${serverPort}/{hostname}/`,
      "",
    ].join("\n"),
  );
}

/** Lines at the speed of a busy program, renamed away again and again while it goes on. */
async function writeAndRotate(file: string): Promise<void> {
  let out = fs.openSync(file, "a");
  for (let line = 1; line <= LINES; line++) {
    fs.writeSync(out, `${new Date().toISOString()} line ${line}\n`);
    if (line % (LINES / (ROTATIONS + 1)) < 1) {
      for (let n = ROTATIONS; n > 1; n--)
        if (fs.existsSync(`${file}.${n - 1}`)) fs.renameSync(`${file}.${n - 1}`, `${file}.${n}`);
      fs.renameSync(file, `${file}.1`);
      fs.closeSync(out);
      out = fs.openSync(file, "a");
    }
    if (line === LINES / 2) {
      client.kill("SIGKILL");
      running.delete(client);
      client = start("client");
    }
    if (line % 20 === 0) await pause(10);
  }
  fs.closeSync(out);
}

function compare(): void {
  const root = path.join(store, os.hostname());
  const lines: number[] = [];
  let bytes = 0;
  say("");
  for (const name of filesBelow(spool)) {
    const [here, there] = [path.join(spool, name), path.join(root, name)];
    const size = fs.statSync(here).size;
    bytes += size;
    const equal = size === 0 ? !fs.existsSync(there) : fs.existsSync(there) && digest(here) === digest(there);
    say(`   ${equal ? "equal  " : "DIFFERS"} ${String(size).padStart(10)}  ${name}`);
    if (!equal) fail(`${name} is not equal`);
    if (name.startsWith("app/") && size > 0) lines.push(...numbersIn(fs.readFileSync(there, "utf8")));
  }
  lines.sort((a, b) => a - b);
  if (lines.length !== LINES || lines.some((line, i) => line !== i + 1))
    fail(`${lines.length} lines of ${LINES} arrived`);
  say(`   ${bytes} bytes compared`);
}

function numbersIn(text: string): number[] {
  return [...text.matchAll(/line (\d+)\n/g)].map((match) => Number(match[1]));
}

function syncOnce(): { result: string; files: unknown[] } {
  const out = execFileSync(BINARY, ["sync-once", "-q", "--json", "-f", path.join(home, "client.yaml")], {
    encoding: "utf8",
  });
  return JSON.parse(out) as { result: string; files: unknown[] };
}

function copyLogs(from: string, to: string): { files: number; bytes: number } {
  const total = { files: 0, bytes: 0 };
  for (const name of filesBelow(from)) {
    const source = path.join(from, name);
    try {
      const { size } = fs.statSync(source);
      if (total.files >= MOST_FILES || total.bytes + size > MOST_BYTES) continue;
      const target = path.join(to, name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.copyFileSync(source, target);
      fs.chmodSync(target, 0o600);
      total.files++;
      total.bytes += size;
    } catch {
      // not readable for this user
    }
  }
  return total;
}

/** Regular files below a directory as relative paths, sorted; hidden ones and what cannot be read left out. */
function filesBelow(directory: string): string[] {
  const found: string[] = [];
  const walk = (at: string) => {
    let entries: fs.Dirent[] = [];
    try {
      entries = fs.readdirSync(path.join(directory, at), { withFileTypes: true });
    } catch {
      return;
    }
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) walk(path.join(at, entry.name));
      else if (entry.isFile()) found.push(path.join(at, entry.name));
    }
  };
  walk("");
  return found.sort();
}

function start(command: string): ChildProcess {
  const child = spawn(BINARY, [command, "-f", path.join(home, `${command}.yaml`)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  running.add(child);
  child.on("exit", (code, signal) => {
    if (running.has(child)) fail(`the ${command} ended by itself (${code ?? signal})`);
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  running.delete(child);
  const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
  child.kill("SIGTERM");
  const code = await ended;
  if (code !== 0) fail(`a process ended with ${code}`);
}

async function freePort(): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port: free } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

function connects(to: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(to, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    if (await condition()) return;
    await pause(20);
  }
  fail(`waited in vain: ${what}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function digest(file: string): string {
  return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function fail(text: string): never {
  process.stderr.write(`demo failed: ${text}\n`);
  for (const name of ["server.log", "client.log"]) {
    const log = path.join(home, name);
    if (fs.existsSync(log)) process.stderr.write(fs.readFileSync(log, "utf8").split("\n").slice(-20).join("\n"));
  }
  process.exit(1);
}
