// One inode is one file at the server, under one name, whatever names it has, had or swaps meanwhile; and two inodes
// are two, however much they resemble each other.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { pace } from "../support/pace.ts";
import { mountTmpfs, needsRoot } from "../support/restricted.ts";
import { openScene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

function swap(a: string, b: string): void {
  fs.renameSync(a, `${a}.swap`);
  fs.renameSync(b, a);
  fs.renameSync(`${a}.swap`, b);
}

/** The inode that the file's own first line tells of. */
function tellingFile(file: string): number {
  const fd = fs.openSync(file, "wx");
  const { ino } = fs.fstatSync(fd);
  fs.writeSync(fd, `inode ${ino}\n`);
  fs.closeSync(fd);
  return ino;
}

test("two names swapped by rename 1,000 times in 3 s while scanning: each inode once, under its own name", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_interval: 10,
      scan_paths: [
        { name: "a", pattern: `${logs}/a*.log`, rename: "{name}.{ino}" },
        { name: "b", pattern: `${logs}/b*.log`, rename: "{name}.{ino}" },
      ],
    }),
  });
  await scene.start();
  const inodes: number[] = [];
  for (let pair = 0; pair < 20; pair++) {
    const [a, b] = [scene.log(`a${pair}.log`), scene.log(`b${pair}.log`)];
    inodes.push(tellingFile(a), tellingFile(b));
    for (let i = 0; i < 50; i++) {
      swap(a, b);
      await pace(3);
    }
    fs.appendFileSync(a, `inode ${fs.statSync(a).ino}\n`);
  }
  await scene.delivered(...fs.readdirSync(scene.logs).map((name) => scene.log(name)));
  const told = [...filesBelow(scene.store).keys()].map((name) => {
    const [, ino] = name.split(".");
    for (const line of scene.text(name).trimEnd().split("\n")) assert.equal(line, `inode ${ino}`, name);
    return Number(ino);
  });
  assert.deepEqual(told.sort(), inodes.sort(), "each inode once");
  await scene.end();
});

test("names given by path while the paths are swapped: never two contents under one name", async (t) => {
  const scene = await openScene(t, { client: { scan_interval: 10 } });
  await scene.start();
  for (let pair = 0; pair < 20; pair++) {
    const [a, b] = [scene.log(`a${pair}.log`), scene.log(`b${pair}.log`)];
    tellingFile(a);
    tellingFile(b);
    for (let i = 0; i < 20; i++) {
      swap(a, b);
      fs.appendFileSync(a, `inode ${fs.statSync(a).ino}\n`);
      await pace(1);
    }
  }
  await scene.delivered(...fs.readdirSync(scene.logs).map((name) => scene.log(name)));
  const contents = scene.texts().map(([, text]) => new Set(text.trimEnd().split("\n")));
  assert.equal(contents.length, 40);
  for (const lines of contents) assert.equal(lines.size, 1, [...lines].join());
  assert.equal(new Set(contents.flatMap((lines) => [...lines])).size, 40);
  await scene.end();
});

test("200 files in one burst, with one modification time and the default name: 200 remote files", async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [{ pattern: `${logs}/*` }] }) });
  await scene.start();
  const files = Array.from({ length: 200 }, (_, i) => scene.log(`file-${i}`));
  for (const file of files) fs.writeFileSync(file, `${file}\n`);
  const now = new Date();
  for (const file of files) fs.utimesSync(file, now, now);
  await scene.delivered(...files);
  assert.deepEqual(
    scene
      .texts()
      .map(([, text]) => text)
      .sort(),
    files.map((file) => `${file}\n`).sort(),
  );
  await scene.client.stop();
  // Names do not change with a restart, nor with a later time.
  const names = [...filesBelow(scene.store).keys()].sort();
  for (const file of files) fs.appendFileSync(file, "more\n");
  await scene.startClient();
  await scene.delivered(...files);
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), names);
  await scene.end();
});

test("one inode under several names and patterns is delivered once, named by the first pattern", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_paths: [
        { name: "first", pattern: `${logs}/z.log`, rename: "{name}" },
        { name: "second", pattern: `${logs}/*.log`, rename: "{name}" },
        { name: "third", pattern: `${logs}/**`, rename: "{name}" },
      ],
    }),
  });
  fs.writeFileSync(scene.log("a.log"), "once\n");
  for (const name of ["b.log", "c.txt", "z.log"]) fs.linkSync(scene.log("a.log"), scene.log(name));
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  fs.linkSync(scene.log("a.log"), scene.log("later.log"));
  fs.appendFileSync(scene.log("later.log"), "grown through another name\n");
  await scene.until("growth", () => scene.text("first").includes("another name"));
  await scene.scansPass();
  assert.deepEqual(scene.texts(), [["first", "once\ngrown through another name\n"]]);
  await scene.end();
});

test("two files with one inode number, on two file systems, are two files", { skip: needsRoot }, async (t) => {
  const mounts = [0, 1].map(() => mountTmpfs(t, "size=8m"));
  const files = mounts.map((mount) => path.join(mount, "app.log"));
  for (const file of files) fs.writeFileSync(file, `${file}\n`);
  assert.equal(new Set(files.map((file) => fs.statSync(file).ino)).size, 1, "the premise");
  const scene = await openScene(t, {
    client: { scan_paths: mounts.map((mount) => ({ ...byBaseName(`${mount}/*.log`), datadir: `${mount}/spool` })) },
  });
  await scene.start();
  await scene.until("both", () => scene.texts().length === 2);
  for (const file of files) fs.appendFileSync(file, "grown\n");
  const expected = files.map((file) => `${file}\ngrown\n`).sort();
  const texts = () => scene.texts().map(([, text]) => text);
  await scene.until("both grown", () => texts().sort().join("") === expected.join(""));
  await scene.client.stop();
  await scene.startClient();
  for (const file of files) fs.appendFileSync(file, "again\n");
  await scene.until("both grown again", () => texts().every((text) => text.endsWith("again\n")));
  assert.equal(texts().length, 2);
  await scene.end({ gone: () => true });
});

test("a file that is deleted and made anew gets a name of its own, also where its inode comes again", async (t) => {
  const scene = await openScene(t);
  await scene.start();
  for (let i = 0; i < 10; i++) {
    fs.writeFileSync(scene.log("app.log"), `file ${i}\n`);
    await scene.delivered(scene.log("app.log"));
    fs.rmSync(scene.log("app.log"));
  }
  const texts = scene.texts();
  assert.deepEqual(
    texts.map(([, text]) => text).sort(),
    Array.from({ length: 10 }, (_, i) => `file ${i}\n`),
  );
  assert.equal(scene.text("app.log"), "file 0\n");
  assert.equal(scene.client.events("name-suffixed").length, 9);
  await scene.end();
});
