// Attacks by slowness, with an honest client beside them: it loses nothing and never waits long. A body has a least
// pace; an upload that is slow but keeps it takes as long as it takes.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { startServer } from "../support/command.ts";
import { HonestClient } from "../support/honest-client.ts";
import { Connection, head, putHead, sizeOf } from "../support/raw-http.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const noSlow = /slowhttptest/.test(spawnSync("slowhttptest", ["-h"], { encoding: "utf8" }).stdout ?? "")
  ? false
  : "skipped: slowhttptest is not installed";
/** Longer than an honest client gives up on a request. */
const LONG = 10_000;

test("slow headers, slow bodies and slow reading, many at once: an honest client gets on", {
  skip: noSlow,
}, async () => {
  const server = await startServer({ config: { limits: { connections: 100, connections_per_identity: 100 } } });
  const url = `${server.url}host/f`;
  const report = (name: string) => ["-o", path.join(tempDir(), name)];
  const honest = new HonestClient(() => Connection.open(server.port), "/host/f");
  await until(() => honest.size > 0, "a first line");
  const common = ["-c", "200", "-r", "200", "-l", "8", "-p", "2", "-u", url];
  const attacks = [
    ["-H", "-i", "1", ...common, ...report("h")],
    ["-B", "-i", "1", "-s", "8192", "-t", "PUT", ...common, ...report("b")],
    ["-X", "-i", "1", "-w", "1", "-y", "2", "-n", "1", "-z", "1", ...common, ...report("x")],
  ].map((args) => spawn("slowhttptest", args, { stdio: "ignore" }));
  await Promise.all(attacks.map((attack) => once(attack, "exit")));
  const before = honest.size;
  await until(() => honest.size > before + 100, "appends behind them");
  await honest.finish(path.join(server.datadir, "host/f"));
  assert.ok(honest.slowest < LONG, `one line took ${honest.slowest} ms`);
  assert.equal(await server.stop(), 0);
});

test("one who asks and never reads his answers is cut off", async () => {
  const server = await startServer({ config: { limits: { idle_timeout: "1s" } } });
  const deaf = await Connection.open(server.port);
  deaf.socket.pause();
  const questions = head("HEAD", "/f").repeat(1000);
  // The kernel's buffers take some megabytes before anything is stuck.
  const timer = setInterval(() => deaf.socket.writableLength < 1e6 && deaf.socket.write(questions), 2);
  try {
    await server.says(/WARN client-too-slow Cut off "127.0.0.1" at 127.0.0.1: it read none of its answers/);
    assert.equal(await sizeOf(server.port, "/f"), undefined);
  } finally {
    clearInterval(timer);
    deaf.close();
  }
  assert.equal(await server.stop(), 0);
});

test("bodies that trickle are cut off and what came of them is kept; a slow honest upload is not cut", {
  timeout: 120_000,
}, async () => {
  const server = await startServer();
  const attackers = await Promise.all(Array.from({ length: 30 }, () => Connection.open(server.port)));
  for (const [i, attacker] of attackers.entries()) await attacker.send(`${putHead(`/slow/${i}`, 0, 100_000)}x`);
  const upload = await Connection.open(server.port);
  const size = 28_000;
  await upload.send(putHead("/upload", 0, size));
  let sent = 0;
  const timer = setInterval(() => {
    for (const attacker of attackers) void attacker.send("x");
    if (sent < size) void upload.send("y".repeat(Math.min(500, size - sent)));
    sent += Math.min(500, size - sent);
  }, 500);
  try {
    const cut = () => attackers.every(({ ended }) => ended);
    await until(cut, "the end of those that trickle", 60_000);
    await server.says(/WARN client-too-slow Cut off "127.0.0.1" at 127.0.0.1: its bytes came more slowly/);
    const answer = await until(async () => sent >= size && (await upload.answer()), "the upload", 60_000);
    assert.equal(answer.status, 201);
  } finally {
    clearInterval(timer);
  }
  assert.equal(fs.readFileSync(path.join(server.datadir, "upload"), "utf8"), "y".repeat(size));
  // Told once it is durable, which may be a moment after the cut.
  const kept = await until(() => sizeOf(server.port, "/slow/0"), "what came of the first one");
  assert.ok(kept > 10 && kept < 1000, `${kept}`);
  upload.close();
  assert.equal(await server.stop(), 0);
});
