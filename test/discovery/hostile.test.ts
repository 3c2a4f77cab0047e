// What discovery must not ship and must not trip over: links, odd files, directories swapped for links in the
// middle of a scan, files that may not be linked (src/discovery/walk.ts, adopt.ts).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { directoryMethods, errno, finding, pattern, started, told, write } from "../support/finding.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const ROOT = process.geteuid?.() === 0;
const NOBODY = 65534;

test("FIFO, socket, device, directory, links: no hang, nothing foreign, the link told of once", async () => {
  const dir = tempDir();
  const log = join(dir, "log");
  const secret = write(join(dir, "secret.log"), "secret\n");
  fs.mkdirSync(join(log, "dir.log"), { recursive: true });
  execFileSync("mkfifo", [join(log, "fifo.log")]);
  if (ROOT) execFileSync("mknod", [join(log, "null.log"), "c", "1", "3"]);
  fs.symlinkSync(secret, join(log, "link.log"));
  fs.symlinkSync("/nowhere", join(log, "dangling.log"));
  const server = createServer().listen(join(log, "socket.log"));
  await until(() => server.listening, "the socket is there");
  write(join(log, "real.log"));
  const found = await started({ dir });
  await found.discovery.scanOnce();
  assert.equal(found.held.size, 1);
  assert.deepEqual(told(found), ["link-skipped", "link-skipped", "files-found"]);
  server.close();
  await found.stop();
});

test("a link in the spelled-out part is told with the remedy; follow_symlinks follows it, and links to files", async () => {
  const dir = tempDir();
  write(join(dir, "real/app/a.log"), "a\n");
  write(join(dir, "other/b.txt"), "b\n");
  fs.mkdirSync(join(dir, "log"));
  fs.symlinkSync("../real", join(dir, "log/link"));
  fs.symlinkSync(join(dir, "other/b.txt"), join(dir, "real/app/b.log"));
  fs.symlinkSync(".", join(dir, "real/app/loop"));
  const refusing = await finding({ dir, patterns: (log) => [pattern(`${log}/link/app/*.log`)] });
  const report = await refusing.discovery.scanOnce();
  assert.deepEqual(
    report.problems.map(({ kind, source }) => [kind, source]),
    [["link-not-followed", join(dir, "log/link")]],
  );
  assert.match(refusing.events[0]?.text ?? "", /follow_symlinks/);
  await refusing.stop();
  const found = await started({ dir, patterns: (log) => [pattern(`${log}/link/**/*.log`, { followSymlinks: true })] });
  await until(() => found.held.size === 2, "both are held");
  const b = await found.at(join(dir, "log/link/app/b.log"));
  fs.appendFileSync(join(dir, "other/b.txt"), "more\n");
  await until(() => b.entry.size === 7, "what is written to a link's target is seen at once", 2000);
  await found.at(write(join(dir, "log/link/app/new.log")));
  await found.stop();
});

test("a directory swapped for a link all the time ships nothing from where the link leads", async () => {
  const dir = tempDir();
  const secret = write(join(dir, "secret/x.log"), "secret\n");
  write(join(dir, "log/app/x.log"), "honest\n");
  fs.symlinkSync(join(dir, "secret"), join(dir, "log/evil"));
  const found = await started({ dir, patterns: (log) => [pattern(`${log}/app/*.log`), pattern(`${log}/*/x.log`)] });
  const swapper = new Worker(
    `const { renameSync } = require("node:fs");
     const [app, evil, aside] = ["app", "evil", "aside"].map((name) => ${JSON.stringify(`${dir}/log/`)} + name);
     for (const end = Date.now() + 1500; Date.now() < end; ) {
       renameSync(app, aside); renameSync(evil, app); renameSync(app, evil); renameSync(aside, app);
     }`,
    { eval: true },
  );
  let running = true;
  swapper.once("exit", () => {
    running = false;
  });
  let scans = 0;
  while (running) {
    await found.discovery.scanOnce();
    await turn();
    scans++;
  }
  assert.ok(scans > 20, `${scans} scans`);
  const { ino } = fs.statSync(secret, { bigint: true });
  for (const { entry } of found.held.values()) assert.notEqual(entry.ino, ino);
  assert.equal(fs.statSync(secret).nlink, 1);
  assert.equal(found.added.length, 1);
  await found.stop();
});

test("a file swapped for a link between look and link is not held", async (t) => {
  const found = await finding();
  const secret = write(join(found.dir, "secret"), "secret\n");
  const path = write(join(found.log, "a.log"));
  const methods = directoryMethods();
  const { link } = methods;
  const mocked = t.mock.method(methods, "link", function (this: typeof methods, ...args: Parameters<typeof link>) {
    fs.rmSync(path, { force: true });
    fs.symlinkSync(secret, path);
    link.apply(this, args);
  });
  await found.discovery.scanOnce();
  assert.ok(mocked.mock.callCount() > 0);
  assert.equal(found.held.size, 0);
  assert.deepEqual(fs.readdirSync(found.spool), []);
  await found.stop();
});

test("two files swapped between look and link: each is held under the name that is made of it", async (t) => {
  const found = await finding({ patterns: (log) => [pattern(`${log}/*.log`, { rename: "{name}.{ino}" })] });
  const [a, b, aside] = ["a.log", "b.log", "aside"].map((name) => join(found.log, name)) as [string, string, string];
  write(a, "content of a\n");
  write(b, "content of b\n");
  const methods = directoryMethods();
  const { link } = methods;
  let swaps = 0;
  t.mock.method(methods, "link", function (this: typeof methods, ...args: Parameters<typeof link>) {
    if (swaps++ === 0) {
      fs.renameSync(a, aside);
      fs.renameSync(b, a);
      fs.renameSync(aside, b);
    }
    link.apply(this, args);
  });
  for (let scan = 0; scan < 2; scan++) await found.discovery.scanOnce();
  assert.ok(swaps > 0);
  assert.equal(found.held.size, 2);
  for (const [name, { entry }] of found.held) assert.ok(name.endsWith(`.${entry.ino}`), `${name} is ${entry.ino}`);
  await found.stop();
});

test("an unprivileged client: told once which file and what to do, adopted once that is mended", {
  skip: !ROOT && "needs root",
}, async () => {
  const dir = tempDir("/tmp");
  fs.chmodSync(dir, 0o755);
  const path = write(join(dir, "log/a.log"));
  for (const name of ["spool", "log"]) {
    fs.mkdirSync(join(dir, name), { recursive: true });
    fs.chownSync(join(dir, name), NOBODY, NOBODY);
  }
  process.seteuid?.(NOBODY);
  try {
    const found = await finding({ dir });
    write(join(found.log, "own.log"));
    for (let i = 0; i < 3; i++) {
      const { problems } = await found.discovery.scanOnce();
      assert.deepEqual(
        problems.map(({ kind, source }) => [kind, source]),
        [["unlinkable", path]],
      );
    }
    assert.equal(found.held.size, 1, "others are unaffected");
    assert.deepEqual(told(found).filter((name) => name === "file-not-linked").length, 1);
    assert.match(found.events.find(({ level }) => level === "error")?.text ?? "", /uid 0.*fs\.protected_hardlinks/);
    process.seteuid?.(0);
    fs.chownSync(path, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
    await found.discovery.scanOnce();
    assert.equal(found.held.size, 2);
    await found.stop();
  } finally {
    process.seteuid?.(0);
  }
});

test("a directory that may not be read: reported with its path, the rest is found", {
  skip: !ROOT && "needs root",
}, async () => {
  const dir = tempDir("/tmp");
  fs.chmodSync(dir, 0o777);
  write(join(dir, "log/closed/a.log"));
  write(join(dir, "log/open/b.log"));
  fs.chmodSync(join(dir, "log/closed"), 0o700);
  execFileSync("chown", ["-R", String(NOBODY), join(dir, "log/open"), join(dir, "log/open/b.log")]);
  process.seteuid?.(NOBODY);
  try {
    const found = await finding({ dir, patterns: (log) => [pattern(`${log}/**/*.log`)] });
    const { problems } = await found.discovery.scanOnce();
    assert.deepEqual(
      problems.map(({ kind, source }) => [kind, source]),
      [["unreadable", join(dir, "log/closed")]],
    );
    assert.equal(found.held.size, 1);
    await found.stop();
  } finally {
    process.seteuid?.(0);
  }
});

test("each reason why a file cannot be linked comes with its remedy, and no other file suffers", async (t) => {
  for (const [code, remedy] of [
    ["EXDEV", "scan_paths[].datadir"],
    ["EPERM", "chattr -a"],
    ["EMLINK", "hard links"],
    ["ENOSPC", "make room"],
    ["EROFS", "read-only"],
  ] as const) {
    const found = await finding();
    write(join(found.log, "bad.log"));
    write(join(found.log, "good.log"));
    const methods = directoryMethods();
    const { link } = methods;
    const mocked = t.mock.method(methods, "link", function (this: typeof methods, ...args: Parameters<typeof link>) {
      if (args[0] === "bad.log") throw errno(code);
      link.apply(this, args);
    });
    const { problems } = await found.discovery.scanOnce();
    mocked.mock.restore();
    assert.ok(problems[0]?.reason.includes(remedy), problems[0]?.reason);
    assert.equal(found.held.size, 1);
    await found.discovery.scanOnce();
    assert.equal(found.held.size, 2);
    await found.stop();
  }
});
