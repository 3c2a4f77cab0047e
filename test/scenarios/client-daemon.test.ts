// The client as a daemon: signals and exit codes whatever is under way, where it logs and what, its status line, and
// a configuration that is wrong, of which everything is told and nothing started.

import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { parseLog, run, start } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";

const DEAD = "http://127.0.0.9:9/";

/** A server that takes connections and never answers. */
async function silentServer(t: test.TestContext): Promise<string> {
  const server = net.createServer((socket) => t.after(() => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
}

test("SIGTERM and SIGINT end it with 0 within five seconds, whatever its destinations do", async (t) => {
  const silent = await silentServer(t);
  for (const [signal, destination] of [
    ["SIGINT", undefined],
    ["SIGTERM", DEAD],
    ["SIGINT", silent],
  ] as const) {
    const scene = await openScene(t, { client: ({ url }) => ({ destinations: [destination ?? url] }) });
    fs.writeFileSync(scene.log("app.log"), "x".repeat(4 * 1024 * 1024));
    await scene.start();
    await scene.until("it is held", () => scene.namesOf(scene.log("app.log")).length === 1);
    const began = performance.now();
    scene.client.child.kill(signal);
    assert.equal(await scene.client.ended, 0);
    assert.ok(performance.now() - began < 6_000);
    assert.equal(scene.client.events("client-stopped").length, 1);
    await scene.server.stop();
  }
});

test("signals in the first moment are heard: SIGHUP does not end it, SIGTERM ends it in order", async (t) => {
  const scene = await openScene(t);
  for (let i = 0; i < 5; i++) {
    await scene.startClient();
    scene.client.child.kill("SIGHUP");
    scene.client.child.kill("SIGTERM");
    assert.equal(await scene.client.ended, 0);
  }
});

test("signals that mean nothing to it change nothing", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  fs.writeFileSync(scene.log("app.log"), "one\n");
  await scene.delivered(scene.log("app.log"));
  for (const signal of ["SIGPIPE", "SIGCHLD", "SIGWINCH", "SIGCONT"] as const) scene.client.child.kill(signal);
  fs.appendFileSync(scene.log("app.log"), "two\n");
  await scene.delivered(scene.log("app.log"));
  await scene.end();
});

test("the status line: in sync, then in error with the bytes that are behind", async (t) => {
  const scene = await openScene(t, { client: { status_interval: 100 } });
  await scene.start();
  fs.writeFileSync(scene.log("app.log"), "0123456789");
  await scene.delivered(scene.log("app.log"));
  const { text } = await scene.client.logged("destination-status", "10 bytes sent");
  assert.match(text, new RegExp(`^${scene.url} in sync: 0 bytes behind in 0 files`));
  await scene.client.logged("spool-status", "1 files held");
  await scene.server.stop();
  fs.appendFileSync(scene.log("app.log"), "0123456789abcde");
  const error = await scene.client.logged("destination-status", "15 bytes behind in 1 files");
  assert.match(error.text, / in error: .*(refused|ECONNREFUSED)/);
  assert.equal(error.level, "WARN");
  // One failure alone is not told of: it could be a restart.
  await scene.client.logged("destination-unreachable");
  await scene.startServer();
  await scene.client.logged("destination-recovered");
  await scene.client.logged("destination-status", "25 bytes sent");
  await scene.end({ errors: ["destination-unreachable"] });
});

test("--stdout logs there and makes no log file; only --debug tells of each file and append", async (t) => {
  const scene = await openScene(t);
  const config = path.join(scene.home, "client.yaml");
  await scene.startServer();
  fs.writeFileSync(scene.log("app.log"), "app\n");
  for (const flags of [["--stdout"], ["-s", "-d"]]) {
    const client = start(t, "client", config, "/dev/null", { flags });
    await scene.delivered(scene.log("app.log"));
    fs.appendFileSync(scene.log("app.log"), "grown\n");
    await scene.delivered(scene.log("app.log"));
    await client.stop();
    const names = new Set(parseLog(client.output).map(({ name }) => name));
    for (const name of ["client-started", "client-stopped"]) assert.ok(names.has(name), name);
    assert.equal(names.has("appended"), flags.includes("-d"));
    assert.equal(parseLog(client.output).length, client.output.trimEnd().split("\n").length, "nothing but events");
  }
  assert.ok(!fs.existsSync(scene.clientConfig.logfile));
});

test("a log file that cannot be written: told on standard error, where the lines go; the work goes on", async (t) => {
  const scene = await openScene(t, { client: ({ home }) => ({ logfile: `${home}/missing/client.log` }) });
  await scene.startServer();
  const client = start(t, "client", path.join(scene.home, "client.yaml"), "/dev/null");
  fs.writeFileSync(scene.log("app.log"), "app\n");
  await scene.delivered(scene.log("app.log"));
  assert.match(client.output, /Cannot write the log file ".*missing\/client\.log".*SIGHUP/);
  assert.match(client.output, /INFO client-started/);
  fs.mkdirSync(path.join(scene.home, "missing"));
  client.child.kill("SIGHUP");
  await scene.until("the log file", () => fs.existsSync(scene.clientConfig.logfile));
  await client.stop();
  assert.match(fs.readFileSync(scene.clientConfig.logfile, "utf8"), /client-stopped/);
});

/** What each command says to a configuration, and that it touched nothing. */
function refuses(scene: Scene, command: string, text: string | undefined): string {
  const file = path.join(scene.home, "wrong.yaml");
  fs.rmSync(file, { force: true });
  if (text !== undefined) fs.writeFileSync(file, text);
  const before = fs.readdirSync(scene.home).sort();
  const { status, stdout, stderr } = run([command, "-f", file]);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" }, stderr);
  assert.deepEqual(fs.readdirSync(scene.home).sort(), before, "nothing was made");
  assert.doesNotMatch(stderr, /\n\s+at |node:internal/);
  for (const line of stderr.trimEnd().split("\n")) assert.ok(line.startsWith(`${file}:`), line);
  return stderr;
}

test("wrong configurations: every error at once, with its place; exit 2, nothing started", async (t) => {
  const scene = await openScene(t);
  const { home } = scene;
  const wrong = [
    `datadir: ${home}/new-spool`,
    `logfile: ${home}/new.log`,
    "scan_intervall: 300",
    "status_interval: soon",
    "scan_paths:",
    "- name: a",
    "  pattern: relative/*",
    "- pattern: /x",
    "  regex_from: '('",
    "destinations:",
    "- url: http://log.example.com:10655/no-slash",
    "",
  ].join("\n");
  for (const command of ["client", "sync-once"]) {
    const said = refuses(scene, command, wrong);
    for (const [place, words] of [
      ["3:1", "scan_interval"],
      ["4:18", "status_interval"],
      ["7:12", "pattern"],
      ["8:3", "name"],
      ["9:15", "regex_from"],
      ["11:8", "slash"],
    ]) {
      const line = said.split("\n").find((one) => one.includes(`wrong.yaml:${place}:`)) ?? "";
      assert.ok(line.includes(words ?? ""), `${place} ${words} in\n${said}`);
    }
  }
  for (const text of [undefined, "", "\0", "- a\n", "a: [", "datadir: /x\ndatadir: /x\n"])
    refuses(scene, "client", text);
  const server = refuses(scene, "server", `datadir: ${home}/new-store\nlisten_port: 99999\nvalidate_regex: "("\n`);
  assert.equal(server.trimEnd().split("\n").length, 2);
});

test("two spools of which one lies in the other are refused, as is one destination twice", async (t) => {
  const scene = await openScene(t);
  scene.configure({
    scan_paths: [{ ...byBaseName("/x/*"), datadir: `${scene.spool}/inner` }],
    destinations: [scene.url, scene.url],
  });
  const { status, stderr } = run(["client", "-f", path.join(scene.home, "client.yaml")]);
  assert.equal(status, 2);
  assert.match(stderr, /datadir: .*inside/);
  assert.match(stderr, /destinations\[1\]\.url: .*same/);
  assert.ok(!fs.existsSync(scene.spool));
});
