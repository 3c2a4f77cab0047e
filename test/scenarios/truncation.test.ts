// copytruncate: bytes that were there are gone, and others come at their offsets. The server's copy stays as it was,
// the event says which bytes may be lost, what is written afterwards is delivered under a generation's name and never
// spliced onto the old copy, and other files do not notice.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { sh } from "../support/processes.ts";
import { openScene, type Scene, type SceneOptions } from "../support/scene.ts";

const LOGROTATE = ["/usr/sbin/logrotate", "/usr/bin/logrotate"].find((file) => fs.existsSync(file)) ?? "";

const truncating: SceneOptions = {
  truncates: true,
  client: ({ logs }) => ({ scan_paths: [byName(logs)], status_interval: 50 }),
};
const byName = (logs: string) => ({ pattern: `${logs}/*.log`, regex_from: "^.*/", regex_to: "" });
const ended = (...names: string[]) => ({ gone: (name: string) => names.includes(name), errors: ["file-shrunk"] });

/** Two files at the server, with these lines in `app.log`. */
async function begin(scene: Scene, lines: Lines, count = 100): Promise<void> {
  await scene.start();
  lines.append(scene.log("app.log"), count);
  fs.writeFileSync(scene.log("other.log"), "other\n");
  await scene.delivered(scene.log("app.log"), scene.log("other.log"));
  await acknowledged(scene);
}

/** Waits until the client knows that all is delivered: it is at the server before its answer is here. */
async function acknowledged(scene: Scene): Promise<void> {
  const { length } = scene.client.events("destination-status");
  await scene.until("a status line that says so", () =>
    scene.client
      .events("destination-status")
      .slice(length)
      .some(({ text }) => text.includes("in sync: 0 bytes behind")),
  );
}

/** What a program with O_APPEND leaves after a copytruncate. */
function truncate(scene: Scene, lines: Lines, count: number): void {
  fs.truncateSync(scene.log("app.log"), 0);
  lines.append(scene.log("app.log"), count);
}

async function assertAllThere(scene: Scene, lines: Lines): Promise<void> {
  fs.appendFileSync(scene.log("other.log"), "goes on\n");
  await scene.delivered(scene.log("app.log"), scene.log("other.log"));
  assertExactlyOnce(
    scene.texts((name) => name.startsWith("app.log")),
    lines.count,
  );
  assert.equal(scene.text("other.log"), "other\ngoes on\n");
}

test("truncated to nothing, then written again", async (t) => {
  const scene = await openScene(t, truncating);
  const lines = new Lines();
  await begin(scene, lines);
  fs.truncateSync(scene.log("app.log"), 0);
  const { level, text } = await scene.client.logged("file-shrunk");
  assert.equal(level, "ERROR");
  for (const word of [scene.log("app.log"), '"app.log"', "app.log.g2-from-0", scene.url, "none at"]) {
    assert.ok(text.includes(word), `${word} in ${text}`);
  }
  lines.append(scene.log("app.log"), 10);
  await assertAllThere(scene, lines);
  const names = () => scene.namesOf(scene.log("app.log")).join(" ");
  await scene.until("the ended name is let go of", () => names() === "app.log.g2-from-0");
  await scene.end(ended("app.log"));
});

for (const [what, count] of [
  ["shorter than before", 10],
  ["longer than before", 300],
] as const) {
  test(`truncated and regrown between two looks, ${what}`, async (t) => {
    const scene = await openScene(t, truncating);
    const lines = new Lines();
    await begin(scene, lines);
    scene.client.child.kill("SIGSTOP");
    truncate(scene, lines, count);
    scene.client.child.kill("SIGCONT");
    await assertAllThere(scene, lines);
    assert.equal(scene.client.events("file-shrunk").length, 1);
    await scene.end(ended("app.log"));
  });

  test(`truncated and regrown while the client is stopped, ${what}`, async (t) => {
    const scene = await openScene(t, truncating);
    const lines = new Lines();
    await begin(scene, lines);
    await scene.client.stop();
    truncate(scene, lines, count);
    await scene.startClient();
    await assertAllThere(scene, lines);
    assert.equal(scene.client.events("file-shrunk").length, 1);
    await scene.end(ended("app.log"));
  });
}

test("truncated and regrown while its bytes are on the wire", async (t) => {
  const scene = await openScene(t, truncating);
  const lines = new Lines();
  await begin(scene, lines);
  scene.server.child.kill("SIGSTOP");
  lines.append(scene.log("app.log"), 100);
  // The client has sent them, and the kernel has taken them, long before these pauses are over.
  await pace(300);
  truncate(scene, lines, 10);
  await pace(300);
  scene.server.child.kill("SIGCONT");
  await assertAllThere(scene, lines);
  await scene.end(ended("app.log"));
});

test("regrown at once, again and again, under the client's eyes", async (t) => {
  const scene = await openScene(t, truncating);
  const lines = new Lines();
  await begin(scene, lines);
  for (let round = 1; round <= 3; round++) {
    truncate(scene, lines, round * 200);
    await assertTimes(scene, round);
    await scene.delivered(scene.log("app.log"));
    await acknowledged(scene);
  }
  await assertAllThere(scene, lines);
  await scene.end(ended("app.log", "app.log.g2-from-0", "app.log.g3-from-0"));
});

async function assertTimes(scene: Scene, times: number): Promise<void> {
  await scene.until(`${times} events`, () => scene.client.events("file-shrunk").length >= times);
}

test("a writer without O_APPEND leaves a hole: its zeros are the new name's, nothing is spliced", async (t) => {
  const scene = await openScene(t, truncating);
  await scene.start();
  const writer = fs.openSync(scene.log("app.log"), "w");
  fs.writeSync(writer, "before\n");
  await scene.delivered(scene.log("app.log"));
  await acknowledged(scene);
  scene.client.child.kill("SIGSTOP");
  fs.truncateSync(scene.log("app.log"), 0);
  fs.writeSync(writer, "after\n");
  fs.closeSync(writer);
  scene.client.child.kill("SIGCONT");
  await scene.client.logged("file-shrunk");
  await scene.delivered(scene.log("app.log"));
  assert.equal(scene.text("app.log"), "before\n");
  assert.equal(scene.text("app.log.g2-from-0"), `${"\0".repeat(7)}after\n`);
  await scene.end(ended("app.log"));
});

test("the event names the bytes that no server had: those written since the server went away", async (t) => {
  const scene = await openScene(t, truncating);
  const lines = new Lines();
  await begin(scene, lines);
  const had = fs.statSync(scene.log("app.log")).size;
  await scene.server.stop();
  lines.append(scene.log("app.log"), 50);
  await scene.client.logged("destination-unreachable");
  const size = fs.statSync(scene.log("app.log")).size;
  fs.truncateSync(scene.log("app.log"), 0);
  const { text } = await scene.client.logged("file-shrunk");
  assert.ok(text.includes(`${had} to ${size} at ${scene.url}`), text);
  lines.append(scene.log("app.log"), 5);
  await scene.startServer();
  await scene.delivered(scene.log("app.log"));
  const old = scene.text("app.log");
  assert.equal(old.length, had, "as it was");
  assert.match(scene.text("app.log.g2-from-0"), /^line 151 /);
  // The rest of the old name is nowhere any more: its link stays only while that could be mended.
  await scene.end({ gone: (name) => name === "app.log", errors: ["file-shrunk", "destination-unreachable"] });
});

test("sync-once that finds it exits with 3, and delivers what is there; the next one exits with 0", async (t) => {
  const scene = await openScene(t, truncating);
  const lines = new Lines();
  await begin(scene, lines);
  await scene.client.stop();
  truncate(scene, lines, 300);
  const first = scene.syncOnce("-q", "--json");
  assert.equal(first.status, 3, first.stderr);
  assert.equal((JSON.parse(first.stdout) as { result: string }).result, "refused");
  assert.match(first.stderr, /file-shrunk/);
  assertExactlyOnce(
    scene.texts((name) => name.startsWith("app.log")),
    lines.count,
  );
  const second = scene.syncOnce("-q", "--json");
  assert.equal(second.status, 0, second.stderr);
  assert.equal((JSON.parse(second.stdout) as { bytes_sent: number }).bytes_sent, 0);
  await scene.end(ended("app.log"));
});

test("logrotate with copytruncate, five times", { skip: LOGROTATE === "" ? "no logrotate" : false }, async (t) => {
  const scene = await openScene(t, truncating);
  const lines = new Lines();
  await begin(scene, lines, 1);
  const conf = path.join(scene.home, "logrotate.conf");
  // logrotate passes over linked files for copytruncate as well, unless it is told otherwise.
  fs.writeFileSync(conf, `allowhardlink\n${scene.log("app.log")} {\n  rotate 9\n  copytruncate\n}\n`, { mode: 0o644 });
  const writer = fs.openSync(scene.log("app.log"), "a");
  for (let rotation = 1; rotation <= 5; rotation++) {
    for (let i = 0; i < 50; i++) lines.write(writer);
    // What is not delivered by now would be lost, here as anywhere.
    await scene.delivered(scene.log("app.log"));
    await acknowledged(scene);
    sh(LOGROTATE, "-f", "-s", path.join(scene.home, "state"), conf);
    for (let i = 0; i < rotation * 30; i++) lines.write(writer);
  }
  fs.closeSync(writer);
  await assertAllThere(scene, lines);
  const generations = ["app.log", ...[2, 3, 4, 5].map((n) => `app.log.g${n}-from-0`)];
  await scene.end(ended(...generations));
});
