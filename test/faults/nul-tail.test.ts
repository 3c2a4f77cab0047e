// NULs in the place of bytes that a power cut took from the server before it acknowledged them: some file systems leave
// a file's new size without its bytes. The size is right, so only the digest tells. The client notices, also where it
// has nothing more to send. Behind what was acknowledged it goes on under a further name; where all of the copy is
// something else it says so and waits for `shaftlog repair`. Every line is there once.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { run } from "../support/processes.ts";
import { openWire } from "../support/wire.ts";

for (const [what, first] of [
  ["behind what was acknowledged", 20],
  ["from the first byte on", 0],
] as const) {
  test(`NULs ${what}, though the server was restarted a moment before`, async (t) => {
    const { scene, proxy } = await openWire(t, { unwatched: true });
    const lines = new Lines();
    const log = scene.log("app.log");
    await scene.startClient();
    fs.writeFileSync(scene.log("other.log"), "other\n");
    await scene.delivered(scene.log("other.log"));
    if (first > 0) {
      lines.append(log, first);
      await scene.delivered(log);
    }
    const acknowledged = fs.existsSync(log) ? fs.statSync(log).size : 0;
    await scene.server.kill();
    await scene.startServer();
    fs.appendFileSync(scene.log("other.log"), "noticed\n");
    await scene.delivered(scene.log("other.log"));

    proxy.plan = ({ method, target }) =>
      method === "PUT" && target === "/app.log" ? { kind: "swallow", how: "rst" } : undefined;
    lines.append(log, 10);
    const { size } = fs.statSync(log);
    const there = path.join(scene.store, "app.log");
    await scene.until("all is there", () => fs.existsSync(there) && fs.statSync(there).size === size);
    await scene.server.kill();
    const copy = fs.openSync(there, "r+");
    fs.writeSync(copy, Buffer.alloc(size - acknowledged), 0, size - acknowledged, acknowledged);
    fs.closeSync(copy);
    proxy.plan = () => undefined;
    await scene.startServer();

    if (first > 0) await scene.client.logged("file-shrunk", `"app.log.g2-from-${acknowledged}"`);
    else {
      await scene.client.logged("file-diverged", '"app.log"');
      await scene.server.stop();
      const { status, stderr } = run([
        "repair",
        "-f",
        path.join(scene.home, "server.yaml"),
        "--cut",
        "app.log",
        "--to",
        "0",
      ]);
      assert.equal(status, 0, stderr);
      await scene.startServer();
    }
    lines.append(log, 10);
    await scene.delivered(log);
    const errors = ["destination-unreachable", "file-denied", "file-diverged", "file-shrunk"];
    await scene.end({ errors, gone: (name) => first > 0 && name === "app.log" });
    const texts = scene.texts((name) => name.startsWith("app.log"));
    assertExactlyOnce(
      texts.map(([name, text]) => [name, text.replace(/\0+$/, "")] as const),
      lines.count,
    );
  });
}
