// A real Prometheus with the rules of etc: promtool takes them, each alert fires when it should and not before, and
// Prometheus scrapes a client and a server of the binary and finds the bytes that were delivered.

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { openScene } from "../support/scene.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";
import { adminOf } from "./admin-of.ts";
import { CASES, ruleTests } from "./alerts.ts";

const RULES = path.resolve(import.meta.dirname, "../../etc/prometheus-alerts.yml");
const skip =
  spawnSync("prometheus", ["--version"]).status === 0
    ? false
    : "no prometheus and promtool (Debian package prometheus)";

function promtool(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  assert.equal(status, 0, `${stdout}${stderr}`);
}

test("promtool takes the rules", { skip }, () => {
  promtool("check", "rules", RULES);
});

test("each alert fires when it should, and not before", { skip }, () => {
  const alerts = [...fs.readFileSync(RULES, "utf8").matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(CASES.map(({ alert }) => alert))], alerts);
  const file = path.join(tempDir(), "tests.yml");
  fs.writeFileSync(file, ruleTests(RULES));
  promtool("test", "rules", file);
});

test("Prometheus scrapes both ends with the rules loaded", { skip }, async (t) => {
  const scene = await openScene(t, { server: { admin: { listen: 0 } }, client: { admin: { listen: 0 } } });
  await scene.startServer();
  await scene.startClient();
  const [ofServer, ofClient] = [await adminOf(scene.server), await adminOf(scene.client)];
  const file = path.join(scene.logs, "app.log");
  fs.writeFileSync(file, "x".repeat(123_456));
  await scene.delivered(file);
  const query = await startPrometheus(t, [new URL(ofServer).host, new URL(ofClient).host]);
  const sampleOf = async (expression: string): Promise<number | undefined> => {
    const { data } = (await query(`query?query=${encodeURIComponent(expression)}`)) as {
      data: { result: readonly { value: readonly [number, string] }[] };
    };
    const [first] = data.result;
    return first === undefined ? undefined : Number(first.value[1]);
  };
  await until(async () => (await sampleOf('sum(up{job="shaftlog"})')) === 2, "both are scraped");
  assert.equal(await sampleOf("shaftlog_destination_sent_bytes_total"), 123_456);
  assert.equal(await sampleOf("shaftlog_server_appended_bytes_total"), 123_456);
  assert.equal(await sampleOf("shaftlog_destination_backlog_bytes"), 0);
  assert.ok(((await sampleOf("shaftlog_server_fsync_duration_seconds_count")) ?? 0) > 0);
  const rules = async () => {
    const { data } = (await query("rules")) as {
      data: { groups: readonly { rules: readonly { name: string; health: string; lastError?: string }[] }[] };
    };
    return data.groups.flatMap((group) => group.rules);
  };
  await until(async () => (await rules()).every(({ health }) => health !== "unknown"), "every rule was evaluated");
  const unwell = (await rules()).filter(({ health }) => health !== "ok");
  assert.deepEqual(unwell, []);
  await scene.end();
});

/** Asks its API. */
async function startPrometheus(
  t: TestContext,
  targets: readonly string[],
): Promise<(path: string) => Promise<unknown>> {
  const directory = tempDir();
  const config = path.join(directory, "prometheus.yml");
  fs.writeFileSync(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: [RULES],
      scrape_configs: [{ job_name: "shaftlog", static_configs: [{ targets }] }],
    }),
  );
  const child: ChildProcess = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(directory, "data")}`,
      "--web.listen-address=127.0.0.1:0",
      "--log.format=json",
    ],
    { cwd: directory, stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const killed = () => child.kill("SIGKILL");
  process.on("exit", killed);
  t.after(async () => {
    child.kill("SIGKILL");
    process.off("exit", killed);
    await ended;
  });
  const address = await until(() => {
    assert.equal(child.exitCode, null, log);
    return /"address":"(127\.0\.0\.1:[1-9]\d*)"/.exec(log)?.[1];
  }, "Prometheus listens");
  return async (what) => (await fetch(`http://${address}/api/v1/${what}`)).json();
}
