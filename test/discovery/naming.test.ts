// Names of entries (src/discovery/naming.ts): substitutions, expressions, and what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isUnstable, nameOf, withInode } from "../../src/discovery/naming.ts";
import type { PatternOptions } from "../../src/discovery/options.ts";
import type { Stat } from "../../src/platform/files.ts";
import { pattern } from "../support/finding.ts";

const STAT: Stat = {
  kind: "file",
  dev: 7n,
  ino: 2n ** 60n,
  size: 0,
  nlink: 1,
  uid: 0,
  mode: 0o644,
  atimeMs: 1,
  mtimeMs: 2,
  ctimeMs: 3,
};

function name(path: string, options: Partial<PatternOptions>): string {
  const naming = nameOf(path, STAT, pattern("/**", options), 4.5);
  return naming.kind === "named" ? naming.name : `refused: ${naming.reason}`;
}

test("each substitution, and the default", () => {
  assert.equal(name("/x", {}), "log.2");
  assert.equal(
    name("/x", { rename: "{name}/{time}-{atime}-{mtime}-{ctime}-{dev}-{ino}" }),
    `log/4-1-2-3-7-${2n ** 60n}`,
  );
});

test("an expression works on the whole path, wins over rename, and its result is substituted", () => {
  const regex = { from: /^\/var\/log\/sudo-io\/(.*)/, to: "sudo-io/$1.{mtime}" };
  assert.equal(name("/var/log/sudo-io/00/01/log", { regex, rename: "other" }), "sudo-io/00/01/log.2");
  assert.equal(name("/var/log/other", { regex }), "var/log/other", "what it does not match is the path below the top");
});

test("what could leave the spool, hide in it or be another URL is refused", () => {
  for (const to of [
    "//host/x",
    "../x",
    "a/../x",
    "a//x",
    "",
    "/",
    ".hidden",
    "a/.x",
    "a/",
    "x\0",
    `a/${"x".repeat(256)}`,
  ]) {
    assert.match(name("/x", { regex: { from: /.*/s, to } }), /^refused/, JSON.stringify(to));
  }
});

test("a name that looks like a generation's gets the inode, as a taken one does", () => {
  assert.equal(name("/x", { rename: "a.g2-from-0" }), `a.g2-from-0.i${2n ** 60n}`);
  assert.equal(withInode("a", 5n, 1), "a.i5");
  assert.equal(withInode("a", 5n, 2), "a.i5-2");
});

test("names that are no UTF-8 are escaped, others are their bytes", () => {
  const regex = { from: /^.*\//, to: "" };
  assert.equal(name("/log/\xff%", { regex }), "%FF%25");
  assert.equal(name(Buffer.from("/log/é").toString("latin1"), { regex }), Buffer.from("é").toString("latin1"));
});

test("a name with the time of detection or of the last access is not stable", () => {
  assert.ok(isUnstable(pattern("/x", { rename: "{name}.{time}" })));
  assert.ok(isUnstable(pattern("/x", { regex: { from: /x/, to: "{atime}" } })));
  assert.ok(!isUnstable(pattern("/x", { rename: "{time}", regex: { from: /x/, to: "{ino}" } })));
});
