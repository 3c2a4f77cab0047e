// The metrics as text: docs/OPERATIONS.md lists each with its type, unit, labels and meaning, and no other; values are
// those of the document; what is not known has no line; names of hosts cannot break a line; promtool finds nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Status } from "../../src/admin/health.ts";
import { createMetrics } from "../../src/admin/metrics.ts";
import { client, dead, host, LOG2, manyHosts, server } from "./documents.ts";

const SURROUNDINGS = { nodeVersion: "v24.0.0", cpuSeconds: () => 1.5, residentBytes: () => 50_000_000 };

async function textOf(status: Status): Promise<string> {
  const metrics = createMetrics(status.role, SURROUNDINGS);
  metrics.told("warn", "disk-nearly-full");
  metrics.told("info", "client-started");
  for (const seconds of [0.0004, 0.003, 0.003, 20]) metrics.synced(seconds);
  return await metrics.text(status);
}

const lines = (text: string, name: string) => text.split("\n").filter((line) => line.replace(/[{ ].*/, "") === name);

/** `name` → `type`, help and labels, as the text has them. */
function told(text: string): Map<string, string> {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]));
  return new Map(
    [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = "", help = ""]) => {
      const labels = [...(lines(text, name)[0] ?? "").matchAll(/[{,](\w+)="/g)].map(([, label]) => `\`${label}\``);
      const unit = /_(seconds|bytes)(_total)?$/.exec(name)?.[1] ?? "";
      const by = labels.length === 0 ? "" : `; by ${labels.join(", ")}`;
      return [name, `${types.get(name)} | ${unit} | ${help.replace(/\.$/, "")}${by}`];
    }),
  );
}

test("docs/OPERATIONS.md lists every metric with type, unit, meaning and labels, and no other", async () => {
  const docs = readFileSync(new URL("../../docs/OPERATIONS.md", import.meta.url), "utf8");
  const part = /\n## Watching\n(.*?)\n## /s.exec(docs)?.[1] ?? "";
  const documented = [...part.matchAll(/^\| `((?:shaftlog|process)_\w+)` \| (.*) \|$/gm)].map(
    ([, name, rest = ""]) => `${name}: ${rest.replaceAll(/\|\s+\|/g, "|  |")}`,
  );
  const full = server({ identities: [host("web1")] });
  const all = new Map([...told(await textOf(dead())), ...told(await textOf(full))]);
  const emitted = [...all].map(([name, rest]) => `${name}: ${rest.replaceAll(/\|\s+\|/g, "|  |")}`);
  assert.ok(emitted.length > 30);
  assert.deepEqual(documented.sort(), emitted.sort());
});

test("values are those of the document", async () => {
  const text = await textOf(dead());
  assert.ok(text.includes(`shaftlog_destination_backlog_bytes{destination="${LOG2}"} 91512345678\n`));
  assert.ok(text.includes(`shaftlog_destination_lag_seconds{destination="${LOG2}"} 19804\n`));
  assert.ok(text.includes(`shaftlog_destination_up{destination="${LOG2}"} 0\n`));
  assert.ok(text.includes(`shaftlog_destination_requests_total{destination="${LOG2}",outcome="failed"} 1712\n`));
  assert.ok(text.includes(`shaftlog_destination_certificate_remaining_seconds{destination="${LOG2}"} -86400\n`));
  assert.ok(text.includes('shaftlog_build_info{version="0.9.0",role="client",node="v24.0.0"} 1\n'));
  assert.deepEqual(lines(text, "shaftlog_events_total"), [
    'shaftlog_events_total{level="warn",event="disk-nearly-full"} 1',
  ]);
  assert.ok(!text.includes("fsync"), "a client has no fsync histogram");
  const ofServer = await textOf(server());
  assert.ok(ofServer.includes('shaftlog_server_fsync_duration_seconds_bucket{le="0.0005"} 1\n'));
  assert.ok(ofServer.includes('shaftlog_server_fsync_duration_seconds_bucket{le="0.005"} 3\n'));
  assert.ok(ofServer.includes('shaftlog_server_fsync_duration_seconds_bucket{le="+Inf"} 4\n'));
});

test("asked twice, a counter does not add up, and a destination that is gone has no line", async () => {
  const metrics = createMetrics("client", SURROUNDINGS);
  await metrics.text(client());
  const again = await metrics.text(client());
  assert.match(again, /^shaftlog_destination_sent_bytes_total\{.*log1.*\} 48318382080$/m);
  const one = client();
  const text = await metrics.text({ ...one, destinations: one.destinations.slice(0, 1) });
  assert.ok(!text.includes(LOG2));
});

test("what is not known has no line", async () => {
  const text = await textOf(server({ free_bytes: null, certificate_days_left: null }));
  assert.deepEqual(lines(text, "shaftlog_server_filesystem_free_bytes"), []);
  assert.deepEqual(lines(text, "shaftlog_server_certificate_remaining_seconds"), []);
  assert.match(lines(text, "process_start_time_seconds")[0] ?? "", / \d{10}$/);
});

test("a thousand hosts have metrics, those seen last, and all are counted", async () => {
  const identities = Array.from({ length: 1_500 }, (_, i) => host(`web${i}`, { silent_seconds: i }));
  const text = await textOf(server({ identities: identities.reverse() }));
  assert.equal(lines(text, "shaftlog_identity_silent").length, 1_000);
  assert.ok(text.includes('identity="web999"}') && !text.includes('identity="web1000"}'));
  assert.ok(text.includes("shaftlog_identities 1500\n"));
});

test("a name cannot break out of its label", async () => {
  const text = await textOf(server({ identities: [host('a"} 1\nshaftlog_up 2 \\')] }));
  assert.ok(text.includes('identity="a\\"} 1\\nshaftlog_up 2 \\\\"'));
  assert.ok(!/^shaftlog_up/m.test(text));
});

const noPromtool =
  spawnSync("promtool", ["--version"]).status === 0 ? false : "no promtool (Debian package prometheus)";

test("promtool finds nothing wrong", { skip: noPromtool }, async () => {
  for (const status of [client(), dead(), server(), manyHosts()]) {
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync("promtool", ["check", "metrics"], {
      input: await textOf(status),
      encoding: "utf8",
    });
    assert.deepEqual([code, stdout, stderr], [0, "", ""]);
  }
});
