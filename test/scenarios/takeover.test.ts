// A host that ran the original: its data directory holds plain links with the names it gave, its server's tree has what
// was delivered so far. Both are taken over as they are: no file gets a new name, no byte is sent twice.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

/** What the original left: links in the spool, and the first `delivered` bytes of each at the server. */
function leave(scene: Scene, name: string, source: string | undefined, content: string, delivered: number): void {
  const link = path.join(scene.spool, name);
  fs.mkdirSync(path.dirname(link), { recursive: true, mode: 0o755 });
  fs.writeFileSync(link, content);
  if (source !== undefined) fs.linkSync(link, scene.log(source));
  const there = path.join(scene.store, name);
  fs.mkdirSync(path.dirname(there), { recursive: true, mode: 0o755 });
  if (delivered > 0) fs.writeFileSync(there, content.slice(0, delivered), { mode: 0o644 });
}

test("spool and store of the original are taken over as they are", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_paths: [
        { name: "messages", pattern: `${logs}/messages*` },
        {
          name: "sudo-io",
          pattern: `${logs}/sudo-io/**/log`,
          regex_from: `^${logs}/sudo-io/(.*)`,
          regex_to: "sudo-io/$1",
        },
      ],
    }),
  });
  fs.mkdirSync(scene.log("sudo-io/00/01"), { recursive: true });
  leave(scene, "messages.1400000000000", "messages", "0123456789\n", 5);
  leave(scene, "messages.1390000000000", "messages-20140101", "complete\n", 9);
  leave(scene, "messages.1380000000000", undefined, "its owner deleted it\n", 4);
  leave(scene, "gone-from-config.1370000000000", undefined, "never delivered\n", 0);
  leave(scene, "sudo-io/00/01/log", "sudo-io/00/01/log", "sudo\n", 2);
  fs.chmodSync(scene.spool, 0o755);
  const names = [...filesBelow(scene.spool).keys()].sort();
  await scene.start();
  await scene.client.logged("datadir-tightened");
  assert.equal(fs.statSync(scene.spool).mode & 0o777, 0o700);
  await scene.delivered();
  fs.appendFileSync(scene.log("messages"), "grown\n");
  fs.writeFileSync(scene.log("messages.new"), "new\n");
  await scene.delivered(scene.log("messages"), scene.log("messages.new"));
  assert.equal(scene.text("messages.1400000000000"), "0123456789\ngrown\n");
  const now = [...filesBelow(scene.store).keys()].sort();
  assert.deepEqual(
    now.filter((name) => !names.includes(name)),
    scene.namesOf(scene.log("messages.new")),
  );
  await scene.end();
});

test("nothing is sent again: sync-once over a complete take-over sends no byte", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [{ pattern: `${logs}/*` }] }) });
  for (let i = 0; i < 50; i++) leave(scene, `log.${i}`, `file-${i}`, `content ${i}\n`, 100);
  await scene.startServer();
  const { status, stdout, stderr } = scene.syncOnce("-q", "--json");
  assert.equal(status, 0, stderr);
  const report = JSON.parse(stdout) as { bytes_sent: number; files: unknown[] };
  assert.equal(report.bytes_sent, 0);
  assert.equal(report.files.length, 50);
  await scene.end();
});

test("the client's memory is only a help: without it, and with a torn one, every line is there once", async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  for (const spoil of [
    (file: string) => fs.rmSync(file),
    (file: string) => fs.truncateSync(file, Math.floor(fs.statSync(file).size / 2)),
    (file: string) => fs.appendFileSync(file, 'deadbeef ["app.log",1'),
    (file: string) => fs.writeFileSync(file, ""),
  ]) {
    lines.append(scene.log("app.log"), 20);
    await scene.delivered(scene.log("app.log"));
    await scene.client.stop();
    const memory = path.join(scene.spool, ".memory");
    assert.ok(fs.existsSync(memory));
    spoil(memory);
    lines.append(scene.log("app.log"), 20);
    await scene.startClient();
  }
  await scene.delivered(scene.log("app.log"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("somebody removes a link from the spool: told, found again under its name, and nothing is doubled", async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 20);
  fs.writeFileSync(scene.log("other.log"), "other\n");
  await scene.delivered(scene.log("app.log"), scene.log("other.log"));
  fs.rmSync(path.join(scene.spool, "app.log"));
  const { level, text } = await scene.client.logged("datadir-link-gone");
  assert.equal(level, "ERROR");
  assert.match(text, /"app\.log"/);
  lines.append(scene.log("app.log"), 20);
  await scene.delivered(scene.log("app.log"), scene.log("other.log"));
  assertExactlyOnce(
    scene.texts((name) => name !== "other.log"),
    lines.count,
  );
  await scene.end({ errors: ["datadir-link-gone"] });
});

test("somebody removes the whole spool under a running client: told, no loop, no crash; a restart goes on", async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 20);
  await scene.delivered(scene.log("app.log"));
  fs.rmSync(scene.spool, { recursive: true });
  lines.append(scene.log("app.log"), 20);
  await scene.client.logged("datadir-link-gone");
  fs.writeFileSync(scene.log("new.log"), "new\n");
  await scene.client.logged("file-not-linked", "new.log");
  await scene.scansPass();
  assert.ok(scene.client.events().length < 20, scene.client.tail());
  await scene.client.stop();
  await scene.startClient();
  await scene.delivered(scene.log("app.log"), scene.log("new.log"));
  assertExactlyOnce(
    scene.texts((name) => name !== "new.log"),
    lines.count,
  );
  await scene.end({ errors: ["datadir-link-gone", "file-not-linked", "file-unreadable"] });
});

test("a spool of a newer version is refused, and left as it is", async (t) => {
  const scene = await openScene(t);
  fs.mkdirSync(scene.spool, { mode: 0o700 });
  const memory = path.join(scene.spool, ".memory");
  fs.writeFileSync(memory, "shaftlog-memory 99\n");
  const { status, stderr } = scene.syncOnce("-q");
  assert.equal(status, 2, stderr);
  assert.match(stderr, /\.memory.*another version/);
  assert.equal(fs.readFileSync(memory, "utf8"), "shaftlog-memory 99\n");
});
