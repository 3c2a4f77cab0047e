// Peers that neither go on nor go away: the network swallows everything from some byte on and every socket stays
// open. Both sides recover in a bounded time (the client gives up after 10 s, the server's writer yields after 2 s),
// other files go on meanwhile, and bytes that arrive late are never appended.

import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, test } from "node:test";
import type { Fault } from "../support/exchange.ts";
import type { Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { openWire } from "../support/wire.ts";

/** ms from the stall to everything delivered: 10 s to give up, 2 s to take over, a back-off, and a slow machine. */
const BOUND = 20_000;
const BODY = Buffer.from(Array.from({ length: 5000 }, (_, i) => `line ${i}\n`).join(""));

const STALLS: Readonly<Record<string, { readonly fault: Fault; readonly body: Buffer; readonly again: boolean }>> = {
  "inside a body": { fault: { kind: "hold", after: 3000 }, body: BODY, again: true },
  "before the first byte of a body": { fault: { kind: "hold", after: 0 }, body: BODY, again: true },
  "inside a body, with all buffers full": {
    fault: { kind: "freeze", after: 100_000 },
    body: Buffer.alloc(40 * 1024 * 1024, BODY),
    again: true,
  },
  "behind a whole body": { fault: { kind: "hold", after: BODY.length }, body: BODY, again: false },
  "before the answer": { fault: { kind: "withhold" }, body: BODY, again: false },
};

describe("a half-open connection", { concurrency: true }, () => {
  for (const [where, { fault, body, again }] of Object.entries(STALLS)) {
    test(`that stalls ${where}`, async (t) => {
      const { scene, proxy, end } = await openWire(t);
      proxy.plan = ({ method, target }) =>
        method === "PUT" && target === "/a.log" && proxy.puts(target).length === 1 ? fault : undefined;
      await scene.startClient();
      fs.writeFileSync(scene.log("a.log"), body);
      await scene.until("the stall", () => {
        const [stalled] = proxy.puts("/a.log");
        return stalled?.struck || stalled?.status !== undefined;
      });
      const began = performance.now();
      await othersGoOn(scene);
      const asked = () =>
        proxy
          .about("/a.log")
          .slice(1)
          .some(({ method }) => method === "HEAD");
      await scene.until("everything delivered, and known to be", () => isThere(scene, "a.log") && asked(), BOUND);
      const took = performance.now() - began;
      assert.ok(took > 5000, `it was given up after ${took.toFixed(0)} ms already`);
      if (!again) assert.equal(proxy.puts("/a.log").length, 1, "HEAD told that it was all there");

      await proxy.release();
      fs.appendFileSync(scene.log("a.log"), "the last line\n");
      await scene.delivered(scene.log("a.log"), scene.log("b.log"));
      await end({ errors: ["destination-unreachable"] });
    });
  }

  test("a silent writer yields to the same bytes from elsewhere after 2 s, and its late bytes are not taken", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    proxy.keep = true;
    proxy.plan = ({ method }) =>
      method === "PUT" && proxy.puts().length === 1 ? { kind: "hold", after: 300 } : undefined;
    fs.writeFileSync(scene.log("a.log"), BODY);
    await scene.startClient();
    const [held] = await scene.until("the stall", () => proxy.puts().some(({ struck }) => struck) && proxy.puts());
    assert.ok(held);
    const began = performance.now();
    assert.deepEqual(await proxy.replay(held), { status: 416, uploadOffset: 300 });
    const took = performance.now() - began;
    assert.ok(took > 1500 && took < 8000, `the takeover came after ${took.toFixed(0)} ms`);
    await proxy.release();
    await scene.until("everything delivered", () => isThere(scene, "a.log"), BOUND);
    assert.equal(proxy.puts().length, 2);
    assert.equal(proxy.puts()[1]?.range?.start, 300, "what the silent writer had brought was kept");
    await end();
  });

  test("a server that is stopped and goes on (SIGSTOP, SIGCONT) finds old requests in its sockets", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    await scene.startClient();
    fs.writeFileSync(scene.log("a.log"), "begin\n");
    await scene.delivered(scene.log("a.log"));
    scene.server.child.kill("SIGSTOP");
    fs.appendFileSync(scene.log("a.log"), BODY);
    fs.writeFileSync(scene.log("b.log"), BODY);
    const gaveUp = () => proxy.puts("/a.log").some(({ broken }) => broken);
    await scene.until("the client has given up", gaveUp, BOUND);
    fs.appendFileSync(scene.log("a.log"), "and on\n");
    scene.server.child.kill("SIGCONT");
    await scene.until("everything delivered", () => isThere(scene, "a.log") && isThere(scene, "b.log"), BOUND);
    await end({ errors: ["destination-unreachable"] });
  });
});

/** Another file's appends are delivered while the first one is stuck. */
async function othersGoOn(scene: Scene): Promise<void> {
  for (let i = 0; i < 3; i++) {
    fs.appendFileSync(scene.log("b.log"), `line ${i}\n`);
    await scene.until("another file goes on", () => isThere(scene, "b.log"), 5000);
  }
}

function isThere(scene: Scene, name: string): boolean {
  return filesBelow(scene.store).get(name)?.size === fs.statSync(scene.log(name)).size;
}
