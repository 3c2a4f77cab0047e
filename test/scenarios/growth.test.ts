// Every write is seen, at once wherever the kernel tells of it: after a restart, through another name, by a writer that
// holds a deleted file. An hour between scans proves that no scan found it. And the client's own log, when it is
// delivered too, does not feed itself.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

const HOUR = { scan_interval: "1h", periodic_trigger_interval: "1h" };
/** ms; "within a second" with room for a busy machine, far below any interval in these scenarios. */
const SOON = 5_000;

/** Appends a line and waits for it at the server. */
async function arrives(scene: Scene, name: string, append: (line: string) => void): Promise<void> {
  const line = `${name} ${process.hrtime.bigint()}\n`;
  append(line);
  await scene.until(`the line in ${name}`, () => scene.text(name).endsWith(line), SOON);
}

const appendTo = (file: string) => (line: string) => fs.appendFileSync(file, line);

test("after a restart the next append of each file is delivered at once, whichever comes first", async (t) => {
  const scene = await openScene(t, { client: HOUR });
  const names = ["a.log", "b.log", "c.log", "d.log", "e.log"];
  for (const name of names) fs.writeFileSync(scene.log(name), "first\n");
  await scene.start();
  await scene.delivered(...names.map((name) => scene.log(name)));
  for (const order of [names, [...names].reverse(), ["c.log", "a.log", "e.log", "b.log", "d.log"]]) {
    await scene.client.stop();
    await scene.startClient();
    for (const name of order) await arrives(scene, name, appendTo(scene.log(name)));
  }
  await scene.end();
});

test("after a restart too: by a writer that holds a deleted file, and through a name outside every pattern", async (t) => {
  const scene = await openScene(t, { client: HOUR });
  const held = fs.openSync(scene.log("held.log"), "a");
  t.after(() => fs.closeSync(held));
  fs.writeSync(held, "first\n");
  fs.writeFileSync(scene.log("moved.log"), "first\n");
  await scene.start();
  await scene.delivered(scene.log("held.log"), scene.log("moved.log"));
  fs.rmSync(scene.log("held.log"));
  fs.renameSync(scene.log("moved.log"), path.join(scene.home, "moved"));
  for (let restart = 0; restart < 2; restart++) {
    for (let i = 0; i < 3; i++) {
      await arrives(scene, "held.log", (line) => fs.writeSync(held, line));
      await arrives(scene, "moved.log", appendTo(path.join(scene.home, "moved")));
    }
    await scene.client.stop();
    await scene.startClient();
  }
  await scene.end();
});

test("a writer that holds a deleted file goes on for a while: promptly, line by line", async (t) => {
  const scene = await openScene(t, { client: { ...HOUR, retention: "1h" } });
  const lines = new Lines();
  await scene.start();
  const writer = fs.openSync(scene.log("app.log"), "a");
  lines.write(writer);
  await scene.delivered(scene.log("app.log"));
  fs.rmSync(scene.log("app.log"));
  for (let i = 0; i < 50; i++) {
    lines.write(writer);
    if (i % 10 === 0) {
      const { count } = lines;
      await scene.until("the line", () => scene.text("app.log").includes(`line ${count} `), SOON);
    } else await pace(20);
  }
  fs.closeSync(writer);
  await scene.delivered();
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("growth through a hard link outside every watched directory is seen by the sweep", async (t) => {
  const scene = await openScene(t, { client: { scan_interval: 500, periodic_trigger_interval: "1h" } });
  await scene.start();
  fs.writeFileSync(scene.log("app.log"), "first\n");
  await scene.delivered(scene.log("app.log"));
  const outside = path.join(scene.home, "outside");
  fs.linkSync(scene.log("app.log"), outside);
  for (let i = 0; i < 3; i++) await arrives(scene, "app.log", appendTo(outside));
  await scene.end();
});

test("and by the look at one file in its turn, where the sweep is far", async (t) => {
  const scene = await openScene(t, { client: { scan_interval: "1h", periodic_trigger_interval: 20 } });
  const names = ["a.log", "b.log", "c.log"];
  for (const name of names) fs.writeFileSync(scene.log(name), "first\n");
  await scene.start();
  await scene.delivered(...names.map((name) => scene.log(name)));
  for (const name of names) {
    fs.linkSync(scene.log(name), path.join(scene.home, name));
    await arrives(scene, name, appendTo(path.join(scene.home, name)));
  }
  await scene.end();
});

test("our own logs are delivered, and idle they stop growing", async (t) => {
  const scene = await openScene(t, {
    client: ({ home, logs }) => ({
      scan_interval: 100,
      periodic_trigger_interval: 10,
      scan_paths: [byBaseName(`${home}/client.log*`), byBaseName(`${home}/server.log*`), byBaseName(`${logs}/*`)],
    }),
  });
  const own = ["client.log", "server.log"].map((name) => path.join(scene.home, name));
  await scene.start();
  for (let i = 0; i < 20; i++) fs.appendFileSync(scene.log("app.log"), `line ${i}\n`);
  await scene.delivered(...own, scene.log("app.log"));
  const sizes = () => own.map((file) => fs.statSync(file).size).join();
  // What was just said is delivered; nothing is said about that.
  let before = sizes();
  let since = performance.now();
  await scene.until("the logs are quiet for two seconds", () => {
    if (sizes() !== before) since = performance.now();
    before = sizes();
    return performance.now() - since > 2_000;
  });
  await scene.delivered(...own);
  // Appends of others do not make it speak either.
  for (let i = 0; i < 100; i++) fs.appendFileSync(scene.log("app.log"), `line ${i}\n`);
  await scene.delivered(scene.log("app.log"));
  assert.equal(sizes(), before, "nothing is logged for an append");
  assert.ok(own.every((file) => fs.statSync(file).size < 4096));
  await scene.end({ growing: ["client.log", "server.log"] });
});

test("own data directories inside a scanned tree are never scanned", async (t) => {
  const scene = await openScene(t, {
    client: ({ home, logs }) => ({
      datadir: `${logs}/spool`,
      scan_interval: 50,
      scan_paths: [
        { pattern: `${home}/logs/**`, rename: "a/{ino}" },
        { pattern: `${home}/logs/spool/{**,.*}`, rename: "b/{ino}" },
        { pattern: `${home}/logs/second/*`, rename: "c/{ino}", datadir: `${logs}/second` },
      ],
    }),
  });
  const spool = scene.log("spool");
  fs.writeFileSync(scene.log("app.log"), "app\n");
  await scene.start();
  const delivered = () => scene.texts().some(([, text]) => text === "app\n");
  await scene.until("the one file", delivered);
  await scene.scansPass(10);
  assert.equal(filesBelow(spool).size, 1);
  assert.equal(filesBelow(scene.log("second")).size, 0);
  assert.equal(filesBelow(scene.store).size, 1);
  await scene.end({ gone: () => true });
});
