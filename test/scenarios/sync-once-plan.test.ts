// sync-once --dry-run: it shows what would go where, and nothing else happens: no file is made or changed, no
// connection is opened, and a running client does not matter.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { FakeServer } from "../support/fake-server.ts";
import { asNobody, needsRoot } from "../support/restricted.ts";
import { openScene } from "../support/scene.ts";
import { eventsOf, fileIn, reportOf, sync } from "../support/sync-once.ts";
import { noStrace, picture, touches, watched } from "../support/untouched.ts";

test("nothing is made, changed or connected to", { skip: noStrace }, async (t) => {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  scene.configure({ destinations: [`${server.url}{hostname}/{machine}/`] });
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  const before = picture(scene.home);
  const calls = path.join(fs.mkdtempSync(path.join(path.dirname(scene.home), "shaftlog-")), "calls");
  t.after(() => fs.rmSync(path.dirname(calls), { recursive: true }));
  for (const flags of [[], ["--json"], ["--base", "/"]]) {
    await sync(scene, 0, ["--dry-run", "--hostname", "h", ...flags], { wrapper: watched(calls) });
    assert.deepEqual(touches(calls), []);
  }
  assert.equal(picture(scene.home), before, "no spool, no log file");
  assert.equal(server.connections, 0);
  // The proof sees what a real run does.
  await sync(scene, 0, ["--hostname", "h"], { wrapper: watched(calls) });
  assert.ok(
    touches(calls).some((line) => line.includes("link")) && touches(calls).some((line) => line.includes("connect(")),
  );
});

test("the plan: a line for each file and destination, with the URL; as JSON the report's keys", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**`)] }) });
  scene.configure({ destinations: ["http://127.0.0.1:1/{hostname}/", "http://127.0.0.1:2/x/"] });
  fs.writeFileSync(scene.log("a b.log"), "hello\n");
  const { stdout } = await sync(scene, 0, ["--dry-run", "--hostname", "web 1"]);
  assert.equal(
    stdout,
    `"${scene.log("a b.log")}" 6 bytes → http://127.0.0.1:1/web%201/a%20b.log\n` +
      `"${scene.log("a b.log")}" 6 bytes → http://127.0.0.1:2/x/a%20b.log\n`,
  );
  const report = reportOf(await sync(scene, 0, ["--dry-run", "--json", "-q", "--hostname", "web1"]));
  assert.deepEqual([report.result, report.bytes_sent], ["dry-run", 0]);
  assert.deepEqual(report.files, [
    {
      name: "a b.log",
      source: scene.log("a b.log"),
      size: 6,
      destinations: ["http://127.0.0.1:1/web1/", "http://127.0.0.1:2/x/"].map((url) => ({
        url,
        acknowledged: 0,
        state: "planned",
        error: null,
      })),
    },
  ]);
  scene.configure({ scan_paths: [byBaseName(`${scene.logs}/none*`)] });
  assert.equal((await sync(scene, 0, ["--dry-run"])).stdout, "");
  assert.deepEqual(reportOf(await sync(scene, 0, ["--dry-run", "--json"])).files, []);
});

test("names are those that the spool has, and those that adoption would give", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [{ pattern: `${logs}/*.log*` }] }) });
  await scene.startServer();
  fs.writeFileSync(scene.log("old.log"), "old\n");
  await sync(scene, 0);
  const [given] = scene.namesOf(scene.log("old.log"));
  fs.appendFileSync(scene.log("old.log"), "grown\n");
  fs.renameSync(scene.log("old.log"), scene.log("old.log.1"));
  fs.writeFileSync(scene.log("new.log"), "new\n");
  const planned = reportOf(await sync(scene, 0, ["--dry-run", "--json"]));
  assert.deepEqual(
    [fileIn(planned, scene.log("old.log.1")).name, fileIn(planned, scene.log("old.log.1")).size],
    [given, 10],
  );
  const report = reportOf(await sync(scene, 0, ["--json"]));
  assert.deepEqual(
    planned.files.map(({ name, source, size }) => [name, source, size]).sort(),
    report.files.map(({ name, source, size }) => [name, source, size]).sort(),
  );
  await scene.end();
});

test("while a client runs: it works, and the client is not disturbed", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  await scene.delivered(scene.log("a.log"));
  await scene.until("its memory is written", () => fs.existsSync(path.join(scene.spool, ".memory")));
  const before = picture(scene.spool);
  const report = reportOf(await sync(scene, 0, ["--dry-run", "--json"]));
  assert.equal(fileIn(report, "a.log").source, scene.log("a.log"));
  assert.equal(picture(scene.spool), before);
  await scene.end();
});

test("what could not be delivered is told, with exit code 3", { skip: needsRoot }, async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**`)] }) });
  fs.chmodSync(scene.home, 0o755);
  fs.writeFileSync(scene.log("a.log"), "hello\n");
  fs.writeFileSync(scene.log("closed"), "");
  fs.rmSync(scene.log("closed"));
  fs.mkdirSync(scene.log("closed"), { mode: 0o700 });
  const wrapper = asNobody(scene.home);
  const ended = await sync(scene, 3, ["--dry-run"], { wrapper });
  assert.match(ended.stdout, new RegExp(`"${scene.log("closed")}" not delivered: permission denied \\(EACCES\\)`));
  assert.equal(eventsOf(ended, "path-not-readable").length, 1);
  const report = reportOf(await sync(scene, 3, ["--dry-run", "--json"], { wrapper }));
  assert.deepEqual(
    fileIn(report, scene.log("closed")).destinations.map(({ state }) => state),
    ["refused"],
  );
  // A spool that may not be read: its files would seem to be new ones.
  fs.mkdirSync(scene.spool, { mode: 0o700 });
  const { stderr } = await sync(scene, 2, ["--dry-run"], { wrapper });
  assert.match(stderr, /Cannot read data directory ".*": permission denied \(EACCES\): run it as root/);
});
