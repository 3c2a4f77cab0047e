// Real logs, with Kafka's hourly rotated ones and their empty files, to two destinations at once; then they grow, and
// then everything is at rest.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { addServer } from "../support/more-servers.ts";
import { pace } from "../support/pace.ts";
import { WireProxy } from "../support/proxy.ts";
import { processorTime } from "../support/resources.ts";
import { openScene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { assertWireRules } from "../support/wire-rules.ts";

const LOGS = path.resolve(import.meta.dirname, "../../../shared/data/logs");
const skip = fs.existsSync(LOGS) ? false : "skipped: ../shared/data is not there";

test("real logs to two destinations, also when they grow, and idle afterwards", { skip }, async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_interval: 30_000,
      scan_paths: [{ pattern: `${logs}/**`, regex_from: `^${logs}/`, regex_to: "real/" }],
    }),
  });
  const other = await addServer(scene, "other");
  await scene.startServer();
  await other.start();
  const proxies = [await WireProxy.open(t, scene.url), await WireProxy.open(t, other.url)];
  scene.configure({ destinations: proxies.map(({ url }) => `${url}host/`) });
  const sources = [...filesBelow(LOGS).keys()].map((name) => {
    const source = path.join(scene.logs, name);
    fs.mkdirSync(path.dirname(source), { recursive: true });
    fs.writeFileSync(source, fs.readFileSync(path.join(LOGS, name)));
    return source;
  });
  const empty = sources.filter((source) => fs.statSync(source).size === 0);
  assert.ok(sources.length > 20 && empty.length > 0);

  await scene.startClient();
  const stores = [path.join(scene.store, "host"), path.join(other.store, "host")];
  const atBoth = () => stores.every((store) => sources.every((source) => isSame(source, store, scene.logs)));
  await scene.until("everything is at both", atBoth, 30_000);
  for (const source of sources) fs.appendFileSync(source, `one more line of ${path.basename(source)}\n`);
  await scene.until("what came later is at both", atBoth, 30_000);
  await pace(500); // what the last files started comes to rest

  const requests = proxies.map(({ exchanges }) => exchanges.length);
  const pids = [scene.client.pid, scene.server.pid, other.daemon.pid];
  const before = pids.map(processorTime);
  await pace(2_000); // idle is the subject
  assert.deepEqual(
    proxies.map(({ exchanges }) => exchanges.length),
    requests,
    "no request while idle",
  );
  for (const [i, pid] of pids.entries()) {
    const used = processorTime(pid) - (before[i] ?? 0);
    assert.ok(used < 0.2, `process ${i} used ${used} s while idle`);
  }

  for (const proxy of proxies) assertWireRules(proxy.exchanges);
  await scene.client.stop();
  await scene.server.stop();
  await other.daemon.stop();
  for (const store of stores) assert.equal(filesBelow(store).size, sources.length, "and nothing else");
  const errors = scene.client.events().filter(({ level }) => level === "ERROR");
  assert.deepEqual(errors, []);
});

/** The file that was delivered from `source`, where it holds anything. */
function isSame(source: string, store: string, logs: string): boolean {
  const there = path.join(store, "real", path.relative(logs, source));
  const { size } = fs.statSync(source);
  if (size === 0) return !fs.existsSync(there);
  return (
    fs.statSync(there, { throwIfNoEntry: false })?.size === size &&
    fs.readFileSync(source).equals(fs.readFileSync(there))
  );
}
