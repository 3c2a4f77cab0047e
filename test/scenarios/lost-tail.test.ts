// The client's host lost power: a tail that was delivered within a millisecond was never on its disk. The application
// writes on, before or after the client is up again. Every line that anybody ever wrote is at the server once and
// whole. (Here the tail is cut off a file while nothing runs, which is what such a host finds.)

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { openScene, type Scene, type SceneOptions } from "../support/scene.ts";

const OPTIONS: SceneOptions = { truncates: true };
/** What the operator is told is a matter of the case; lines are not. */
const ANY_EVENT = { gone: (name: string) => name === "app.log", errors: ["file-shrunk"] };

/** Delivers `count` lines, then loses power; `keep`: what of the file's bytes the disk has. */
async function losePower(scene: Scene, lines: Lines, count: number, keep: (size: number) => number): Promise<void> {
  lines.append(scene.log("app.log"), count);
  await scene.delivered(scene.log("app.log"));
  await scene.client.kill();
  fs.truncateSync(scene.log("app.log"), keep(fs.statSync(scene.log("app.log")).size));
}

/** Bytes up to and with the last line break in the file's first `size` bytes. */
function wholeLines(scene: Scene, size: number): number {
  return fs.readFileSync(scene.log("app.log")).subarray(0, size).lastIndexOf(10) + 1;
}

const TAILS: readonly (readonly [what: string, keep: (scene: Scene) => (size: number) => number])[] = [
  ["the last lines", (scene) => (size) => wholeLines(scene, size - 1000)],
  ["all but the first lines", (scene) => () => wholeLines(scene, 500)],
  ["everything", () => () => 0],
];

for (const [what, keep] of TAILS) {
  for (const [when, count] of [
    ["less than was lost", 5],
    ["more than was lost", 300],
  ] as const) {
    test(`${what} lost, the application writes ${when} before the client is up`, async (t) => {
      const scene = await openScene(t, OPTIONS);
      const lines = new Lines();
      await scene.start();
      await losePower(scene, lines, 200, keep(scene));
      lines.append(scene.log("app.log"), count);
      await scene.startClient();
      await complete(scene, lines);
      await scene.end(ANY_EVENT);
    });
  }

  test(`${what} lost, the application writes on after the client is up, line by line`, async (t) => {
    const scene = await openScene(t, OPTIONS);
    const lines = new Lines();
    await scene.start();
    await losePower(scene, lines, 200, keep(scene));
    await scene.startClient();
    for (let i = 0; i < 40; i++) {
      lines.append(scene.log("app.log"), 10);
      await scene.until("a look", () => true);
    }
    await complete(scene, lines);
    await scene.end(ANY_EVENT);
  });
}

/** Every line is there; the file itself holds only those after the loss, and some from before. */
async function complete(scene: Scene, lines: Lines): Promise<void> {
  const count = () => scene.texts().join("").split("line ").length - 1;
  await scene.until("as many lines as were written", () => count() >= lines.count);
  assertExactlyOnce(scene.texts(), lines.count);
  lines.append(scene.log("app.log"), 10);
  await scene.until("and those that follow", () => count() >= lines.count);
  assertExactlyOnce(scene.texts(), lines.count);
}

test("the tail lost within a line: the line is whole at the server, and what follows is whole", async (t) => {
  const scene = await openScene(t, OPTIONS);
  const lines = new Lines();
  await scene.start();
  await losePower(scene, lines, 200, (size) => wholeLines(scene, size - 1000) + 3);
  await scene.startClient();
  // Loggers that open with O_APPEND write on behind the cut line, which then is one line with theirs.
  fs.appendFileSync(scene.log("app.log"), "\n");
  lines.append(scene.log("app.log"), 300);
  const count = () =>
    scene
      .texts()
      .join("")
      .split(/line \d/).length - 1;
  await scene.until("as many lines as were written", () => count() >= lines.count);
  const all = scene.texts().flatMap(([, text]) => text.split("\n"));
  for (let line = 1; line <= lines.count; line++) {
    const found = all.filter((text) => text.startsWith(`line ${line} `) && text.endsWith(` ${"x".repeat(line % 60)}`));
    assert.equal(found.length, 1, `line ${line}`);
  }
  await scene.end(ANY_EVENT);
});

test("nothing lost but the client's memory of it: nothing is sent again, nothing told", async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 200);
  await scene.delivered(scene.log("app.log"));
  await scene.client.kill();
  for (const name of [".memory", ".clean"]) fs.rmSync(`${scene.spool}/${name}`, { force: true });
  lines.append(scene.log("app.log"), 10);
  await scene.startClient();
  await scene.delivered(scene.log("app.log"));
  assertExactlyOnce(scene.texts(), lines.count);
  assert.equal(scene.texts().length, 1);
  await scene.end();
});

test("a tail lost on the disk and the memory with it: lines are there once all the same", async (t) => {
  const scene = await openScene(t, OPTIONS);
  const lines = new Lines();
  await scene.start();
  await losePower(scene, lines, 200, (size) => wholeLines(scene, size - 1000));
  for (const name of [".memory", ".clean"]) fs.rmSync(`${scene.spool}/${name}`, { force: true });
  lines.append(scene.log("app.log"), 300);
  await scene.startClient();
  await complete(scene, lines);
  await scene.end(ANY_EVENT);
});

test("the tail lost twice, the second time all that came since the first: lines are there once", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  const log = scene.log("app.log");
  const lines = new Lines();
  await scene.startServer();
  lines.append(log, 100);
  const { size } = fs.statSync(log);
  for (let life = 0; life < 3; life++) {
    lines.append(log, 50);
    await scene.startClient();
    const count = () => scene.texts().reduce((sum, [, text]) => sum + text.split("\n").length - 1, 0);
    await scene.until("as many lines as were written", () => count() >= lines.count);
    assertExactlyOnce(scene.texts(), lines.count);
    await scene.client.kill();
    fs.truncateSync(log, size);
  }
  assert.deepEqual(scene.client.events("file-diverged"), []);
});

test("a generation lost from its first byte on, and the memory with it: what is new goes on, what is there stays", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  const log = scene.log("app.log");
  await scene.startServer();
  fs.writeFileSync(
    log,
    "0 first line\n0 and another, so that there is a beginning to know the file by, of some length\n",
  );
  const { size } = fs.statSync(log);
  const there = () => scene.texts().flatMap(([, text]) => text.split("\n").filter((line) => line !== ""));
  const written = fs.readFileSync(log, "utf8").split("\n").slice(0, 2);
  for (const life of ["a", "b", "c"]) {
    // No two lives' lines have a byte in common at their beginning.
    const lines = Array.from({ length: 20 }, (_, i) => `${life} ${i}`);
    fs.appendFileSync(log, `${lines.join("\n")}\n`);
    written.push(...lines);
    await scene.startClient();
    await scene.until("as many lines as were written", () => there().length >= written.length);
    assert.deepEqual(there().sort(), [...written].sort());
    await scene.client.kill();
    fs.truncateSync(log, size);
    for (const name of [".memory", ".clean"]) fs.rmSync(`${scene.spool}/${name}`, { force: true });
  }
});

test("tails lost one after the other, at places further and further on, the last one twice: lines are there once", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  const log = scene.log("app.log");
  const written: string[] = [];
  const append = (life: string) => {
    // No two lives' lines have a byte in common at their beginning.
    const lines = Array.from({ length: 50 }, (_, i) => `${life} ${i}, one line of many`);
    fs.appendFileSync(log, lines.map((line) => `${line}\n`).join(""));
    written.push(...lines);
    return fs.statSync(log).size;
  };
  const there = () => scene.texts().flatMap(([, text]) => text.split("\n").filter((line) => line !== ""));
  await scene.startServer();
  let kept = append("a");
  for (const [life, keeps] of [
    ["b", true],
    ["c", true],
    ["d", false],
    ["e", false],
    ["f", true],
    ["g", false],
  ] as const) {
    const half = append(life);
    append(life.toUpperCase());
    await scene.startClient();
    await scene.until("as many lines as were written", () => there().length >= written.length);
    assert.deepEqual(there().sort(), [...written].sort());
    await scene.client.kill();
    // What the disk has of it: the first half, or nothing.
    if (keeps) kept = half;
    fs.truncateSync(log, kept);
  }
  assert.deepEqual(scene.client.events("file-diverged"), []);
});
