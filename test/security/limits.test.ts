// No client can have more than its share: connections, fields, paths, ranges, files and bytes. Beyond each limit it is
// refused, the server lives on, and the others notice nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { startServer } from "../support/command.ts";
import { HonestClient } from "../support/honest-client.ts";
import { notRoot, tmpfs } from "../support/mounts.ts";
import { descriptorsOf } from "../support/processes.ts";
import { append, Connection, head, putHead, request, sizeOf } from "../support/raw-http.ts";
import { peakMemory } from "../support/resources.ts";
import { SecureServer } from "../support/secure-server.ts";
import { until } from "../support/until.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;
const noPrlimit = spawnSync("prlimit", ["--version"]).status === 0 ? false : "skipped: prlimit is not installed";

test("200 idle connections and 64 descriptors: those that do nothing make room, an honest client gets on", {
  skip: noPrlimit,
}, async () => {
  const server = await startServer({ wrap: ["prlimit", "--nofile=64:64"] });
  const honest = new HonestClient(() => Connection.open(server.port), "/host/f");
  await until(() => honest.size > 0, "a first line");
  const idle: Connection[] = [];
  for (let i = 0; i < 200; i++) {
    const connection = await Connection.open(server.port);
    // Every other one is in the middle of a header.
    if (i % 2 === 0) await connection.send("HEAD /host/f HTTP/1.1\r\nHost: ");
    idle.push(connection);
  }
  const before = honest.size;
  await until(() => honest.size > before + 100, "appends beside them");
  assert.ok(descriptorsOf(server.pid) < 64);
  assert.ok(idle.filter(({ ended }) => ended).length >= 180, "those that were there longest had to go");
  await honest.finish(path.join(server.datadir, "host/f"));
  for (const connection of idle) connection.close();
  await until(() => descriptorsOf(server.pid) < 40, "their descriptors");
  assert.equal(await server.stop(), 0);
});

test("where all connections are at work, one more is told 503 and when to come again", async () => {
  const server = await startServer({ config: { limits: { connections: 2 } } });
  const busy = await Promise.all([0, 1].map(() => Connection.open(server.port)));
  for (const [i, connection] of busy.entries()) await connection.send(`${putHead(`/f${i}`, 0, 6)}abc`);
  await until(() => [0, 1].every((i) => fs.existsSync(path.join(server.datadir, `f${i}`))), "both to be at work");
  const answer = await request(server.port, head("HEAD", "/f0"));
  assert.equal(answer?.status, 503);
  assert.match(answer.fields.get("retry-after") ?? "", /^\d+$/);
  assert.match(answer.fields.get("shaftlog-start") ?? "", /./);
  await server.says(/WARN client-turned-away Turned 127.0.0.1 away: all connections are busy/);
  for (const connection of busy) {
    await connection.send("def");
    assert.equal((await connection.answer())?.status, 201);
  }
  assert.equal(await sizeOf(server.port, "/f0"), 6);
  assert.equal(await server.stop(), 0);
  for (const connection of busy) connection.close();
});

test("an identity has its share of connections, and takes none from others", { skip }, async () => {
  const secure = await SecureServer.start({ config: { limits: { connections_per_identity: 3 } } });
  const { server } = secure;
  const [a, b] = [secure.client("host-a"), secure.client("host-b")];
  const busy: Connection[] = [];
  for (let i = 0; i < 3; i++) {
    const connection = await secure.connect(a);
    await connection.send(`${putHead(`/host-a/f${i}`, 0, 6)}abc`);
    busy.push(connection);
  }
  await until(() => busy.every((_, i) => fs.existsSync(path.join(server.datadir, `host-a/f${i}`))), "three at work");
  const fourth = await secure.connect(a);
  assert.equal((await fourth.answer())?.status, 503);
  await server.says(/Turned 127.0.0.1 away: all connections of "host-a" are busy/);
  assert.equal(await secure.put(b, "/host-b/f", 0, "abc"), 201);
  for (const connection of busy) {
    await connection.send("def");
    assert.equal((await connection.answer())?.status, 201);
  }
  // Now they are idle, and the one that is so longest makes room.
  assert.equal(await secure.put(a, "/host-a/g", 0, "abc"), 201);
  await until(() => busy[0]?.ended, "the end of the first");
  assert.equal(busy[2]?.ended, false);
  for (const connection of [...busy, fourth]) connection.close();
  assert.equal(await server.stop(), 0);
});

test("fields, targets and ranges as the configuration bounds them", async () => {
  const limits = { header_size: "2KiB", header_count: 10, path_length: 100, path_depth: 3, max_range: "64KiB" };
  const server = await startServer({ config: { limits } });
  const status = async (bytes: string) => (await request(server.port, bytes))?.status;
  assert.equal(await status(head("HEAD", "/f", { "X-Long": "x".repeat(3000) })), 431);
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-${i}`, "y"]));
  assert.equal(await status(head("HEAD", "/f", many(9))), 404);
  assert.equal(await status(head("HEAD", "/f", many(10))), 431);
  assert.equal(await status(head("HEAD", "/a/b/c")), 404);
  assert.equal(await status(head("HEAD", "/a/b/c/d")), 400);
  assert.equal(await status(head("HEAD", `/${"x".repeat(99)}`)), 404);
  assert.equal(await status(head("HEAD", `/${"x".repeat(100)}`)), 414);
  assert.equal(await status(putHead("/f", 0, 65_537)), 413);
  assert.equal(await append(server.port, "/f", 0, "x".repeat(65_536)), 201);
  assert.equal(await server.stop(), 0);
});

test("17 KiB of a header, 10,000 fields, 1 MiB of a target: refused, and memory stays where it was", async () => {
  const server = await startServer();
  assert.equal(await append(server.port, "/f", 0, "abc"), 201);
  const before = peakMemory(server.pid);
  const fields = Array.from({ length: 10_000 }, (_, i) => `X-${i}: y\r\n`).join("");
  for (let i = 0; i < 20; i++) {
    for (const bytes of [
      head("HEAD", "/f", { "X-Long": "x".repeat(17 * 1024) }),
      `HEAD /f HTTP/1.1\r\nHost: x\r\n${fields}\r\n`,
      head("HEAD", `/${"a".repeat(2 ** 20)}`),
    ]) {
      const answer = await request(server.port, bytes);
      assert.ok(answer === undefined || answer.status === 431, `${answer?.status}`);
    }
  }
  assert.ok(peakMemory(server.pid) - before < 64 * 2 ** 20, "memory");
  assert.equal(await sizeOf(server.port, "/f"), 3);
  assert.equal(await server.stop(), 0);
});

test("a connection without a request ends when its time is over", async () => {
  const server = await startServer({ config: { limits: { idle_timeout: "300ms" } } });
  const connection = await Connection.open(server.port);
  await connection.send(head("HEAD", "/f"));
  assert.equal((await connection.answer(true))?.status, 404);
  await until(() => connection.ended, "its end");
  connection.close();
  assert.equal(await server.stop(), 0);
});

test("a quota of bytes: 507 for the one who reached it, what was there before counts, others go on", {
  skip,
}, async () => {
  const secure = await SecureServer.start({ config: { limits: { bytes_per_identity: "10KiB" } } });
  const { server } = secure;
  const [a, b] = [secure.client("host-a"), secure.client("host-b")];
  fs.mkdirSync(path.join(server.datadir, "host-a/old"), { recursive: true });
  fs.writeFileSync(path.join(server.datadir, "host-a/old/f"), "x".repeat(4096));
  assert.equal(await secure.put(a, "/host-a/f", 0, "x".repeat(4096)), 201);
  const refused = await secure.ask(a, putHead("/host-a/f", 4096, 4096) + "x".repeat(4096));
  assert.equal(refused?.status, 507);
  assert.equal(refused.fields.get("upload-offset"), "4096");
  await server.says(/ERROR store-over-quota Cannot append below "\/host-a\/": limits.bytes_per_identity allows 10240/);
  assert.equal(await secure.put(a, "/host-a/f", 4096, "x".repeat(2048)), 204, "what fits is taken");
  assert.equal(await secure.put(a, "/host-a/g", 0, "x"), 507);
  assert.equal(await secure.head(a, "/host-a/f"), 200);
  assert.equal(await secure.put(b, "/host-b/f", 0, "x".repeat(8192)), 201);

  const parallel = await Promise.all([secure.connect(b), secure.connect(b)]);
  for (const [i, connection] of parallel.entries()) await connection.send(`${putHead(`/host-b/p${i}`, 0, 1500)}x`);
  const statuses = parallel.map(async (connection) => {
    await connection.send("x".repeat(1499));
    return (await connection.answer())?.status;
  });
  assert.deepEqual((await Promise.all(statuses)).sort(), [201, 507], "ranges under way count");
  for (const connection of parallel) connection.close();
  assert.equal(await server.stop(), 0);
});

test("a quota of files: files that are there go on, new ones do not", { skip }, async () => {
  const secure = await SecureServer.start({ config: { limits: { files_per_identity: 2 } } });
  const a = secure.client("host-a");
  assert.equal(await secure.put(a, "/host-a/f", 0, "x"), 201);
  assert.equal(await secure.put(a, "/host-a/d/g", 0, "x"), 201);
  assert.equal(await secure.put(a, "/host-a/h", 0, "x"), 507);
  assert.equal(await secure.put(a, "/host-a/f", 1, "x"), 204);
  assert.equal(await secure.put(secure.client("host-b"), "/host-b/f", 0, "x"), 201);
  await secure.server.says(/store-over-quota .* limits.files_per_identity allows 2/);
  assert.equal(await secure.server.stop(), 0);
});

test("the floor of free space: 507 for all, HEAD goes on, and appends do once there is room", {
  skip: notRoot,
}, async () => {
  const datadir = tmpfs("size=8m");
  const server = await startServer({ datadir, config: { limits: { min_free_space: "4MiB" } } });
  assert.equal(await append(server.port, "/f", 0, "x".repeat(1000)), 201);
  fs.writeFileSync(path.join(datadir, ".ballast"), Buffer.alloc(5 * 2 ** 20));
  await until(async () => {
    const size = (await sizeOf(server.port, "/f")) ?? 0;
    return (await append(server.port, "/f", size, "x")) === 507;
  }, "the floor to be seen");
  await server.says(/ERROR store-low-space Cannot append to anything: \d+ bytes are free/);
  assert.equal(await append(server.port, "/other/g", 0, "x"), 507);
  const size = (await sizeOf(server.port, "/f")) ?? 0;
  fs.rmSync(path.join(datadir, ".ballast"));
  assert.equal(await append(server.port, "/f", size, "x"), 204);
  await server.says(/INFO store-space-back Appending again/);
  assert.equal(await server.stop(), 0);
});
