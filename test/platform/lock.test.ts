// The lock on a data directory: one holder, in this process as well, named; free again after release. That it goes
// with a killed process is shown in test/server/start-stop.test.ts.

import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StartFailure } from "../../src/base/errors.ts";
import { LockedError, lockDirectory } from "../../src/platform/lock.ts";
import { tempDir } from "../support/temp-dir.ts";

test("one holder at a time, whatever the directory is called", () => {
  const path = tempDir();
  const lock = lockDirectory(path);
  assert.throws(
    () => lockDirectory(path),
    (error: unknown) => {
      return (
        error instanceof LockedError && error.message.includes(path) && error.message.includes(`process ${process.pid}`)
      );
    },
  );
  fs.symlinkSync(path, `${path}.link`);
  assert.throws(() => lockDirectory(`${path}.link`), LockedError);
  fs.unlinkSync(`${path}.link`);
  lock.release();
  lock.release();
  lockDirectory(path).release();
  assert.deepEqual(fs.readdirSync(path), [".lock"]);
  assert.equal(fs.statSync(join(path, ".lock")).mode & 0o777, 0o600);
});

test("a name that is not UTF-8", () => {
  const path = `${tempDir()}/\xff\xe4`;
  fs.mkdirSync(Buffer.from(path, "latin1"));
  const lock = lockDirectory(path);
  assert.throws(() => lockDirectory(path), LockedError);
  lock.release();
});

test("what cannot be locked is named", () => {
  const path = tempDir();
  assert.throws(() => lockDirectory(join(path, "absent")), StartFailure);
  fs.symlinkSync("/etc/passwd", join(path, ".lock"));
  assert.throws(() => lockDirectory(path), /\.lock in it is not a file/);
});
