// The client's host is restored from an older backup, logs and data directory together, hard links kept: what the server has
// of the time since is more than the host has, and the program writes on from where the backup ends. What was delivered
// stays, and what is written from then on is at the server once (docs/PROTOCOL.md, section 12).

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { sh } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";

const copyTo = (to: string, { logs, spool }: Scene) => sh("cp", "-a", logs, spool, to);

for (const [when, takenWhile] of [
  ["while the client ran", async (_: Scene, copy: () => void) => copy()],
  [
    "after the client was stopped in order",
    async (scene: Scene, copy: () => void) => {
      await scene.client.stop();
      copy();
      await scene.startClient();
    },
  ],
] as const) {
  for (const before of [true, false]) {
    test(`a backup made ${when}; the program writes on ${before ? "before" : "after"} the client is up`, async (t) => {
      const scene = await openScene(t, { unwatched: true });
      const [log, backup] = [scene.log("app.log"), path.join(scene.home, "backup")];
      const lines = new Lines();
      await scene.start();
      lines.append(log, 300);
      lines.append(scene.log("other.log"), 50);
      await scene.delivered(log, scene.log("other.log"));
      fs.mkdirSync(backup);
      await takenWhile(scene, () => copyTo(backup, scene));
      lines.append(log, 200);
      lines.append(scene.log("later.log"), 50);
      await scene.delivered(log, scene.log("later.log"));
      await scene.client.kill();

      for (const directory of [scene.logs, scene.spool]) fs.rmSync(directory, { recursive: true });
      copyTo(scene.home, { ...scene, logs: path.join(backup, "logs"), spool: path.join(backup, "spool") } as Scene);
      if (before) lines.append(log, 20);
      await scene.startClient();
      if (!before) {
        await scene.client.logged("remote-ahead", "app.log");
        lines.append(log, 20);
      }
      lines.append(scene.log("other.log"), 10);
      const count = () => scene.texts().reduce((sum, [, text]) => sum + text.split("\n").length - 1, 0);
      await scene.until("as many lines as were written", () => count() >= lines.count);
      assertExactlyOnce(scene.texts(), lines.count);
      assert.deepEqual(scene.client.events("file-diverged"), []);
      await scene.end({ gone: (name) => ["app.log", "later.log"].includes(name), errors: ["file-shrunk"] });
    });
  }
}
