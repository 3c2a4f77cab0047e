// Directories are opened once a turn, and as they are in the next.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { bytesOf } from "../../src/base/text.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";

const openDescriptors = () => fs.readdirSync("/proc/self/fd").length;
const nextTurn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test("one turn opens a directory once, the next one finds what is there then, and nothing stays open", async () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "shaftlog-test-"));
  const before = openDescriptors();
  const root = nodeFiles.open(bytesOf(home), true);
  try {
    root.mkdir("a", 0o700);
    const first = root.directory("a");
    first.create("file", 0o600).close();
    first.close();
    const again = root.directory("a");
    assert.equal(again, first);
    assert.ok(again.lstat("file"));
    again.close();
    await nextTurn();
    fs.renameSync(path.join(home, "a"), path.join(home, "b"));
    assert.throws(() => root.directory("a"), { code: "ENOENT" });
    for (let i = 0; i < 50; i++) {
      root.mkdir(`d${i}`, 0o700);
      root.directory(`d${i}`).close();
    }
    assert.ok(openDescriptors() - before < 20, "few are kept");
    const kept = root.directory("d0");
    await nextTurn();
    assert.equal(kept.lstat("nothing"), undefined); // whoever uses it has it for as long as needed
    kept.close();
  } finally {
    root.close();
    fs.rmSync(home, { recursive: true });
  }
  await nextTurn();
  assert.equal(openDescriptors(), before);
});

test("a directory that we remove is not found in the same turn", () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "shaftlog-test-"));
  const root = nodeFiles.open(bytesOf(home), true);
  try {
    root.mkdir("a", 0o700);
    root.directory("a").close();
    root.rmdir("a");
    assert.throws(() => root.directory("a"), { code: "ENOENT" });
    root.mkdir("a", 0o700);
    const made = root.directory("a");
    made.create("file", 0o600).close();
    made.unlink("file");
    made.close();
  } finally {
    root.close();
    fs.rmSync(home, { recursive: true });
  }
});

// One level after the other, all of them kept, until no descriptor is left for the next one.
const DEEP = `
  import { nodeFiles } from ${JSON.stringify(path.resolve("src/platform/node-files.ts"))};
  const root = nodeFiles.open(process.argv[1], true);
  let at = root;
  for (let depth = 0; depth < 60; depth++) {
    at.mkdir("d", 0o700);
    const below = at.directory("d");
    if (at !== root) at.close();
    at = below;
  }
  at.create("file", 0o600).close();
  at.list();
`;

test("what is kept is given back where another open would find no descriptor left", () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "shaftlog-test-"));
  try {
    const words = ["--nofile=48:48", "--", process.execPath, "--input-type=module", "--eval", DEEP, home];
    const { status, stderr } = spawnSync("prlimit", words, { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    assert.ok(fs.existsSync(path.join(home, "d/".repeat(60), "file")));
  } finally {
    fs.rmSync(home, { recursive: true });
  }
});
