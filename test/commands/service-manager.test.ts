// What systemd is told, and that nothing is where nobody asks.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import { notified, watchdogInterval } from "../../src/commands/service-manager.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { openScene } from "../support/scene.ts";

test("ready, alive at half the interval, and stopping", async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const manager = notified(
    (words) => told.push(words.join(" ")),
    60_000,
    clock,
    () => {},
    () => "fine",
  );
  manager.ready();
  await clock.advance(60_000);
  assert.deepEqual(told, ["READY=1 STATUS=fine", "WATCHDOG=1 STATUS=fine", "WATCHDOG=1 STATUS=fine"]);
  manager.stopping();
  await clock.advance(600_000);
  assert.deepEqual(told.slice(3), ["STOPPING=1 STATUS=finishing what is on the wire"]);
});

test("a word that could not be handed over is an event with its remedy", () => {
  const events: Event[] = [];
  const missing = Object.assign(new Error("spawn"), { code: "ENOENT" });
  notified(
    (_, failed) => failed(missing),
    undefined,
    new FakeClock(),
    (event) => events.push(event),
    () => "",
  ).ready();
  assert.equal(events[0]?.name, "service-manager-not-told");
  assert.match(events[0]?.text ?? "", /no program systemd-notify; have NotifyAccess=all/);
});

test("a watchdog is one of this process only", () => {
  assert.equal(watchdogInterval({}, 5), undefined);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "3000000" }, 5), 3000);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: "5" }, 5), 3000);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "3000000", WATCHDOG_PID: "6" }, 5), undefined);
  assert.equal(watchdogInterval({ WATCHDOG_USEC: "0" }, 5), undefined);
});

test("the binary speaks through systemd-notify where it was asked to, and only there", async (t) => {
  const scene = await openScene(t);
  const words = path.join(scene.home, "words");
  fs.mkdirSync(path.join(scene.home, "bin"));
  fs.writeFileSync(path.join(scene.home, "bin/systemd-notify"), `#!/bin/sh\necho "$*" >>${words}\n`, { mode: 0o755 });
  const PATH = `${path.join(scene.home, "bin")}:${process.env.PATH}`;
  await scene.startServer({ env: { PATH } });
  await scene.startClient({ env: { PATH, NOTIFY_SOCKET: "/nowhere", WATCHDOG_USEC: "200000" } });
  const heard = () => (fs.existsSync(words) ? fs.readFileSync(words, "utf8") : "");
  await scene.until("signs of life", () => heard().split("WATCHDOG=1").length > 3);
  await scene.client.stop();
  await scene.until("the last word", () => heard().includes("STOPPING=1"));
  assert.match(heard(), /^READY=1 STATUS=delivering to 1 destination\nWATCHDOG=1 STATUS=delivering to 1 destination\n/);
  await scene.server.stop();
  assert.equal(heard().split("READY=1").length, 2);
  await scene.end();
});
