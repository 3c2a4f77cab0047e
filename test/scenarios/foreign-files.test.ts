// What matches a pattern but is no log file, and links that lead elsewhere: nothing hangs, nothing foreign is
// shipped, and the log says once what to do.

import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { sh } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

const isRoot = process.getuid?.() === 0;

/** A directory beside the logs, with a file that would match. */
function makeForeign(scene: Scene): string {
  const foreign = path.join(scene.home, "foreign");
  fs.mkdirSync(foreign);
  fs.writeFileSync(path.join(foreign, "secret.log"), "secret\n");
  return foreign;
}

test("FIFO, socket, device, directory and links at matching names: no hang, nothing foreign", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**`)] }) });
  const foreign = makeForeign(scene);
  sh("mkfifo", scene.log("fifo.log"));
  if (isRoot) {
    sh("mknod", scene.log("zero.log"), "c", "1", "5");
    sh("mknod", scene.log("block.log"), "b", "7", "0");
  }
  const socket = net.createServer().listen(scene.log("socket.log"));
  t.after(() => socket.close());
  fs.mkdirSync(scene.log("directory.log"));
  fs.writeFileSync(scene.log("directory.log/inner.log"), "inner\n");
  fs.symlinkSync("nowhere", scene.log("dangling.log"));
  fs.symlinkSync("loop.log", scene.log("loop.log"));
  fs.symlinkSync(path.join(foreign, "secret.log"), scene.log("file-link.log"));
  fs.symlinkSync(foreign, scene.log("directory-link.log"));
  fs.symlinkSync("..", scene.log("up"));
  fs.writeFileSync(scene.log("app.log"), "app\n");
  await scene.start();
  await scene.delivered(scene.log("app.log"), scene.log("directory.log/inner.log"));
  // A file gives way to a FIFO of its name, and what comes afterwards is still found.
  fs.renameSync(scene.log("app.log"), scene.log("app.log.1"));
  sh("mkfifo", scene.log("app.log"));
  fs.writeFileSync(scene.log("later.log"), "later\n");
  await scene.delivered(scene.log("later.log"));
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), ["app.log", "inner.log", "later.log"]);
  assert.equal(scene.client.events("link-skipped").length, 5, "each link is told once");
  await scene.end();
});

test("follow_symlinks: links to files and to directories are delivered, their growth too, each file once", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({ scan_paths: [{ ...byBaseName(`${logs}/**/*.log`), follow_symlinks: true }] }),
  });
  const foreign = makeForeign(scene);
  fs.writeFileSync(path.join(scene.home, "single"), "single\n");
  fs.symlinkSync(foreign, scene.log("directory"));
  fs.symlinkSync("../single", scene.log("linked.log"));
  fs.symlinkSync("linked.log", scene.log("twice.log"));
  fs.symlinkSync("..", scene.log("loop"));
  await scene.start();
  await scene.until("both", () => scene.text("secret.log") !== "" && scene.texts().length === 2);
  fs.appendFileSync(path.join(scene.home, "single"), "grown\n");
  fs.appendFileSync(path.join(foreign, "secret.log"), "grown\n");
  fs.writeFileSync(path.join(foreign, "new.log"), "new\n");
  await scene.delivered(path.join(scene.home, "single"), path.join(foreign, "new.log"));
  assert.deepEqual(
    scene
      .texts()
      .map(([, text]) => text)
      .sort(),
    ["new\n", "secret\ngrown\n", "single\ngrown\n"],
  );
  await scene.end();
});

test("a followed link is turned to another directory: new files there are found, old ones go on", async (t) => {
  const scene = await openScene(t, {
    client: ({ home }) => ({ scan_paths: [{ ...byBaseName(`${home}/current/*.log`), follow_symlinks: true }] }),
  });
  const [one, two] = ["one", "two"].map((name) => path.join(scene.home, name)) as [string, string];
  for (const directory of [one, two]) {
    fs.mkdirSync(directory);
    fs.writeFileSync(path.join(directory, `${path.basename(directory)}.log`), "first\n");
  }
  fs.symlinkSync("one", path.join(scene.home, "current"));
  await scene.start();
  await scene.delivered(path.join(one, "one.log"));
  fs.symlinkSync("two", path.join(scene.home, "next"));
  fs.renameSync(path.join(scene.home, "next"), path.join(scene.home, "current"));
  await scene.delivered(path.join(two, "two.log"));
  for (const [directory, name] of [
    [one, "one.log"],
    [two, "two.log"],
  ] as const) {
    fs.appendFileSync(path.join(directory, name), "second\n");
    await scene.until(`growth of ${name}`, () => scene.text(name) === "first\nsecond\n");
  }
  await scene.end();
});

test("a link in the spelled-out part of a pattern: one warning that says what to do, or followed if asked", async (t) => {
  const scene = await openScene(t, {
    client: ({ home }) => ({ scan_paths: [byBaseName(`${home}/current/*.log`)], scan_interval: 50 }),
  });
  const foreign = makeForeign(scene);
  fs.symlinkSync(foreign, path.join(scene.home, "current"));
  await scene.start();
  const { level, text } = await scene.client.logged("link-not-followed");
  assert.equal(level, "WARN");
  assert.match(text, /current".*symbolic link.*follow_symlinks/);
  await scene.scansPass(10);
  assert.equal(scene.client.events("link-not-followed").length, 1);
  assert.equal(filesBelow(scene.spool).size, 0);
  await scene.client.stop();

  scene.configure({ scan_paths: [{ ...byBaseName(`${scene.home}/current/*.log`), follow_symlinks: true }] });
  await scene.startClient();
  await scene.delivered(path.join(foreign, "secret.log"));
  assert.equal(scene.text("secret.log"), "secret\n");
  await scene.end();
});

// Swaps a directory for a link to a foreign one, and a file for a link to a foreign file, as fast as it can; makes
// files meanwhile, which are what the client reacts to.
const ATTACK = `
  const fs = require("node:fs");
  const [, logs, foreign] = process.argv;
  const end = performance.now() + 4000;
  let rounds = 0;
  for (; performance.now() < end; rounds++) {
    if (rounds % 10 === 0) fs.appendFileSync(logs + "/app/own-" + rounds % 500 + ".log", "own\\n");
    fs.renameSync(logs + "/app", logs + "/aside");
    fs.symlinkSync(foreign, logs + "/app");
    fs.unlinkSync(logs + "/app");
    fs.renameSync(logs + "/aside", logs + "/app");
    fs.writeFileSync(logs + "/app/flip.log", "flip\\n");
    fs.unlinkSync(logs + "/app/flip.log");
    fs.symlinkSync(foreign + "/secret.log", logs + "/app/flip.log");
    fs.unlinkSync(logs + "/app/flip.log");
  }
  console.log(rounds);
`;

test("a directory swapped for a link to a foreign one in a tight loop: nothing foreign is ever held or sent", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_interval: 5,
      retention: 0,
      scan_paths: [
        { pattern: `${logs}/app/*.log`, rename: "a/{ino}.{mtime}" },
        { pattern: `${logs}/**/*.log`, rename: "b/{ino}.{mtime}" },
      ],
    }),
  });
  const foreign = makeForeign(scene);
  fs.mkdirSync(scene.log("app"));
  await scene.start();
  const rounds = Number(sh(process.execPath, "-e", ATTACK, scene.logs, foreign));
  assert.ok(rounds > 100, `${rounds} rounds`);
  const secret = fs.statSync(path.join(foreign, "secret.log"));
  assert.equal(secret.nlink, 1, "never linked at the end");
  await scene.until("something of our own", () => scene.texts().some(([, text]) => text.startsWith("own\n")));
  await scene.delivered(scene.log("app/own-0.log"));
  for (const [name, text] of scene.texts()) assert.ok(!text.includes("secret"), name);
  for (const [name, { ino }] of filesBelow(scene.spool, true)) assert.notEqual(Number(ino), secret.ino, name);
  await scene.end({ gone: () => true });
});
