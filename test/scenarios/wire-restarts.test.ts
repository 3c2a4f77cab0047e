// Either side dies, is stopped, is frozen or comes back with less than it had, while lines are written and rotated:
// every line is at the server once, and the client finds out by itself what it has to send again.

import assert from "node:assert/strict";
import fs from "node:fs";
import { describe, test } from "node:test";
import { addServer } from "../support/more-servers.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { openWire } from "../support/wire.ts";
import { assertWireRules } from "../support/wire-rules.ts";

describe("killed", { concurrency: 2 }, () => {
  test("the server, five times under load: every line once", async (t) => {
    const { scene, end } = await openWire(t);
    await scene.startClient();
    const writer = new Writer(scene);
    for (let i = 0; i < 5; i++) {
      const lines = writer.lines.count;
      await scene.until("some lines", () => writer.lines.count > lines + 50);
      await scene.server.kill();
      await scene.startServer();
      const before = size(scene.store);
      await scene.until("the client goes on", () => size(scene.store) > before);
    }
    await writer.end();
    await end({ errors: ["destination-unreachable"] });
    assertExactlyOnce(scene.texts(), writer.lines.count);
  });

  test("the client, twenty times at random moments under load and rotation: every line once", async (t) => {
    const { scene, end } = await openWire(t);
    const writer = new Writer(scene);
    for (let i = 0; i < 20; i++) {
      await scene.startClient();
      await pace(Math.random() * 250);
      if (i % 4 === 0) writer.rotate();
      await scene.client.kill();
    }
    await scene.startClient();
    await writer.end();
    await end();
    assertExactlyOnce(scene.texts(), writer.lines.count);
  });
});

describe("stopped", { concurrency: 3 }, () => {
  test("the client by SIGTERM finishes what is on the wire and exits with 0", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    proxy.plan = ({ method }) => (method === "PUT" ? { kind: "delay", ms: 1_000 } : undefined);
    await scene.startClient();
    fs.writeFileSync(scene.log("a.log"), "a line\n");
    await scene.until("an answer is on its way", () => proxy.puts()[0]?.status === 201);
    const began = performance.now();
    await scene.client.stop();
    assert.ok(performance.now() - began < 5_000);
    assert.equal(proxy.puts()[0]?.broken, false, "it was waited for");
    await end();
  });

  test("the client by SIGTERM does not wait for ever", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    proxy.plan = ({ method }) => (method === "PUT" ? { kind: "withhold" } : undefined);
    await scene.startClient();
    fs.writeFileSync(scene.log("a.log"), "a line\n");
    await scene.until("an answer is on its way", () => proxy.puts()[0]?.status === 201);
    await scene.client.stop(); // within 6 s, with 0
    proxy.plan = () => undefined;
    await scene.startClient();
    fs.appendFileSync(scene.log("a.log"), "another\n");
    await scene.delivered(scene.log("a.log"));
    await end();
  });

  test("the client by SIGSTOP inside a body, and on by SIGCONT", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    await scene.startClient();
    const writer = new Writer(scene);
    proxy.throttle.rate = 2_000_000;
    fs.writeFileSync(scene.log("big.log"), Buffer.alloc(6_000_000, "line of a backlog\n"));
    for (let i = 0; i < 2; i++) {
      const before = size(scene.store);
      await scene.until("bytes are on the way", () => size(scene.store) > before + 500_000);
      scene.client.child.kill("SIGSTOP");
      // Longer than a writer may be silent.
      await pace(2_500);
      scene.client.child.kill("SIGCONT");
    }
    await writer.end();
    await scene.delivered(scene.log("big.log"));
    await end();
    assertExactlyOnce(
      scene.texts((name) => name !== "big.log"),
      writer.lines.count,
    );
  });
});

describe("another life of the server", { concurrency: 3 }, () => {
  for (const idle of [false, true]) {
    test(`restored from an older copy, ${idle ? "noticed by an idle client" : "while lines are written"}`, async (t) => {
      // Not the scene's own server: the scene holds that a store never shrinks.
      const scene = await openScene(t);
      const server = await addServer(scene, "restored");
      await server.start();
      const proxy = await WireProxy.open(t, server.url);
      scene.configure({ destinations: [proxy.url] });
      await scene.startClient();
      const writer = new Writer(scene);
      await scene.until("some lines", () => writer.lines.count > 100);
      await scene.until("an older state", () => filesBelow(server.store).size > 2 && server.hasAll());
      await server.daemon.stop();
      const backup = `${server.store}-backup`;
      fs.cpSync(server.store, backup, { recursive: true });
      await server.start();
      const since = writer.lines.count;
      writer.rotate();
      await scene.until("more lines", () => writer.lines.count > since + 100);
      if (idle) await writer.end();
      await scene.until("a newer state", () => server.hasAll());

      await server.daemon.stop();
      fs.rmSync(server.store, { recursive: true });
      fs.renameSync(backup, server.store);
      await server.start();
      if (!idle) await writer.end();
      await scene.until("the rest is sent again", () => server.hasAll(), 30_000);
      const said = scene.client.events("destination-restored");
      assert.equal(said.length, 1, "said once");
      assert.equal(said[0]?.level, "INFO");
      assert.match(said[0]?.text ?? "", new RegExp(`^${proxy.url} has [0-9]+ bytes of ".*" and had [0-9]+: `));
      await scene.client.stop();
      await server.end();
      assertWireRules(proxy.exchanges);
      const texts = [...filesBelow(server.store).keys()].map(
        (name) => [name, fs.readFileSync(`${server.store}/${name}`, "utf8")] as const,
      );
      assertExactlyOnce(texts, writer.lines.count);
    });
  }

  test("with all that it had: everything is asked again, and nothing is sent", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    const files = Array.from({ length: 20 }, (_, i) => scene.log(`f${i}.log`));
    for (const file of files) fs.writeFileSync(file, `content of ${file}\n`);
    await scene.startClient();
    await scene.delivered(...files);
    await scene.server.stop();
    await scene.startServer();
    const before = proxy.exchanges.length;
    // One append tells the client of the new life, and its answer tells all of that file.
    fs.appendFileSync(scene.log("f7.log"), "more\n");
    const since = () => proxy.exchanges.slice(before);
    const asked = () => new Set(since().flatMap(({ method, target }) => (method === "HEAD" ? [target] : [])));
    await scene.until("all others are asked about", () => asked().size >= files.length - 1);
    await scene.delivered(...files);
    const puts = since().filter(({ method }) => method === "PUT");
    assert.ok(puts.every(({ target }) => target === "/f7.log"));
    assert.deepEqual(scene.client.events("destination-restored"), []);
    await end({ errors: ["destination-unreachable"] });
  });
});

/** Writes numbered lines at the speed of a busy program, and rotates by rename. */
class Writer {
  readonly lines = new Lines();
  readonly #scene: Scene;
  readonly #timer: NodeJS.Timeout;
  #fd: number;
  #rotations = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#fd = fs.openSync(scene.log("app.log"), "a");
    this.#timer = setInterval(() => {
      for (let i = 0; i < 5; i++) this.lines.write(this.#fd);
      if (this.lines.count % 300 === 0) this.rotate();
    }, 5);
    scene.t.after(() => clearInterval(this.#timer));
  }

  rotate(): void {
    const file = this.#scene.log("app.log");
    fs.renameSync(file, `${file}.${++this.#rotations}`);
    fs.closeSync(this.#fd);
    this.#fd = fs.openSync(file, "a");
  }

  /** Writes no more and waits until all of it is at the scene's server, if that runs. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    fs.closeSync(this.#fd);
    const { logs } = this.#scene;
    const all = fs.readdirSync(logs).map((name) => this.#scene.log(name));
    if (fs.existsSync(this.#scene.store)) await this.#scene.delivered(...all);
    else await this.#scene.until("all are held", () => all.every((file) => this.#scene.namesOf(file).length > 0));
  }
}

function size(store: string): number {
  return [...filesBelow(store).values()].reduce((sum, leaf) => sum + leaf.size, 0);
}
