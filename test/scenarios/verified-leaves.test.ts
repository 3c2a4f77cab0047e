// A restart costs each side one read of a large file's open leaf before the next append; what was done to the file
// meanwhile shows all the same; and whatever becomes of what is kept, bytes are right. Read counts are the kernel's.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { bytesRead } from "../support/resources.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { flip } from "../support/verify.ts";

const MIB = 1024 * 1024;
const SIZE = 12 * MIB + 300_000;
const BLOCK = Buffer.alloc(SIZE);
for (let at = 0, line = 0; at < SIZE; line++) at += BLOCK.write(`line ${line} of a large log\n`, at, "latin1");

/** `big.log` delivered, and both stopped in order. */
async function deliveredAndStopped(scene: Scene): Promise<void> {
  fs.writeFileSync(scene.log("big.log"), BLOCK);
  await scene.start();
  await scene.delivered(scene.log("big.log"));
  await scene.client.stop();
  await scene.server.stop();
}

/** The bytes that the client and the server read until an appended line is delivered. */
async function readToAppend(scene: Scene): Promise<{ client: number; server: number }> {
  await scene.start();
  const before = [scene.client, scene.server].map(({ pid }) => bytesRead(pid));
  fs.appendFileSync(scene.log("big.log"), "the next line\n");
  await scene.delivered(scene.log("big.log"));
  const [client = 0, server = 0] = [scene.client, scene.server].map(({ pid }, i) => bytesRead(pid) - (before[i] ?? 0));
  return { client, server };
}

test("a restart of both: the next append reads the open leaf at either side", async (t) => {
  const scene = await openScene(t);
  await deliveredAndStopped(scene);
  const { client, server } = await readToAppend(scene);
  assert.ok(client < MIB, `the client read ${client} bytes`);
  assert.ok(server < MIB, `the server read ${server} bytes`);
  await scene.end();
});

test("written on while the client was stopped: what is new is read besides", async (t) => {
  const scene = await openScene(t);
  await deliveredAndStopped(scene);
  fs.appendFileSync(scene.log("big.log"), BLOCK.subarray(0, 2 * MIB));
  await scene.startServer();
  await scene.startClient();
  await scene.delivered(scene.log("big.log"));
  const kept = leafFile(scene.spool);
  await scene.until("leaves of what is new", () => fs.statSync(kept).size > 14 * 45);
  const read = bytesRead(scene.client.pid);
  assert.ok(read < 8 * MIB, `the client read ${read} bytes`);
  await scene.end();
});

function leafFile(datadir: string): string {
  const [name = ""] = [...filesBelow(path.join(datadir, ".leaves"), true).keys()];
  return path.join(datadir, ".leaves", name);
}

for (const [what, harm] of [
  ["lost", (file: string) => fs.rmSync(path.dirname(path.dirname(file)), { recursive: true })],
  ["cut within a record", (file: string) => fs.truncateSync(file, 333)],
  ["damaged", (file: string) => flip(file, 200)],
  ["of another file", (file: string) => fs.writeFileSync(file, fs.readFileSync("/proc/self/exe").subarray(0, 4096))],
  ["of a newer version", (file: string) => fs.writeFileSync(file, "shaftlog-leaves 7\n")],
  ["not to be written", (file: string) => fs.rmSync(file, { force: true }) ?? fs.mkdirSync(file)],
] as const) {
  test(`what is kept is ${what}, at both sides: everything is delivered`, async (t) => {
    const scene = await openScene(t);
    await deliveredAndStopped(scene);
    for (const datadir of [scene.spool, scene.store]) harm(leafFile(datadir));
    await readToAppend(scene);
    fs.appendFileSync(scene.log("big.log"), BLOCK.subarray(0, 2 * MIB));
    await scene.delivered(scene.log("big.log"));
    await scene.end();
  });
}

test("truncated and regrown to the same length while the client was stopped", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await deliveredAndStopped(scene);
  fs.truncateSync(scene.log("big.log"), 0);
  fs.appendFileSync(scene.log("big.log"), Buffer.from(BLOCK.toString("latin1").replaceAll("large", "LARGE"), "latin1"));
  await scene.start();
  fs.appendFileSync(scene.log("big.log"), "the next line\n");
  const now = fs.readFileSync(scene.log("big.log"), "latin1");
  const found = () => {
    const [name = "", text = ""] = scene.texts((one) => one.startsWith("big.log.g2-from-"))[0] ?? [];
    return { text, start: Number(/from-(\d+)$/.exec(name)?.[1] ?? 0) };
  };
  await scene.until("a generation with all of it", () => found().text.length + found().start === now.length);
  assert.ok(found().text === now.slice(found().start));
  assert.ok(fs.readFileSync(path.join(scene.store, "big.log")).equals(BLOCK), "the older copy stays as it was");
  await scene.end({ gone: (name) => name === "big.log", errors: ["file-shrunk"] });
});

test("a large file truncated to nothing and regrown under the client's eyes keeps no old leaf", async (t) => {
  const scene = await openScene(t, { truncates: true });
  fs.writeFileSync(scene.log("big.log"), BLOCK);
  await scene.start();
  await scene.delivered(scene.log("big.log"));
  fs.truncateSync(scene.log("big.log"), 0);
  await scene.client.logged("file-shrunk");
  fs.appendFileSync(scene.log("big.log"), BLOCK.subarray(1000, 3 * MIB));
  await scene.delivered(scene.log("big.log"));
  await scene.client.stop();
  await scene.startClient();
  fs.appendFileSync(scene.log("big.log"), "the next line\n");
  await scene.delivered(scene.log("big.log"));
  assert.equal(filesBelow(path.join(scene.spool, ".leaves"), true).size, 1);
  await scene.end({ gone: (name) => name === "big.log", errors: ["file-shrunk"] });
});

const skip = spawnSync("strace", ["-D", "-o", "/dev/null", "true"]).status === 0 ? false : "strace cannot trace here";

test("sync_source: each batch of bytes is durable here before it is sent", { skip }, async (t) => {
  const trace = (scene: Scene) => path.join(scene.home, "trace");
  const scene = await openScene(t);
  scene.configure({ sync_source: true });
  await scene.startServer();
  const calls = "trace=fdatasync,sendto,write,writev";
  await scene.startClient({
    wrapper: ["strace", "-D", "-f", "-qq", "-y", "-s", "64", "-o", trace(scene), "-e", calls],
  });
  for (let i = 0; i < 5; i++) {
    fs.appendFileSync(scene.log("app.log"), `line ${i}\n`);
    await scene.delivered(scene.log("app.log"));
  }
  await scene.client.stop();
  const lines = fs.readFileSync(trace(scene), "utf8").split("\n");
  let synced = 0;
  let puts = 0;
  for (const line of lines) {
    if (/fdatasync\(\d+<[^>]*\/app\.log>/.test(line)) synced++;
    if (!line.includes('"PUT /app.log')) continue;
    puts++;
    assert.ok(synced >= puts, `PUT ${puts} came before its fdatasync`);
  }
  assert.ok(puts >= 5);
});
