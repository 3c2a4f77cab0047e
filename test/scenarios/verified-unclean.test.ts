// After an end that was not in order, of either side, equal size is not enough: what was being written then is
// compared by digest, in the background. And what one side remembers never hides what happened to a file.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { FakeServer } from "../support/fake-server.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { flip } from "../support/verify.ts";

const MIB = 1024 * 1024;

async function twoFiles(scene: Scene): Promise<void> {
  fs.writeFileSync(scene.log("app.log"), "a line of a log\n".repeat(1000));
  fs.writeFileSync(scene.log("old.log"), "a line of an old log\n".repeat(1000));
  await scene.start();
  await scene.delivered(scene.log("app.log"), scene.log("old.log"));
  fs.utimesSync(scene.log("old.log"), new Date(0), new Date(0));
  // What was acknowledged is remembered a second behind.
  const remembered = () => fs.existsSync(memory) && fs.readFileSync(memory, "latin1").includes('["app.log",16000');
  const memory = path.join(scene.spool, ".memory");
  await scene.until("that is remembered", remembered);
}

test("the client was killed: what it was sending is compared, though nothing is to be sent", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await twoFiles(scene);
  await scene.client.kill();
  for (const name of ["app.log", "old.log"]) flip(path.join(scene.store, name), 777);
  await scene.startClient();
  const { text } = await scene.client.logged("file-diverged");
  assert.match(text, /"app.log" .* at byte 777 /);
  // The old one would be compared before its next append, and before it is let go.
  assert.equal(scene.client.events("file-diverged").length, 1);
});

test("the client was stopped in order: equal size is enough to be idle, and not to append", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await twoFiles(scene);
  await scene.client.stop();
  for (const name of ["app.log", "old.log"]) flip(path.join(scene.store, name), 777);
  await scene.startClient();
  await scene.scansPass();
  assert.equal(scene.client.events("file-diverged").length, 0);
  fs.appendFileSync(scene.log("old.log"), "the next line\n");
  const { text } = await scene.client.logged("file-diverged");
  assert.match(text, /"old.log" .* at byte 777 /);
});

test("the server was restarted: what was written lately is compared, though nothing is to be sent", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await twoFiles(scene);
  fs.appendFileSync(scene.log("app.log"), "and a line of this life\n");
  await scene.delivered(scene.log("app.log"));
  await scene.server.kill();
  flip(path.join(scene.store, "app.log"), 777);
  await scene.startServer();
  // Whatever is answered shows that this is another life.
  fs.appendFileSync(scene.log("old.log"), "a line\n");
  const { text } = await scene.client.logged("file-diverged");
  assert.match(text, /"app.log" .* at byte 777 /);
});

test("the server's host lost power, and the client's: lines are there once, whatever either side lost", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 500);
  await scene.delivered(scene.log("app.log"));
  const { size } = fs.statSync(scene.log("app.log"));
  await scene.client.kill();
  await scene.server.kill();
  const cut = (file: string, to: number) =>
    fs.truncateSync(file, fs.readFileSync(file).subarray(0, to).lastIndexOf(10) + 1);
  cut(scene.log("app.log"), size - 3000);
  lines.append(scene.log("app.log"), 20);
  await scene.start();
  const count = () => scene.texts().join("").split("line ").length - 1;
  await scene.until("as many lines as were written", () => count() >= lines.count);
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end({ gone: (name) => name === "app.log", errors: ["file-shrunk"] });
});

test("the server is restored from an older copy: the rest is sent again, and nothing is told apart", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 500);
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(4 * MIB + 5, "a line of a big log\n"));
  await scene.delivered(scene.log("app.log"), scene.log("big.log"));
  await scene.server.stop();
  const backup = path.join(scene.home, "backup");
  fs.cpSync(scene.store, backup, { recursive: true, preserveTimestamps: true });
  await scene.startServer();
  lines.append(scene.log("app.log"), 500);
  fs.appendFileSync(scene.log("big.log"), Buffer.alloc(3 * MIB, "more of it\n"));
  await scene.delivered(scene.log("app.log"), scene.log("big.log"));
  await scene.server.stop();
  fs.rmSync(scene.store, { recursive: true });
  fs.cpSync(backup, scene.store, { recursive: true, preserveTimestamps: true });
  await scene.startServer();
  await scene.delivered(scene.log("app.log"), scene.log("big.log"));
  assertExactlyOnce(
    scene.texts((name) => name === "app.log"),
    lines.count,
  );
  await scene.end();
});

test("a server without digests goes on by size, and that is said once", async (t) => {
  const server = await FakeServer.open(t);
  const scene = await openScene(t, { client: { destinations: [server.url] } });
  await scene.startClient();
  const text = () => server.files.get("/app.log")?.toString() ?? "";
  let written = "";
  for (let i = 0; i < 10; i++) {
    written += `line ${i}\n`;
    fs.appendFileSync(scene.log("app.log"), `line ${i}\n`);
    await scene.until("each line", () => text() === written);
  }
  fs.writeFileSync(scene.log("other.log"), "a line\n");
  await scene.until("the other file", () => server.files.get("/other.log")?.toString() === "a line\n");
  await scene.client.stop();
  await scene.startClient();
  fs.appendFileSync(scene.log("app.log"), "the last one\n");
  await scene.until("the last line", () => text() === `${written}the last one\n`);
  assert.equal(scene.client.events("destination-without-digests").length, 2, "once in each life");
});

test("before anything is said to differ, both sides read their bytes again", async (t) => {
  const scene = await openScene(t, { truncates: true });
  const proxy = await WireProxy.open(t, scene.url);
  scene.configure({ destinations: [proxy.url] });
  await twoFiles(scene);
  await scene.client.kill();
  flip(path.join(scene.store, "app.log"), 777);
  await scene.startClient();
  await scene.client.logged("file-diverged");
  const asked = proxy.about("/app.log").filter(({ method }) => method === "HEAD");
  const compared = asked.filter(({ head }) => head.fields.get("shaftlog-want-digest")?.[0] === "16000");
  assert.ok(compared.some(({ head }) => head.fields.get("cache-control")?.[0] === "no-cache"));
});
