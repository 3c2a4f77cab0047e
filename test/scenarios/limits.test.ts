// Limits of the kernel: few inotify watches, none at all, few descriptors. Everything is delivered all the same, by
// sweeping instead of watching, and the operator is told once which limit to raise.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { sh, watchesOf } from "../support/processes.ts";
import { withInotify } from "../support/restricted.ts";
import { openScene, type Scene } from "../support/scene.ts";

const [userNamespace = "", ...words] = [...withInotify("watches", 3), "true"];
const skip = spawnSync(userNamespace, words).status === 0 ? false : "no user namespaces";

/** Files in as many directories. */
function write(scene: Scene, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const file = scene.log(`d${i}/${i}.log`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, `${i}\n`);
    return file;
  });
}

for (const [what, limit] of [
  ["3 watches", withInotify("watches", 3)],
  ["no instance", withInotify("instances", 0)],
] as const) {
  test(`20 files and ${what}: all are delivered, new and growing ones too, and one event says why it is slow`, {
    skip,
  }, async (t) => {
    const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
    const files = write(scene, 20);
    await scene.start({ wrapper: limit });
    await scene.delivered(...files);
    const { level, text } = await scene.client.logged("watches-exhausted");
    assert.equal(level, "WARN");
    assert.match(text, /scan_interval.*sysctl fs\.inotify\.max_user_(watches|instances)/);
    for (const file of files) fs.appendFileSync(file, "grown\n");
    const more = scene.log("d19/more.log");
    fs.writeFileSync(more, "more\n");
    await scene.delivered(...files, more);
    await scene.until("all grown", () => scene.texts().filter(([, it]) => it.endsWith("grown\n")).length === 20);
    assert.ok(watchesOf(scene.client.pid) <= 3);
    assert.equal(scene.client.events("watches-exhausted").length, 1);
    await scene.end();
  });
}

test("when the limit of watches is raised, they are used from the next scan on", { skip }, async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
  const files = write(scene, 20);
  await scene.start({ wrapper: withInotify("watches", 3) });
  await scene.delivered(...files);
  await scene.client.logged("watches-exhausted");
  const raise = "echo 1000 > /proc/sys/user/max_inotify_watches";
  sh("nsenter", "-t", `${scene.client.pid}`, "-U", "--preserve-credentials", "sh", "-c", raise);
  await scene.until("each directory is watched", () => watchesOf(scene.client.pid) >= 20);
  await scene.end();
});

test("64 descriptors and 200 files that grow", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
  const files = write(scene, 200);
  await scene.start({ wrapper: ["prlimit", "--nofile=64:64", "--"] });
  for (let round = 0; round < 5; round++) {
    for (const file of files) fs.appendFileSync(file, `round ${round}\n`);
    await scene.delivered(...files);
  }
  const all = [0, 1, 2, 3, 4].map((round) => `round ${round}\n`).join("");
  for (const [name, text] of scene.texts()) assert.equal(text, `${name.split(".")[0]}\n${all}`);
  // For a moment there may be none left to look into a directory with.
  assert.ok(scene.client.events("path-not-readable").length <= 1);
  await scene.end({ errors: ["path-not-readable"] });
});

test("64 descriptors and a tree that is deeper: what is too deep is told, everything else is delivered", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
  const deep = scene.log(`${"d/".repeat(80)}deep.log`);
  fs.mkdirSync(path.dirname(deep), { recursive: true });
  fs.writeFileSync(deep, "deep\n");
  const files = write(scene, 20);
  await scene.start({ wrapper: ["prlimit", "--nofile=64:64", "--"] });
  await scene.delivered(...files);
  const { text } = await scene.client.logged("path-not-readable");
  assert.match(text, /EMFILE.*raise the limit of open files/);
  for (const file of files) fs.appendFileSync(file, "grown\n");
  await scene.delivered(...files);
  await scene.scansPass();
  assert.equal(scene.client.events("path-not-readable").length, 1);
  await scene.client.stop();
  await scene.startClient();
  await scene.delivered(deep, ...files);
  await scene.end({ errors: ["path-not-readable"] });
});
