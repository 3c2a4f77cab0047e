// What sync-once prints and where: one JSON document on stdout and nothing else, logs and a summary on stderr, nothing
// in the client's log file; a progress line on a terminal, silence where it is asked for.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FakeServer } from "../support/fake-server.ts";
import { BINARY, parseLog } from "../support/processes.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene } from "../support/scene.ts";
import { eventsOf, reportOf, startSync, sync } from "../support/sync-once.ts";

test("the document: exactly the documented keys, alone on stdout; logs on stderr, never in the log file", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  fs.writeFileSync(scene.log("empty.log"), "");
  const ended = await sync(scene, 0, ["--json"]);
  const report = reportOf(ended);
  assert.ok(ended.stdout.endsWith("}\n"));
  const file = (name: string, size: number) => ({
    name,
    source: scene.log(name),
    size,
    destinations: [{ url: scene.url, acknowledged: size, state: "delivered", error: null }],
  });
  const byName = [...report.files].sort((a, b) => ((a.name ?? "") < (b.name ?? "") ? -1 : 1));
  assert.deepEqual(byName, [file("a.log", 6), file("empty.log", 0)]);
  assert.deepEqual([report.result, report.bytes_sent], ["delivered", 6]);
  assert.ok(report.elapsed_ms <= ended.ms);
  assert.equal(eventsOf(ended, "files-found").length, 1);
  assert.match(ended.stderr, /^Everything is durable everywhere: 2 files, 6 bytes sent in [0-9.]+ s$/m);
  assert.equal(fs.existsSync(scene.clientConfig.logfile), false);

  // A file that its owner deleted has no source any more.
  fs.rmSync(scene.log("a.log"));
  const again = reportOf(await sync(scene, 0, ["--json"]));
  assert.equal(again.bytes_sent, 0);
  const sources = again.files.map(({ name, source }) => [name, source === null || source.endsWith(name ?? "")]);
  assert.deepEqual(sources.sort(), [
    ["a.log", true],
    ["empty.log", true],
  ]);
  await scene.end();
});

test("no file matches: a document all the same, exit 0", async (t) => {
  const scene = await openScene(t);
  const dead = await FakeServer.open(t);
  dead.goAway();
  scene.configure({ destinations: [dead.url] });
  const ended = await sync(scene, 0, ["--json"]);
  assert.deepEqual(
    { ...reportOf(ended), elapsed_ms: 0 },
    { result: "delivered", bytes_sent: 0, elapsed_ms: 0, files: [] },
  );
  assert.equal(dead.connections, 0);
});

test("without --json nothing is on stdout; with -q nothing at all where everything went well", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  const { stdout, stderr } = await sync(scene, 0, ["-q"]);
  assert.deepEqual([stdout, stderr], ["", ""]);
  fs.appendFileSync(scene.log("a.log"), "more\n");
  assert.equal((await sync(scene, 0)).stdout, "");
  const quiet = await sync(scene, 0, ["--quiet", "--json"]);
  assert.equal(quiet.stderr, "");
  reportOf(quiet);
  // What went wrong is said even so: cron mails it.
  await scene.server.stop();
  const failed = await sync(scene, 1, ["-q", "--timeout", "700ms"]);
  assert.equal(failed.stdout, "");
  const lines = failed.stderr.trimEnd().split("\n");
  assert.match(lines.at(-2) ?? "", /^incomplete: 1 of 1 file is not durable everywhere, 0 bytes sent in/);
  assert.equal(lines.at(-1), `  "${scene.log("a.log")}", ${scene.url}: connection refused (ECONNREFUSED)`);
  assert.ok(parseLog(failed.stderr).every(({ level }) => level === "WARN" || level === "ERROR"));
});

test("trouble of many files at one destination is one line", async (t) => {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  scene.configure({ destinations: [server.url] });
  server.script = ({ method }) => (method === "PUT" ? { status: 403 } : undefined);
  for (let i = 0; i < 50; i++) fs.writeFileSync(scene.log(`${i}.log`), "x");
  const { stderr } = await sync(scene, 3, ["-q"]);
  const lines = stderr.split("\n").filter((line) => line.startsWith("  "));
  assert.equal(lines.length, 1, stderr);
  assert.match(lines[0] ?? "", /\.log" and 49 more, http:.*: 403/);
});

test("names of any kind make neither a line nor an escape of their own", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const odd = 'a"\n\u001b[31mred.log';
  fs.writeFileSync(scene.log(odd), "x\n");
  fs.writeFileSync(
    Buffer.concat([Buffer.from(`${scene.logs}/`), Buffer.from([0xff, 0xfe]), Buffer.from(".log")]),
    "y\n",
  );
  const ended = await sync(scene, 3, ["--json"]);
  const names = reportOf(ended)
    .files.map(({ name }) => name)
    .sort();
  assert.equal(names[1], odd, "JSON escapes it");
  assert.ok(!ended.stderr.includes("\u001b"));
  assert.ok(ended.stderr.includes('a\\"\\n\\x1b[31mred.log'));
  const plan = await sync(scene, 0, ["--dry-run"]);
  assert.ok(!plan.stdout.includes("\u001b"));
  assert.equal(plan.stdout.trimEnd().split("\n").length, 2);
});

const REDRAW = "⟲";

/** What a terminal shows in the end, and each state of the line that is redrawn. */
function render(output: string): { lines: string[]; drawn: string[] } {
  const lines: string[] = [];
  const drawn: string[] = [];
  let line = "";
  for (const part of output.replaceAll("\r\x1b[K", REDRAW).split(/(⟲|\r?\n)/)) {
    if (part.endsWith("\n")) {
      lines.push(line);
      line = "";
    } else if (part === REDRAW) {
      if (line !== "") drawn.push(line);
      line = "";
    } else line += part;
  }
  assert.equal(line, "", "the last line is ended");
  return { lines, drawn };
}

test("on a terminal one line is redrawn, with files, bytes, rate and time left; nothing of it stays", {
  skip: spawnSync("script", ["--version"]).status === 0 ? false : "no script",
}, async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 1_500_000;
  const dead = await FakeServer.open(t);
  dead.goAway();
  scene.configure({ destinations: [proxy.url, dead.url] });
  for (let i = 0; i < 10; i++) fs.writeFileSync(scene.log(`${i}.log`), Buffer.alloc(200_000, "0123456789\n"));
  const command = `stty cols 80 rows 24; exec ${BINARY} sync-once -f ${path.join(scene.home, "client.yaml")} --timeout 3s`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const [code] = await once(child, "close");
  assert.equal(code, 1, output);
  const { lines, drawn } = render(output);
  assert.ok(drawn.length >= 4, `${drawn.length} times in ${output}`);
  const form = /^\d+ of 10 files, [\d.]+ [KM]?i?B of 3\.8 MiB \(\d+ %\), [\d.]+ [KM]?i?B\/s(, \d+ (s|min|h) left)?$/;
  for (const line of drawn) {
    assert.match(line, form);
    assert.ok(line.length < 80);
  }
  const percents = drawn.map((line) => Number(/\((\d+) %\)/.exec(line)?.[1]));
  assert.deepEqual(
    percents,
    [...percents].sort((a, b) => a - b),
    "it only gets more",
  );
  for (const line of lines)
    assert.match(line, /^(\d{4}-\S+Z [A-Z]+ |incomplete: | {2})/, "no line begins with what was drawn");
});

test("usage and configuration: exit 2, one hint, nothing touched", async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  const cases: [flags: string[], words: RegExp][] = [
    [["--timeout", "soon"], /--timeout "soon": expected a time such as 60s/],
    [["--timeout", "0"], /--timeout/],
    [["--timeout=-1"], /--timeout/],
    [["--timeout", "1h30m"], /--timeout/],
    [["--base", path.join(scene.home, "nowhere")], /--base "[^"]*nowhere": no such file or directory/],
    [["--base", scene.log("a.log")], /--base .*: not a directory/],
    [["--base", "nowhere"], /--base "nowhere": no such file or directory/],
    [["--config", path.join(scene.home, "nowhere.yaml")], /is given more than once/],
    [["--what"], /unknown flag/],
  ];
  for (const [flags, words] of cases) {
    const ended = await sync(scene, 2, flags);
    assert.match(ended.stderr, words);
    assert.equal(ended.stdout, "");
  }
  scene.configure({ destinations: ["http://127.0.0.1:1/{hostname}/"] });
  for (const hostname of ["a/b", "..", "a\nb"]) {
    assert.match((await sync(scene, 2, ["--hostname", hostname])).stderr, /\{hostname\} is .*cannot stand in a URL/);
  }
  scene.configure({ destinations: ["http://127.0.0.1:1/{hostname}/", "http://127.0.0.1:1/b/"] });
  assert.match((await sync(scene, 2, ["--hostname", "b"])).stderr, /Two destinations are both/);
  fs.writeFileSync(path.join(scene.home, "client.yaml"), "datadir: [\n");
  const { stderr } = await sync(scene, 2);
  assert.match(stderr, /client\.yaml:\d+:\d+: /);
  assert.equal(fs.existsSync(scene.spool), false);
});

test("a client runs on the same data directory: it is asked, and not disturbed", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  await scene.delivered(scene.log("a.log"));
  const before = scene.client.events().length;
  for (const flags of [[], ["--json"], ["-q"]]) await sync(scene, 0, flags);
  fs.appendFileSync(scene.log("a.log"), "more\n");
  await scene.delivered(scene.log("a.log"));
  assert.equal(scene.client.events().length, before, "it has nothing to say");
  await scene.client.stop();
  await sync(scene, 0);
  await scene.end();
});

test("another sync-once on the same data directory: exit 4, and the first one goes on", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const proxy = await WireProxy.open(t, scene.url);
  proxy.throttle.rate = 1_000_000;
  scene.configure({ destinations: [proxy.url] });
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(2_000_000, "0123456789\n"));
  const first = startSync(scene);
  await scene.until("it is under way", () => scene.text("big.log") !== "");
  assert.match((await sync(scene, 4)).stderr, new RegExp(`process ${first.pid} is using it already`));
  assert.equal((await first.ended).code, 0);
  await scene.end();
});
