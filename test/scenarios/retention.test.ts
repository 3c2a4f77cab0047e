// Letting go: a file that its owner deleted goes from the spool when every destination has all of it and it is old
// enough; never before, never while another name exists, and its name is never given again.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pace } from "../support/pace.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

const QUICK = { scan_interval: 100, retention: "1s" };
const DEAD = "http://127.0.0.9:9/";
const anyName = { gone: () => true };

const held = (scene: Scene): string[] => [...filesBelow(scene.spool).keys()].sort();

/** Writes a file, and deletes it once it is delivered. */
async function deliverAndDelete(scene: Scene, name: string, content = `${name}\n`): Promise<void> {
  fs.writeFileSync(scene.log(name), content);
  await scene.delivered(scene.log(name));
  fs.rmSync(scene.log(name));
}

test("released after retention; its name stays taken, over restarts as well", async (t) => {
  const scene = await openScene(t, { client: QUICK });
  await scene.start();
  fs.writeFileSync(scene.log("stays.log"), "stays\n");
  await deliverAndDelete(scene, "app.log", "first\n");
  const deleted = performance.now();
  const { text } = await scene.client.logged("file-released");
  assert.ok(performance.now() - deleted > 500, "not at once");
  assert.match(text, /"app\.log"/);
  assert.deepEqual(held(scene), ["stays.log"]);
  fs.writeFileSync(scene.log("app.log"), "second\n");
  await scene.delivered(scene.log("app.log"));
  const [second = ""] = scene.namesOf(scene.log("app.log"));
  assert.match(second, /^app\.log\.i\d+$/);
  assert.equal(scene.text("app.log"), "first\n", "never touched again");
  assert.equal(scene.text(second), "second\n");
  fs.rmSync(scene.log("app.log"));
  await scene.until("the second is released", () => held(scene).length === 1);
  await scene.client.stop();
  await scene.startClient();
  fs.writeFileSync(scene.log("app.log"), "third\n");
  await scene.delivered(scene.log("app.log"));
  assert.notEqual(scene.namesOf(scene.log("app.log"))[0], "app.log");
  assert.deepEqual(
    scene
      .texts()
      .map(([, words]) => words)
      .sort(),
    ["first\n", "second\n", "stays\n", "third\n"],
  );
  await scene.end(anyName);
});

test("never while the owner has a name for it, wherever that is, nor while it still grows", async (t) => {
  const scene = await openScene(t, { client: { ...QUICK, retention: 300 } });
  await scene.start();
  fs.writeFileSync(scene.log("kept.log"), "kept\n");
  fs.writeFileSync(scene.log("moved.log"), "moved\n");
  const writer = fs.openSync(scene.log("busy.log"), "a");
  fs.writeSync(writer, "busy\n");
  await scene.delivered(scene.log("kept.log"), scene.log("moved.log"), scene.log("busy.log"));
  fs.renameSync(scene.log("moved.log"), path.join(scene.home, "moved"));
  fs.rmSync(scene.log("busy.log"));
  for (let i = 0; i < 20; i++) {
    fs.writeSync(writer, "busy\n");
    await pace(50);
    assert.deepEqual(held(scene), ["busy.log", "kept.log", "moved.log"]);
  }
  fs.closeSync(writer);
  await scene.until("the busy one is released", () => held(scene).length === 2);
  assert.equal(scene.text("busy.log"), "busy\n".repeat(21));
  fs.rmSync(path.join(scene.home, "moved"));
  await scene.until("the moved one, once it has no other name", () => held(scene).join() === "kept.log");
  await scene.end(anyName);
});

test("never while one destination lacks bytes of it", async (t) => {
  const scene = await openScene(t, { client: ({ url }) => ({ ...QUICK, retention: 0, destinations: [url, DEAD] }) });
  await scene.start();
  await deliverAndDelete(scene, "app.log");
  await scene.scansPass(10);
  assert.deepEqual(held(scene), ["app.log"]);
  await scene.client.stop();
  await scene.startClient();
  await scene.scansPass(10);
  assert.deepEqual(held(scene), ["app.log"], "after a restart as well");
  await scene.client.stop();
  scene.configure({ destinations: [scene.url] });
  await scene.startClient();
  await scene.until("it is released", () => held(scene).length === 0);
  await scene.end({ ...anyName, errors: ["destination-unreachable"] });
});

test("retention: never keeps it for ever, as the original did", async (t) => {
  const scene = await openScene(t, { client: { ...QUICK, retention: "never" } });
  await scene.start();
  await deliverAndDelete(scene, "app.log");
  await scene.scansPass(15);
  assert.deepEqual(held(scene), ["app.log"]);
  await scene.end();
});

test("a file that was never written is released too, though no server ever heard of it", async (t) => {
  const scene = await openScene(t, { client: { ...QUICK, retention: 0 } });
  await scene.start();
  fs.writeFileSync(scene.log("empty.log"), "");
  await scene.until("it is held", () => held(scene).length === 1);
  fs.rmSync(scene.log("empty.log"));
  await scene.until("it is released", () => held(scene).length === 0);
  assert.equal(filesBelow(scene.store).size, 0);
  await scene.end();
});

test("names in directories: empty ones go with their files", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      ...QUICK,
      retention: 0,
      scan_paths: [{ pattern: `${logs}/**/*.log`, regex_from: `^${logs}/`, regex_to: "" }],
    }),
  });
  await scene.start();
  fs.mkdirSync(scene.log("a/b/c"), { recursive: true });
  fs.mkdirSync(scene.log("a/x"));
  fs.writeFileSync(scene.log("a/x/y.log"), "y\n");
  await deliverAndDelete(scene, "a/b/c/d.log");
  await scene.until("released", () => held(scene).join() === "a/x/y.log");
  await scene.until("its directories too", () => !fs.existsSync(path.join(scene.spool, "a/b")));
  await scene.end(anyName);
});

test("sync-once delivers and lets go as well", async (t) => {
  const scene = await openScene(t, { client: { ...QUICK, retention: 0 } });
  await scene.startServer();
  fs.writeFileSync(scene.log("app.log"), "app\n");
  assert.equal(scene.syncOnce("-q").status, 0);
  fs.rmSync(scene.log("app.log"));
  assert.equal(scene.syncOnce("-q").status, 0);
  assert.deepEqual(held(scene), []);
  assert.equal(scene.text("app.log"), "app\n");
  await scene.end(anyName);
});

test("an entry whose pattern has left the configuration is delivered and released all the same", async (t) => {
  const scene = await openScene(t, { client: QUICK });
  fs.writeFileSync(scene.log("app.log"), "app\n");
  await scene.startClient();
  await scene.until("it is held", () => held(scene).length === 1);
  await scene.client.stop();
  scene.configure({ scan_paths: [{ pattern: `${scene.home}/nothing/*` }] });
  fs.appendFileSync(scene.log("app.log"), "grown\n");
  await scene.start();
  await scene.until("delivered", () => scene.text("app.log") === "app\ngrown\n");
  fs.appendFileSync(scene.log("app.log"), "grown\n");
  await scene.until("growth", () => scene.text("app.log") === "app\ngrown\ngrown\n");
  fs.rmSync(scene.log("app.log"));
  await scene.until("released", () => held(scene).length === 0);
  await scene.end({ ...anyName, errors: ["destination-unreachable"] });
});
