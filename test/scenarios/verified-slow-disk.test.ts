// A disk that is slow: what has to be read before an append is judged, or a digest told, takes longer than a client waits
// without progress. The server says that it is at work (docs/PROTOCOL.md, section 5), and nobody gives up: nothing is sent
// twice, and nothing is told of another writer. Each read takes 300 ms there, by strace.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { NO_PROGRESS } from "../../src/protocol/fields.ts";
import { noStrace } from "../faults/crash-points.ts";
import { type Launch, start } from "../support/processes.ts";
import type { Scene } from "../support/scene.ts";
import { openWire } from "../support/wire.ts";

const MIB = 1024 * 1024;
const DELAY = 300;
/** One read for each MiB: half as long again as the client waits. */
const SIZE = Math.ceil((NO_PROGRESS * 1.5) / DELAY) * MIB;
const SLOW: Launch = {
  wrapper: [
    ...["strace", "-D", "-f", "-qq", "-o", "/dev/null"],
    ...["-e", "trace=pread64", "-e", `inject=pread64:delay_enter=${DELAY}ms`],
  ],
};

/** A large file that is there already, at both sides, and of which neither has kept anything. */
function copied(scene: Scene): void {
  const content = Buffer.alloc(SIZE, "a line of a large log\n");
  fs.writeFileSync(scene.log("big.log"), content);
  fs.writeFileSync(path.join(scene.store, "big.log"), content);
}

describe("reading takes longer than a client waits without progress", { skip: noStrace, concurrency: true }, () => {
  test("an append is judged: one request, and it is taken", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    copied(scene);
    fs.appendFileSync(scene.log("big.log"), "the next line\n");
    await scene.server.stop();
    await scene.startServer(SLOW);
    const began = performance.now();
    await scene.startClient();
    await scene.delivered(scene.log("big.log"));
    await scene.until("the answer", () => proxy.exchanges.every(({ settledAt }) => settledAt !== undefined));
    assert.ok(performance.now() - began > NO_PROGRESS, "it was slow");
    const puts = proxy.exchanges.filter(({ method }) => method === "PUT");
    assert.deepEqual(
      puts.map(({ status, broken }) => [status, broken]),
      [[204, false]],
    );
    await end();
  });

  test("shaftlog verify asks for a digest: equal", async (t) => {
    const { scene, end } = await openWire(t);
    copied(scene);
    await scene.startClient();
    await scene.delivered(scene.log("big.log"));
    await scene.client.stop();
    await scene.server.stop();
    await scene.startServer(SLOW);
    const began = performance.now();
    const verify = start(t, "verify", path.join(scene.home, "client.yaml"), scene.clientConfig.logfile);
    assert.equal(await verify.ended, 0, verify.output);
    assert.ok(performance.now() - began > NO_PROGRESS, "it was slow");
    await end();
  });
});
