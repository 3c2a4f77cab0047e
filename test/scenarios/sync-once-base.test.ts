// sync-once --base: another host's files from a backup or its disk. Files that its spool knows keep their names, the
// others get the names that its client would give, the same at each run; nothing is written there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { configureFor, copy, DATADIR, LOGS, makeHost, readOnly, runThere, syncBase, write } from "../support/base.ts";
import { FakeServer } from "../support/fake-server.ts";
import { openScene } from "../support/scene.ts";
import { fileIn, statesOf, sync } from "../support/sync-once.ts";
import { filesBelow } from "../support/trees.ts";
import { noStrace, touches, watched } from "../support/untouched.ts";

const noMounts = spawnSync("unshare", ["--mount", "true"]).status === 0 ? false : "no mount namespaces";

test("a copy of a host with its spool: nothing is sent twice, and the rest under the names that it gave", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const host = makeHost(scene, "web1", {
    "/var/log/a.log": "a\n",
    "/var/log/b.log": "b\n",
    "/var/log/gone.log": "gone\n",
  });
  await runThere(scene, host, "web1");
  // Afterwards the host writes, rotates, deletes and finds; then it dies.
  fs.appendFileSync(path.join(host, "var/log/a.log"), "grown\n");
  fs.renameSync(path.join(host, "var/log/b.log"), path.join(host, "var/log/b.log.1"));
  fs.appendFileSync(path.join(host, "var/log/b.log.1"), "rotated\n");
  fs.rmSync(path.join(host, "var/log/gone.log"));
  fs.appendFileSync(path.join(host, DATADIR, "gone.log"), "last words\n");
  write(host, { "/var/log/b.log": "new b\n", "/var/log/sub/new.log": "new\n" });
  const base = copy(host, path.join(scene.home, "backup"));

  const report = await syncBase(scene, base, 0);
  const sizes = Object.entries({
    "a.log": "grown\n",
    "b.log": "rotated\n",
    "gone.log": "last words\n",
    "new.log": "new\n",
  });
  assert.equal(report.bytes_sent, sizes.reduce((sum, [, more]) => sum + more.length, 0) + "new b\n".length);
  assert.equal(fileIn(report, "/var/log/a.log").name, "a.log", "the path without the base");
  assert.equal(fileIn(report, "/var/log/b.log.1").name, "b.log");
  const newer = fileIn(report, "/var/log/b.log").name ?? "";
  assert.match(newer, /^b\.log\.i\d+$/, "its name belongs to the file that was rotated away");
  assert.equal(scene.text("web1/a.log"), "a\ngrown\n");
  assert.equal(scene.text("web1/b.log"), "b\nrotated\n");
  assert.equal(scene.text("web1/gone.log"), "gone\nlast words\n");
  assert.equal(scene.text(`web1/${newer}`), "new b\n");
  assert.equal(filesBelow(scene.store).size, 5);

  assert.equal((await syncBase(scene, base, 0)).bytes_sent, 0);
  assert.equal(filesBelow(scene.store).size, 5);
});

test("a copy of a host without a spool: a second run sends nothing, and names that collide are the same each time", async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const files = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/var/log/d${i}/app.log`, `${i}\n`]));
  const base = copy(makeHost(scene, "db1", files), path.join(scene.home, "backup"));
  const first = await syncBase(scene, base, 0);
  const names = first.files.map(({ source, name }) => [source, name]).sort();
  assert.equal(new Set(names.map(([, name]) => name)).size, 20);
  for (const [source, name] of names) {
    const { ino } = fs.statSync(path.join(base, source ?? ""), { bigint: true });
    assert.ok(name === "app.log" || name === `app.log.i${ino}`, `${name} of ${source}`);
    assert.equal(scene.text(`db1/${name}`), fs.readFileSync(path.join(base, source ?? ""), "utf8"));
  }
  for (const run of ["second", "third"]) {
    const again = await syncBase(scene, base, 0);
    assert.deepEqual(again.files.map(({ source, name }) => [source, name]).sort(), names, run);
    assert.equal(again.bytes_sent, 0);
  }
  assert.equal(filesBelow(scene.store).size, 20);
  assert.equal(fs.existsSync(path.join(base, DATADIR)), false);
});

test("a second run sends not even a request with bytes", async (t) => {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  const base = makeHost(scene, "web1", { "/var/log/a.log": "a\n", "/var/log/b.log": "b\n", "/var/log/empty.log": "" });
  scene.configure({ destinations: [server.url] });
  await syncBase(scene, base, 0);
  server.asked.length = 0;
  const report = await syncBase(scene, base, 0);
  assert.deepEqual(
    server.asked.filter(({ method }) => method !== "HEAD"),
    [],
  );
  assert.equal(report.files.length, 3);
});

test("nothing is written below the base, no lock either, and a read-only file system is enough", {
  skip: noStrace || noMounts,
}, async (t) => {
  const scene = await openScene(t);
  await scene.startServer();
  const host = makeHost(scene, "web1", { "/var/log/a.log": "a\n" });
  await runThere(scene, host, "web1");
  write(host, { "/var/log/b.log": "b\n" });
  const calls = path.join(scene.home, "calls");
  await syncBase(scene, host, 0, [], { wrapper: watched(calls) });
  assert.deepEqual(
    touches(calls).filter((line) => !line.includes("connect(")),
    [],
  );
  write(host, { "/var/log/c.log": "c\n" });
  const [program = "", ...words] = readOnly(host);
  assert.notEqual(spawnSync(program, [...words, "touch", path.join(host, "probe")]).status, 0, "it is read-only");
  for (const sent of ["c\n".length, 0]) {
    assert.equal((await syncBase(scene, host, 0, [], { wrapper: readOnly(host) })).bytes_sent, sent);
  }
  assert.equal(scene.text("web1/c.log"), "c\n");
});

test("generations in the spool of the base keep their names and their offsets", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await scene.startServer();
  const host = makeHost(scene, "web1", { "/var/log/cut.log": "first content\n" });
  await runThere(scene, host, "web1");
  fs.writeFileSync(path.join(host, "var/log/cut.log"), "second\n");
  // Its client finds it, and is away again before anything more is written.
  const { stderr } = await (async () => {
    const config = scene.clientConfig;
    scene.configure({
      datadir: path.join(host, DATADIR),
      scan_paths: [{ ...LOGS, pattern: path.join(host, "var/log/*.log") }],
    });
    const ended = await sync(scene, 3, ["--hostname", "web1"]);
    scene.configure(config);
    return ended;
  })();
  assert.match(stderr, /file-shrunk/);
  fs.appendFileSync(path.join(host, "var/log/cut.log"), "more\n");
  const report = await syncBase(scene, host, 0);
  assert.equal(fileIn(report, "/var/log/cut.log").name, "cut.log.g2-from-0");
  assert.equal(report.bytes_sent, "more\n".length);
  assert.equal(scene.text("web1/cut.log"), "first content\n");
  assert.equal(scene.text("web1/cut.log.g2-from-0"), "second\nmore\n");
});

test("a file of the spool that was truncated before the backup: 3, its new content under the name its client would give", async (t) => {
  const scene = await openScene(t, { truncates: true });
  await scene.startServer();
  const host = makeHost(scene, "web1", { "/var/log/cut.log": "first content\n", "/var/log/same.log": "same\n" });
  await runThere(scene, host, "web1");
  fs.writeFileSync(path.join(host, "var/log/cut.log"), "second\n");
  const base = copy(host, path.join(scene.home, "backup"));
  for (const sent of ["second\n".length, 0]) {
    const report = await syncBase(scene, base, 3);
    assert.equal(report.bytes_sent, sent);
    assert.deepEqual(statesOf(report, "cut.log.g2-from-0"), ["delivered"]);
    assert.deepEqual(statesOf(report, "cut.log"), ["refused"]);
    assert.deepEqual(statesOf(report, "same.log"), ["delivered"]);
  }
  assert.equal(scene.text("web1/cut.log"), "first content\n");
});

test("names with {time} or {atime} would differ at each run: exit 2", async (t) => {
  const scene = await openScene(t);
  const base = makeHost(scene, "web1", { "/var/log/a.log": "a\n" });
  for (const rename of ["{name}.{time}", "{atime}"]) {
    configureFor(scene, { paths: [{ name: "odd one", pattern: "/var/log/*.log", rename }, LOGS] });
    const { stderr, stdout } = await sync(scene, 2, ["--base", base]);
    assert.match(stderr, /\{time\} or \{atime\}.*pattern "odd one" in .*client\.yaml/);
    assert.equal(stdout, "");
  }
  configureFor(scene, { paths: [{ pattern: "/var/log/*.log", regex_from: "^.*/", regex_to: "{time}/" }] });
  await sync(scene, 2, ["--base", base]);
  await sync(scene, 2, ["--base", base, "--dry-run"]);
});
