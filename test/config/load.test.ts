// From a path to a configuration or one ConfigError: files that cannot be read, what the error carries, how it prints.
// Works on real files in a temporary directory of its own.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { StartFailure } from "../../src/base/errors.ts";
import { loadClientConfig, loadServerConfig, type ReadConfig } from "../../src/config/load.ts";
import { ConfigError } from "../../src/config/problem.ts";

const root = mkdtempSync(join(tmpdir(), "shaftlog-config-"));
after(() => rmSync(root, { recursive: true }));

const EXPECTED = "expected a configuration file (-f PATH names another)";

function failureOf(path: string, read?: ReadConfig): ConfigError {
  try {
    loadServerConfig(path, read);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error;
  }
  throw new assert.AssertionError({ message: `${path} was accepted` });
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
}

test("a file is read, and its path kept for messages", () => {
  const path = write("good.yaml", "listen_port: 1\n");
  assert.equal(loadServerConfig(path).listenPort, 1);
  assert.equal(loadServerConfig(path).path, path);
  const client = write("client.yaml", "scan_paths: [{name: a, pattern: /a}]\ndestinations: [url: http://h/]\n");
  assert.equal(loadClientConfig(client).path, client);
});

test("a link to a file is a file", () => {
  write("target.yaml", "listen_port: 2\n");
  symlinkSync("target.yaml", join(root, "link.yaml"));
  assert.equal(loadServerConfig(join(root, "link.yaml")).listenPort, 2);
});

test("a file that cannot be read is one line", () => {
  const file = write("file", "");
  const missing = join(root, "missing.yaml");
  mkdirSync(join(root, "directory"));
  const cases: readonly (readonly [path: string, what: string])[] = [
    [missing, "cannot be read: no such file or directory (ENOENT)"],
    [join(file, "x"), "cannot be read: not a directory (ENOTDIR)"],
    [join(root, "n".repeat(256)), "cannot be read: name too long (ENAMETOOLONG)"],
    [join(root, "directory"), "is a directory"],
  ];
  for (const [path, what] of cases) assert.equal(failureOf(path).message, `${path}: ${what}; ${EXPECTED}`);
});

test("a file that may not be read is one line", () => {
  const path = write("secret.yaml", "");
  chmodSync(path, 0);
  // Root may read everything, so it is nobody for a moment.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.("nobody");
  try {
    assert.equal(failureOf(path).message, `${path}: cannot be read: permission denied (EACCES); ${EXPECTED}`);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("a device without end is not read to its end", () => {
  const { message } = failureOf("/dev/zero");
  assert.equal(message, "/dev/zero: the file is larger than 256 KiB; expected a configuration file");
});

test("a file that is no text is refused at its first foreign byte", () => {
  const path = write("binary.yaml", Buffer.from([0x66, 0x0a, 0x00, 0xff]));
  assert.equal(failureOf(path).message, `${path}:2:1: the file holds a NUL byte; expected YAML text in UTF-8`);
});

test("the error carries every problem and is a failure to start", () => {
  const error = failureOf("/etc/s.yaml", () => Buffer.from("listen_port: x\nfsync: 1\n"));
  assert.ok(error instanceof StartFailure);
  assert.equal(error.path, "/etc/s.yaml");
  assert.deepEqual(error.problems[1], {
    line: 2,
    column: 8,
    key: "fsync",
    what: "is 1",
    expected: "true or false",
    suggestion: undefined,
  });
  assert.equal(
    error.message,
    '/etc/s.yaml:1:14: listen_port: is the text "x"; expected a whole number from 0 to 65535\n' +
      "/etc/s.yaml:2:8: fsync: is 1; expected true or false",
  );
});

test("a foreign path stays on one line", () => {
  const { message } = failureOf("/a\nb\x1b[1m", () => Buffer.from("fsync: 1"));
  assert.equal(message, "/a\\nb\\x1b[1m:1:8: fsync: is 1; expected true or false");
});

test("junk does not fill the screen", () => {
  const junk = Array.from({ length: 1000 }, (_, i) => `junk${i}: 1\n`).join("");
  const lines = failureOf("/s.yaml", () => Buffer.from(junk)).message.split("\n");
  assert.equal(lines.length, 101);
  assert.equal(lines[100], "/s.yaml: and 900 more");
});
