// What the server keeps of its files' full leaves: after a restart in order an append to a large file costs reading its
// open leaf, and nothing kept ever hides that a file was changed, replaced or cut. Read counts are the kernel's.

import assert from "node:assert/strict";

import { createHash } from "node:crypto";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatDigest, parseDigest } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import { type Server, startServer } from "../support/command.ts";
import { notRoot, remount, tmpfs } from "../support/mounts.ts";
import { Random } from "../support/random.ts";
import { type Answer, append, head, request } from "../support/raw-http.ts";
import { bytesRead } from "../support/resources.ts";
import { filesBelow } from "../support/trees.ts";
import { noStrace } from "../support/untouched.ts";

const MIB = 1024 * 1024;
const SIZE = 12 * MIB + 300_000;
const content = new Random(5).bytes(SIZE);

function digestOf(bytes: Uint8Array): Uint8Array {
  const hash = new TreeHash(() => createHash("sha256"));
  hash.update(bytes);
  return hash.digest();
}

/** A PUT of `bytes` at `at` on the condition that what is before has `believed`. */
function put(server: Server, at: number, bytes: Uint8Array, believed = digestOf(content.subarray(0, at))) {
  const fields = {
    "Content-Range": `bytes ${at}-${at + bytes.length - 1}/*`,
    "Content-Length": bytes.length,
    "Shaftlog-Digest": formatDigest({ size: at, digest: believed }),
  };
  return request(server.port, Buffer.concat([Buffer.from(head("PUT", "/big", fields), "latin1"), bytes]));
}

function ask(server: Server, size: number, fields: Record<string, string> = {}): Promise<Answer | undefined> {
  return request(server.port, head("HEAD", "/big", { "Shaftlog-Want-Digest": size, ...fields }));
}

function assertDigest(answer: Answer | undefined, bytes: Uint8Array): void {
  const said = parseDigest(answer?.fields.get("shaftlog-digest"));
  assert.equal(said?.size, bytes.length);
  assert.deepEqual(Buffer.from(said.digest), Buffer.from(digestOf(bytes)));
}

/** A server that took all of `content`, stopped in order. */
async function filled(): Promise<string> {
  const server = await startServer();
  for (let at = 0; at < SIZE; at += 5 * MIB) {
    const answer = await put(server, at, content.subarray(at, Math.min(SIZE, at + 5 * MIB)));
    assert.equal(answer?.status, at === 0 ? 201 : 204);
  }
  await server.stop();
  return server.datadir;
}

const MORE = Buffer.from("and more\n");

test("an append that finds the disk full: digests are of what is there, and what was known costs no reading", {
  skip: notRoot,
}, async () => {
  const datadir = tmpfs("size=12000k");
  const server = await startServer({ datadir });
  const whole = 8 * MIB;
  for (let at = 0; at < whole; at += 4 * MIB) await put(server, at, content.subarray(at, at + 4 * MIB));
  const answer = await put(server, whole, content.subarray(whole));
  assert.equal(answer?.status, 507);
  const kept = Number(answer.fields.get("upload-offset"));
  assert.ok(kept > whole && kept < SIZE && kept % MIB > 0, `${kept} bytes are there`);
  const before = bytesRead(server.serverPid);
  assertDigest(await ask(server, kept), content.subarray(0, kept));
  const read = bytesRead(server.serverPid) - before;
  assert.ok(read <= kept - whole + MIB, `${read} bytes were read`);
  remount(datadir, "size=32m");
  const rest = await put(server, kept, content.subarray(kept));
  assert.equal(rest?.status, 204);
  assertDigest(rest, content);
  await server.stop();
});

test("a large write that fails as a whole is in no digest", { skip: noStrace }, async () => {
  const wrap = ["strace", "-f", "-o", "/dev/null", "-e", "inject=writev:error=EIO:when=2", "-e", "trace=writev"];
  const server = await startServer({ wrap, env: { UV_THREADPOOL_SIZE: "1" } });
  const answer = await put(server, 0, content.subarray(0, 5 * MIB));
  assert.equal(answer?.status, 500);
  const kept = Number(answer.fields.get("upload-offset"));
  assert.ok(kept > 0 && kept < 5 * MIB, `${kept} bytes are there`);
  const other = Buffer.from(content.subarray(0, 3 * MIB)).reverse();
  // Of what is believed on the way nothing is said, so nothing is compared, and read anew, before these are taken.
  assert.equal(await append(server.port, "/big", kept, other), 204);
  const all = Buffer.concat([content.subarray(0, kept), other]);
  assertDigest(await ask(server, all.length), all);
  await server.stop();
});

test("after a restart in order an append reads the open leaf only", async () => {
  const server = await startServer({ datadir: await filled() });
  const before = bytesRead(server.serverPid);
  const answer = await put(server, SIZE, MORE);
  assert.equal(answer?.status, 204);
  assertDigest(answer, Buffer.concat([content, MORE]));
  const read = bytesRead(server.serverPid) - before;
  assert.ok(read >= 300_000 && read < 600_000, `${read} bytes were read`);
  await server.stop();
});

test("after a restart in order the digest of any prefix costs less than two leaves", async () => {
  const server = await startServer({ datadir: await filled() });
  for (const size of [0, 1, MIB, 7 * MIB - 1, 7 * MIB, 7 * MIB + 1, SIZE]) {
    const before = bytesRead(server.serverPid);
    assertDigest(await ask(server, size), content.subarray(0, size));
    const read = bytesRead(server.serverPid) - before;
    assert.ok(read < 1.2 * MIB, `${read} bytes were read for ${size}`);
  }
  const before = bytesRead(server.serverPid);
  assertDigest(await ask(server, SIZE, { "Cache-Control": "no-cache" }), content);
  assert.ok(bytesRead(server.serverPid) - before >= SIZE, "all of it was read");
  await server.stop();
});

test("after a kill everything is read once, and not twice", async () => {
  const datadir = await filled();
  const first = await startServer({ datadir });
  assert.equal((await put(first, SIZE, MORE))?.status, 204);
  await first.stop("SIGKILL");
  const all = Buffer.concat([content, MORE]);
  const server = await startServer({ datadir });
  const before = bytesRead(server.serverPid);
  assert.equal((await put(server, all.length, MORE, digestOf(all)))?.status, 204);
  const read = bytesRead(server.serverPid) - before;
  assert.ok(read >= SIZE && read < SIZE + MIB, `${read} bytes were read`);
  await server.stop();
});

for (const [what, change] of [
  ["a byte in its middle was flipped", (path: string) => flip(path, 5 * MIB + 77)],
  ["a byte was flipped, and its time set back", flipQuietly],
  ["another of the same length lies in its place", (path: string) => fs.writeFileSync(path, Buffer.alloc(SIZE, 7))],
  ["one that was put there by rename", replaceByRename],
] as const) {
  test(`a file changed while the server was stopped is not taken for what it was: ${what}`, async () => {
    const datadir = await filled();
    change(join(datadir, "big"));
    const now = fs.readFileSync(join(datadir, "big"));
    const server = await startServer({ datadir });
    const refused = await put(server, SIZE, MORE);
    assert.equal(refused?.status, 412);
    assertDigest(refused, now);
    assertDigest(await ask(server, SIZE), now);
    assert.deepEqual(fs.readFileSync(join(datadir, "big")), now);
    assert.equal((await put(server, SIZE, MORE, digestOf(now)))?.status, 204, "its own writer goes on");
    await server.stop();
  });
}

test("a byte flipped while the server runs shows in the next digest that is asked for, and in a 412", async () => {
  const server = await startServer({ datadir: await filled() });
  assert.equal((await put(server, SIZE, MORE))?.status, 204);
  flip(join(server.datadir, "big"), 3 * MIB);
  const now = fs.readFileSync(join(server.datadir, "big"));
  assertDigest(await ask(server, now.length), now);
  assert.equal((await put(server, now.length, MORE, digestOf(Buffer.concat([content, MORE]))))?.status, 412);
  await server.stop();
});

for (const [what, harm] of [
  ["lost", (path: string) => fs.unlinkSync(path)],
  ["cut", (path: string) => fs.truncateSync(path, 200)],
  ["damaged", (path: string) => flip(path, 150)],
  ["of another version", (path: string) => fs.writeFileSync(path, "shaftlog-leaves 9\n")],
  ["empty", (path: string) => fs.truncateSync(path, 0)],
] as const) {
  test(`leaves that are ${what} cost reading and nothing else`, async () => {
    const datadir = await filled();
    const [name] = [...filesBelow(join(datadir, ".leaves"), true).keys()];
    harm(join(datadir, ".leaves", name ?? ""));
    const server = await startServer({ datadir });
    assertDigest(await ask(server, SIZE), content);
    const answer = await put(server, SIZE, MORE);
    assert.equal(answer?.status, 204);
    assertDigest(answer, Buffer.concat([content, MORE]));
    await server.stop();
    if (what === "of another version") return;
    const again = await startServer({ datadir });
    const before = bytesRead(again.serverPid);
    assertDigest(await ask(again, SIZE), content);
    assert.ok(bytesRead(again.serverPid) - before < 2 * MIB, "they were made anew");
    await again.stop();
  });
}

function flip(path: string, at: number): void {
  const fd = fs.openSync(path, "r+");
  const byte = Buffer.alloc(1);
  fs.readSync(fd, byte, 0, 1, at);
  byte[0] = (byte[0] as number) ^ 0x20;
  fs.writeSync(fd, byte, 0, 1, at);
  fs.closeSync(fd);
}

function flipQuietly(path: string): void {
  const { atime, mtime } = fs.statSync(path);
  flip(path, 5 * MIB);
  fs.utimesSync(path, atime, mtime);
}

function replaceByRename(path: string): void {
  fs.copyFileSync(path, `${path}.new`);
  flip(`${path}.new`, 100);
  fs.renameSync(`${path}.new`, path);
}
