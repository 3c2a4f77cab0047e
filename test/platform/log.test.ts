// The log: one event one line, the same trouble once a minute with a count, a flood bounded, and a file that fails
// never in the way of the work.

import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { debug, error, info, warn } from "../../src/base/events.ts";
import { openLog } from "../../src/platform/log.ts";
import { LogQuota, QUOTA_LINES, QUOTA_WINDOW } from "../../src/platform/log-quota.ts";
import { tempDir } from "../support/temp-dir.ts";

test("one event is one line, whatever it holds", () => {
  const path = join(tempDir(), "log");
  const log = openLog({ path, debug: false });
  log.emit(info("a-b", "text\nwith\r\0\u001b[31m breaks\u2028\u0085"));
  log.emit(warn("b", "plain ü"));
  log.emit(debug("c", "not shown"));
  log.close();
  const lines = fs.readFileSync(path, "utf8").split("\n");
  assert.match(
    lines[0] ?? "",
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO a-b text\\nwith\\r\\x00\\x1b\[31m breaks\\u2028\\u0085$/,
  );
  assert.match(lines[1] ?? "", /Z WARN b plain ü$/);
  assert.deepEqual(lines.slice(2), [""]);
  assert.equal(fs.statSync(path).mode & 0o777, 0o640);
});

test("debug events are written where asked for; a log is appended to", () => {
  const path = join(tempDir(), "log");
  fs.writeFileSync(path, "before\n");
  const log = openLog({ path, debug: true });
  log.emit(debug("c", "shown"));
  log.close();
  assert.match(fs.readFileSync(path, "utf8"), /^before\n\S+ DEBUG c shown\n$/);
});

test("reopen follows a rotation", () => {
  const path = join(tempDir(), "log");
  const log = openLog({ path, debug: false });
  log.emit(info("a", "one"));
  fs.renameSync(path, `${path}.1`);
  log.emit(info("a", "two"));
  log.reopen();
  log.emit(info("a", "three"));
  log.close();
  assert.match(fs.readFileSync(`${path}.1`, "utf8"), /one\n.*two\n$/);
  assert.match(fs.readFileSync(path, "utf8"), /^\S+ INFO a three\n$/);
});

test("the same warning is printed once within a minute, and then how often it came again", () => {
  const quota = new LogQuota();
  const event = error("store", "Cannot do it");
  assert.deepEqual(quota.offer(event, 0), [event]);
  for (let i = 1; i <= 5; i++) assert.deepEqual(quota.offer(event, i), []);
  assert.deepEqual(quota.offer(error("store", "Cannot do that"), 6).length, 1);
  const due = quota.offer(event, QUOTA_WINDOW);
  assert.deepEqual(
    due.map(({ text }) => text),
    ["Cannot do it (5 more within a minute)", "Cannot do it"],
  );
  assert.deepEqual(quota.summary(3 * QUOTA_WINDOW, false), []);
});

test("what was left out is told at the end at the latest", () => {
  const path = join(tempDir(), "log");
  const log = openLog({ path, debug: false });
  for (let i = 0; i < 3; i++) log.emit(warn("x", "again"));
  log.close();
  assert.match(fs.readFileSync(path, "utf8"), /^\S+ WARN x again\n\S+ WARN x again \(2 more within a minute\)\n$/);
});

test("a flood of one name is bounded and counted, others are not held up by it", () => {
  const quota = new LogQuota();
  let printed = 0;
  for (let i = 0; i < 10_000; i++) printed += quota.offer(warn("flood", `line ${i}`), i).length;
  assert.equal(printed, QUOTA_LINES);
  assert.equal(quota.offer(warn("other", "line"), 10_000).length, 1);
  assert.deepEqual(
    quota.summary(QUOTA_WINDOW, false).map(({ text }) => text),
    [`${10_000 - QUOTA_LINES} more of these within a minute, the last: line 9999`],
  );
  assert.equal(quota.offer(warn("flood", "line"), QUOTA_WINDOW + 1).length, 1);
});

test("info lines that are alike are all printed", () => {
  const quota = new LogQuota();
  for (let i = 0; i < 10; i++) assert.equal(quota.offer(info("status", "idle"), i).length, 1);
});
