// The original's example configurations, run as they are: in namespaces of mounts and network, so that /var/log and port
// 10655 are the scenario's own. Its first destination is this server by /etc/hosts, its second one is dead.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { assertEqual } from "../support/oracles.ts";
import { Daemon, start } from "../support/processes.ts";
import { needsRoot } from "../support/restricted.ts";
import { filesBelow } from "../support/trees.ts";
import { until } from "../support/until.ts";

const FIXTURES = path.join(import.meta.dirname, "../config/fixtures");
// The second address leads nowhere: the server binds all that this host has.
const HOSTS = "127.0.0.1 localhost log1.my.domain.invalid\n192.0.2.1 log2.my.domain.invalid\n";
const OWN = 'mount -t tmpfs tmpfs /var/log && mount --bind "$0" /etc/hosts && ip link set lo up && exec "$@"';
const noTools = ["unshare", "nsenter", "ip"].find((tool) => spawnSync(tool, ["--version"]).error !== undefined);
const skip = needsRoot || (noTools === undefined ? false : `no ${noTools}`);

test("/var/log, its server's own port, and a dead second destination", { skip }, async (t) => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "shaftlog-"));
  t.after(() => fs.rmSync(home, { recursive: true, force: true }));
  const hosts = path.join(home, "hosts");
  fs.writeFileSync(hosts, HOSTS);
  const server = start(t, "server", path.join(FIXTURES, "original-server.yaml"), "", {
    wrapper: ["unshare", "-m", "-n", "sh", "-c", OWN, hosts],
  });
  // The server's view of the file system, as long as it runs.
  const log = path.join(`/proc/${server.pid}/root/var/log`);
  const serverLog = new Daemon(server.child, path.join(log, "shaftlog-server.log"));
  await serverLog.logged("server-started", ":10655");

  fs.mkdirSync(path.join(log, "audit"));
  fs.mkdirSync(path.join(log, "sudo-io/00/00/01"), { recursive: true });
  for (const name of ["messages", "messages-1.gz", "cron", "audit/audit.log", "sudo-io/00/00/01/ttyin", "other"]) {
    fs.writeFileSync(path.join(log, name), `${name}\n`);
  }
  const config = path.join(FIXTURES, "original-client.yaml");
  const client = start(t, "client", config, path.join(log, "shaftlog-client.log"), {
    wrapper: ["nsenter", "-t", `${server.pid}`, "-m", "-n", "--"],
  });
  await client.logged("client-started");
  const store = path.join(log, "shaftlog-server", os.hostname());
  const delivered = () => [...filesBelow(store).keys()].map((name) => name.replace(/\.\d+$/, "")).sort();
  const expected = ["audit", "cron", "messages", "shaftlog-client", "shaftlog-server", "sudo-io/00/00/01/ttyin"];
  await until(() => delivered().length === expected.length, "all that the patterns match");
  assert.deepEqual(delivered(), expected);
  fs.appendFileSync(path.join(log, "messages"), "grown\n");
  const texts = () => [...filesBelow(store).keys()].map((name) => fs.readFileSync(path.join(store, name), "utf8"));
  await until(() => texts().includes("messages\ngrown\n"), "growth");
  const { text } = await client.logged("destination-unreachable");
  assert.match(text, /log2\.my\.domain\.invalid/);
  assert.equal(client.events("destination-unreachable").filter((event) => event.text.includes("log1")).length, 0);
  await client.stop();
  const own = [...filesBelow(store).keys()].filter((name) => name.startsWith("shaftlog-"));
  assertEqual(path.join(log, "shaftlog-client"), store, () => false, own);
  await server.stop();
});
