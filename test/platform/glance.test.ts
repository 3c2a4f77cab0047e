// A glance knows a file again, and never through a link: what it cannot tell it leaves to a closer look.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { bytesOf } from "../../src/base/text.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a glance finds a file by its path, and says the same as the open file", () => {
  const home = tempDir();
  fs.mkdirSync(path.join(home, "a/b"), { recursive: true });
  fs.writeFileSync(path.join(home, "a/b/ä.log"), "12345");
  const root = nodeFiles.open(bytesOf(home), true);
  const found = root.glance(bytesOf("a/b/ä.log"));
  const inode = fs.statSync(path.join(home, "a/b/ä.log"));
  assert.deepEqual([found?.dev, found?.ino, found?.size, found?.nlink], [inode.dev, inode.ino, 5, 1]);
  const directory = root.directory("a");
  assert.deepEqual(directory.glance(bytesOf("b/ä.log")), found);
  const below = directory.directory("b");
  const file = below.openRead(bytesOf("ä.log"));
  assert.deepEqual(file.glance(), found);
  for (const open of [file, below, directory, root]) open.close();
});

test("a glance tells nothing of what is no file or lies behind a link, a file or nothing", () => {
  const home = tempDir();
  fs.mkdirSync(path.join(home, "real"));
  fs.writeFileSync(path.join(home, "real/file"), "12345");
  fs.symlinkSync("real", path.join(home, "link"));
  fs.symlinkSync("file", path.join(home, "real/alias"));
  fs.symlinkSync("loop", path.join(home, "loop"));
  const root = nodeFiles.open(bytesOf(home), true);
  assert.equal(root.glance("real/file")?.size, 5);
  for (const name of [
    "real",
    "link/file",
    "real/alias",
    "real/file/below",
    "real/none",
    "none/file",
    "loop/file",
    "loop",
  ])
    assert.equal(root.glance(name), undefined, name);
  assert.equal(root.glance("x".repeat(300)), undefined);
  root.close();
});
