// The admin listener of the binary: off unless it is asked for, what both ends tell of a delivery and of a destination
// that is gone, and what keeps it from starting.

import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import type { ClientStatus } from "../../src/status/client-document.ts";
import { type Daemon, run } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { until } from "../support/until.ts";
import { adminOf } from "./admin-of.ts";

const text = async (url: string) => (await fetch(url)).text();
const json = async (url: string) => (await fetch(url)).json() as Promise<unknown>;
const BOTH = { server: { admin: { listen: 0 } }, client: { admin: { listen: 0 } } } as const;

/** Sockets on which a process listens. */
function listeningOf({ pid }: Daemon): number {
  const inodes = new Set(
    fs.readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(fs.readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const lines = ["tcp", "tcp6"].flatMap((name) => fs.readFileSync(`/proc/${pid}/net/${name}`, "utf8").split("\n"));
  return lines.filter((line) => {
    const words = line.trim().split(/\s+/);
    return words[3] === "0A" && inodes.has(words[9] ?? "");
  }).length;
}

async function deliver(scene: Scene, bytes: number): Promise<void> {
  const file = path.join(scene.logs, "app.log");
  fs.appendFileSync(file, "x".repeat(bytes));
  await scene.delivered(file);
}

test("it is off unless it is asked for, and never on the data port", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  await scene.startClient();
  await deliver(scene, 10);
  assert.equal(listeningOf(scene.server), 1);
  assert.equal(listeningOf(scene.client), 0);
  for (const at of ["metrics", "healthz", "status", ""]) assert.ok((await fetch(scene.url + at)).status >= 400, at);
  await scene.end();
});

test("both ends tell what was delivered, and that a destination is gone", async (t) => {
  const scene = await openScene(t, BOTH);
  await scene.startServer();
  await scene.startClient();
  const [ofServer, ofClient] = [await adminOf(scene.server), await adminOf(scene.client)];
  await until(async () => (await fetch(`${ofClient}readyz`)).ok, "the client is ready");
  assert.equal((await fetch(`${ofServer}readyz`)).status, 200);
  await deliver(scene, 54_321);
  assert.match(await text(`${ofServer}metrics`), /^shaftlog_server_appended_bytes_total 54321$/m);
  assert.match(await text(`${ofServer}metrics`), /^shaftlog_server_fsync_duration_seconds_count [1-9]\d*$/m);
  assert.match(await text(`${ofClient}metrics`), /^shaftlog_destination_sent_bytes_total\{[^}]*\} 54321$/m);
  const status = (await json(`${ofClient}status`)) as ClientStatus;
  assert.deepEqual(
    [status.role, status.destinations[0]?.state, status.destinations[0]?.bytes_sent],
    ["client", "in sync", 54_321],
  );
  assert.deepEqual(await json(`${ofClient}healthz`), { ok: true, reasons: [] });
  assert.deepEqual(await json(`${ofServer}healthz`), { ok: true, reasons: [] });
  assert.match(await text(ofClient), /<title>shaftlog<\/title>/);

  await scene.server.stop();
  fs.appendFileSync(path.join(scene.logs, "app.log"), "y".repeat(1_000));
  await until(async () => {
    const told = await text(`${ofClient}metrics`);
    const expected = [
      /^shaftlog_destination_up\{[^}]*\} 0$/m,
      /^shaftlog_destination_backlog_bytes\{[^}]*\} 1000$/m,
      /^shaftlog_events_total\{level="error",event="destination-unreachable"\} [1-9]/m,
    ];
    return expected.every((one) => one.test(told));
  }, "the client tells that its destination is gone");
  await scene.startServer();
  await until(async () => /^shaftlog_destination_up\{[^}]*\} 1$/m.test(await text(`${ofClient}metrics`)), "it is back");
  await scene.delivered(path.join(scene.logs, "app.log"));
  await scene.end({ errors: ["destination-unreachable"] });
});

test("an address that others can reach is an error event", async (t) => {
  const scene = await openScene(t, { server: { admin: { listen: "0.0.0.0:0" } } });
  await scene.startServer();
  await scene.server.logged("admin-exposed", "can be reached from other hosts");
  await scene.startClient();
  await scene.end({ errors: ["admin-exposed"] });
});

test("a port that is taken: exit code 2, one line, and the next start finds nothing half-started", async (t) => {
  const taken = [net.createServer(), net.createServer()] as const;
  t.after(() => taken.map((one) => one.close()));
  for (const one of taken) one.listen(0, "127.0.0.1");
  await until(() => taken.every(({ listening }) => listening), "two ports are taken");
  const [serverPort, clientPort] = taken.map((one) => (one.address() as net.AddressInfo).port);
  assert.ok(serverPort !== undefined && clientPort !== undefined);
  const scene = await openScene(t, {
    server: { admin: { listen: serverPort } },
    client: { admin: { listen: clientPort } },
  });
  for (const [command, port] of [
    ["server", serverPort],
    ["client", clientPort],
  ] as const) {
    const { status, stderr } = run([command, "-f", path.join(scene.home, `${command}.yaml`)]);
    const words = `^Cannot listen on 127\\.0\\.0\\.1:${port} \\(admin\\.listen\\): address already in use .*${command}\\.yaml\\)\n$`;
    assert.match(stderr, new RegExp(words));
    assert.equal(status, 2);
  }
  for (const one of taken) one.close();
  await scene.startServer();
  await scene.startClient();
  await deliver(scene, 10);
  await scene.end();
});
