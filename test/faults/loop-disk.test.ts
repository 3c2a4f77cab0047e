// The power of a disk comes back also while somebody else holds the file system as it was: who makes a mount namespace,
// as containers and services do, takes all mounts along.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { until } from "../support/until.ts";
import { lacks } from "./extent.ts";
import { KINDS, LoopDisk, lacksLoopDisk } from "./loop-disk.ts";

for (const kind of KINDS) {
  test(`${kind}: what was synced is there after a power cut, whoever holds the old state`, {
    skip: lacksLoopDisk(kind) || lacks("unshare"),
  }, async (t) => {
    const disk = new LoopDisk(t, kind);
    const holder = spawn("unshare", ["--mount", "sh", "-c", "echo held; exec sleep 60"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => holder.kill("SIGKILL"));
    await until(() => holder.stdout.read(), "a mount namespace of its own");
    for (const round of ["one", "two"]) {
      const synced = path.join(disk.path, round);
      fs.writeFileSync(synced, round);
      disk.sync();
      fs.writeFileSync(path.join(disk.path, `${round}-lost`), round);
      disk.cut();
      await disk.back();
      assert.equal(fs.readFileSync(synced, "utf8"), round);
      assert.equal(fs.existsSync(path.join(disk.path, `${round}-lost`)), false);
    }
  });
}
