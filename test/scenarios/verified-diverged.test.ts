// Size is not proof of content. Copies that are others than they must be are found before anything is appended to them:
// nothing is sent and nothing changed there, the operator is told the byte, other files go on, and sync-once exits 3.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName, writeClientConfig } from "../support/configs.ts";
import { Lines } from "../support/oracles.ts";
import { type Daemon, run, start } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { flip, states, verify } from "../support/verify.ts";

const MIB = 1024 * 1024;

/** One file delivered, both stopped in order. */
async function delivered(scene: Scene, bytes: string | Buffer): Promise<string> {
  fs.writeFileSync(scene.log("app.log"), bytes);
  await scene.start();
  await scene.delivered(scene.log("app.log"));
  await scene.client.stop();
  await scene.server.stop();
  return path.join(scene.store, "app.log");
}

/** The client finds the copy `diverged` at byte `at`, leaves it alone, and delivers another file meanwhile. */
async function assertDiverged(scene: Scene, at: number): Promise<void> {
  const copy = path.join(scene.store, "app.log");
  const before = fs.readFileSync(copy);
  await scene.start();
  fs.appendFileSync(scene.log("app.log"), "the next line\n");
  const { level, text } = await scene.client.logged("file-diverged", '"app.log"');
  assert.equal(level, "ERROR");
  assert.match(text, new RegExp(`at byte ${at} \\(segment ${Math.floor(at / MIB)}\\)`));
  assert.ok(text.includes(scene.url) && /digest here [0-9a-f]{16}, there [0-9a-f]{16}/.test(text), text);
  fs.writeFileSync(scene.log("other.log"), "goes on\n");
  await scene.until("the other file", () => scene.text("other.log") === "goes on\n");
  assert.deepEqual(fs.readFileSync(copy), before, "nothing was changed there");
  const report = verify(scene, 3);
  assert.deepEqual(states(report), ["app.log diverged", "other.log equal"]);
  assert.equal(report.files.find(({ name }) => name === "app.log")?.destinations[0]?.acknowledged, at);
  await scene.client.stop();
  const sync = scene.syncOnce("-q", "--json");
  assert.equal(sync.status, 3, sync.stderr);
  assert.deepEqual(fs.readFileSync(copy), before);
  assert.match(fs.readFileSync(scene.log("app.log"), "utf8"), /the next line\n$/);
  assert.equal(scene.client.events("file-shrunk").length, 0, "we did not change");
}

test("a byte in the middle of the copy was flipped", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const copy = await delivered(scene, Buffer.alloc(3 * MIB, "a line of a log\n"));
  flip(copy, 2 * MIB + 5);
  await assertDiverged(scene, 2 * MIB + 5);
});

test("a copy of the same length, restored from another host's backup", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const copy = await delivered(scene, "ours ".repeat(100));
  fs.writeFileSync(copy, "theirs".repeat(83).padEnd(500, "!"));
  await assertDiverged(scene, 0);
});

test("a copy that is longer, restored from another host's backup", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const copy = await delivered(scene, "common, then ours\n");
  fs.writeFileSync(copy, `common, then ${"theirs ".repeat(1000)}`);
  await assertDiverged(scene, 13);
});

test("a copy whose end is NULs, as some file systems leave it after a power cut", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const copy = await delivered(scene, "a line\n".repeat(200));
  fs.truncateSync(copy, 1000);
  fs.truncateSync(copy, 1400);
  await assertDiverged(scene, 1000);
});

test("bytes that somebody else appended to the copy", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const copy = await delivered(scene, "a line\n".repeat(10));
  fs.appendFileSync(copy, "a line that is not from here\n");
  await assertDiverged(scene, 70);
});

test("two clients of one {hostname} and one name: the rightful one goes on, the other is told", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs, url }) => ({ scan_paths: [byBaseName(`${logs}/*.log*`)], destinations: [`${url}{hostname}/`] }),
  });
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 50);
  const [, host = ""] = /^http:.*\/(.*)\/$/.exec(sentTo(scene.client)) ?? [];
  const copy = () => scene.text(`${host}/app.log`);
  await scene.until("the rightful one's lines", () => copy() === fs.readFileSync(scene.log("app.log"), "utf8"));

  const other = secondClient(scene);
  fs.writeFileSync(path.join(other.logs, "app.log"), "of another machine\n".repeat(400));
  const { text } = await other.daemon.logged("file-diverged", '"app.log"');
  assert.match(text, /at byte 0 \(segment 0\)/);
  for (let i = 0; i < 20; i++) {
    lines.append(scene.log("app.log"), 3);
    fs.appendFileSync(path.join(other.logs, "app.log"), "and more of it\n");
    await scene.until("each line of the rightful one", () => copy() === fs.readFileSync(scene.log("app.log"), "utf8"));
  }
  assert.equal(scene.client.events("file-diverged").length, 0);
  assert.ok(!copy().includes("another machine"));
  await other.daemon.stop();
  const sync = run(["sync-once", "-q", "--json", "-f", other.config]);
  assert.equal(sync.status, 3, sync.stderr);
  assert.match(sync.stdout, /"result": "refused"/);
  assert.equal(copy(), fs.readFileSync(scene.log("app.log"), "utf8"));
});

function sentTo(client: Daemon): string {
  return / to (\S+)$/.exec(client.events("client-started").at(-1)?.text ?? "")?.[1] ?? "";
}

/** Another machine of the same name: logs, spool and client of its own. */
function secondClient(scene: Scene): { logs: string; config: string; daemon: Daemon } {
  const [logs, spool, config, logfile] = ["logs-2", "spool-2", "client-2.yaml", "client-2.log"].map((name) =>
    path.join(scene.home, name),
  ) as [string, string, string, string];
  fs.mkdirSync(logs);
  const scan_paths = [byBaseName(`${logs}/*.log`)];
  writeClientConfig(config, { ...scene.clientConfig, datadir: spool, logfile, scan_paths });
  return { logs, config, daemon: start(scene.t, "client", config, logfile) };
}

test("a wrong one that comes first is the rightful one: who writes second is told", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  fs.writeFileSync(path.join(scene.store, "app.log"), "was here before anybody\n");
  fs.writeFileSync(scene.log("app.log"), "something else, and longer than that\n");
  await scene.startClient();
  const { text } = await scene.client.logged("file-diverged", '"app.log"');
  assert.match(text, /at byte 0 /);
  assert.equal(scene.text("app.log"), "was here before anybody\n");
});
