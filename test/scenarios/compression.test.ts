// `compression: zstd` of the binary: far fewer bytes on the wire and the same bytes at the server, whatever breaks; a
// destination that takes none gets them as they are, and a server that knows nothing of it never stores what it cannot read.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import type { Exchange } from "../support/exchange.ts";
import { fieldOf } from "../support/http-stream.ts";
import { WireProxy } from "../support/proxy.ts";
import { Random } from "../support/random.ts";
import type { Scene } from "../support/scene.ts";
import { clientStatus } from "../support/status.ts";
import { sync } from "../support/sync-once.ts";
import { lacksWebDav, startWebDav } from "../support/webdav.ts";
import { openWire } from "../support/wire.ts";
import { assertWireRules } from "../support/wire-rules.ts";

/** As a server of a web site writes it; no two lines are alike. */
function lines(count: number, from = 0): string {
  let text = "";
  for (let i = from; i < from + count; i++) {
    const second = `${String(i % 60).padStart(2, "0")}`;
    text += `203.0.113.${i % 250} - - [02/Jan/2026:10:${second}:00 +0000] "GET /page/${(i * 7919) % 10_007} HTTP/1.1" 200 ${i}\n`;
  }
  return text;
}

const isCoded = ({ head }: Exchange) => fieldOf(head, "content-encoding") === "zstd";
const sentIn = (exchanges: readonly Exchange[]) => exchanges.reduce((sum, { received }) => sum + received, 0);

/** Its destinations are compressed. */
function compress(scene: Scene, ...urls: readonly string[]): void {
  scene.configure({ destinations: urls.map((url) => ({ url, compression: "zstd" })) });
}

describe("compression: zstd", { concurrency: 2 }, () => {
  test("a backlog and lines afterwards take a fraction of their bytes, which the status tells", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    compress(scene, proxy.url);
    const big = scene.log("big.log");
    fs.writeFileSync(big, lines(60_000));
    await scene.startClient();
    await scene.delivered(big);
    fs.appendFileSync(big, lines(5_000, 60_000));
    fs.writeFileSync(scene.log("small.log"), "a line\n");
    await scene.delivered(big, scene.log("small.log"));
    const length = fs.statSync(big).size + 7;
    const wire = sentIn(proxy.puts());
    assert.ok(wire < length / 3, `${wire} of ${length} bytes`);
    assert.ok(!proxy.puts("/small.log").some(isCoded), "a line goes as it is");
    // The last answer may be on its way.
    await scene.until("the status tells it", () => {
      const [{ bytes_sent: sent, bytes_spared: spared } = { bytes_sent: 0, bytes_spared: 0 }] =
        clientStatus(scene).destinations;
      return sent === length && spared === length - wire;
    });
    assert.equal(scene.client.events("destination-without-compression").length, 0);
    await end();
  });

  test("sync-once over a narrow link takes a fraction of the time as well", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    fs.writeFileSync(scene.log("big.log"), lines(40_000));
    scene.configure({ destinations: [{ url: proxy.url, compression: "zstd", rate_limit: "400kB" }] });
    const began = performance.now();
    await sync(scene, 0);
    const took = performance.now() - began;
    const atThatRate = (fs.statSync(scene.log("big.log")).size / 400_000) * 1000;
    assert.ok(took < atThatRate * 0.7, `${took.toFixed(0)} ms, and ${atThatRate.toFixed(0)} ms without it`);
    await end();
  });

  test("connections that break inside of bodies, and a server that is killed: every byte once", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    compress(scene, proxy.url);
    const random = new Random(20_260_102);
    let count = 0;
    proxy.plan = (exchange) => {
      if (!isCoded(exchange) || ++count % 3 !== 0) return undefined;
      const how = random.pick(["fin", "rst"] as const);
      return random.below(3) === 0 ? { kind: "swallow", how } : { kind: "cut", after: random.below(20_000), how };
    };
    await scene.startClient();
    const files = ["a.log", "b.log", "c.log"].map((name) => scene.log(name));
    for (let round = 0; round < 4; round++) {
      for (const file of files) fs.appendFileSync(file, lines(8_000, round * 8_000));
      if (round === 2) {
        await scene.server.kill();
        await scene.startServer();
      }
      await scene.delivered(...files);
    }
    assert.ok(count > 12, `${count} compressed appends`);
    // A file that is cut again and again while others get on waits for a while.
    await end({ errors: ["destination-unreachable", "file-denied"] });
  });

  test("one destination takes it, another one does not: both have the same, and it is told once", async (t) => {
    const { scene, proxy } = await openWire(t);
    const plain = await WireProxy.open(t, scene.url);
    plain.hidden = "accept-encoding";
    compress(scene, `${proxy.url}one/`, `${plain.url}two/`);
    fs.writeFileSync(scene.log("a.log"), lines(20_000));
    await scene.startClient();
    const there = (name: string) => scene.text(`${name}/a.log`) === fs.readFileSync(scene.log("a.log"), "utf8");
    await scene.until("both", () => there("one") && there("two"));
    assert.ok(proxy.puts().some(isCoded));
    assert.ok(!plain.puts().some(isCoded));
    const told = scene.client.events("destination-without-compression");
    assert.deepEqual(
      told.map(({ level, text }) => [level, text.includes(plain.url)]),
      [["WARN", true]],
    );
    await scene.client.stop();
    await scene.server.stop();
    assertWireRules([...proxy.exchanges, ...plain.exchanges]);
  });

  test("another program in the place of the server stores none of it", {
    skip: lacksWebDav("apache") ?? false,
  }, async (t) => {
    const { scene, proxy } = await openWire(t);
    const apache = await startWebDav(t, "apache");
    compress(scene, proxy.url);
    const file = scene.log("a.log");
    fs.writeFileSync(file, lines(5_000));
    await scene.startClient();
    await scene.delivered(file);
    assert.ok(proxy.puts().some(isCoded));
    // With an answer on its way it would ask first.
    await scene.until("all is answered", () => clientStatus(scene).destinations[0]?.backlog_bytes === 0);
    // It has the same bytes, and takes any range.
    const copy = path.join(apache.root, "a.log");
    fs.copyFileSync(path.join(scene.store, "a.log"), copy);
    fs.chmodSync(copy, 0o666);
    proxy.to = { host: "127.0.0.1", port: Number(new URL(apache.url).port) };
    const before = proxy.exchanges.length;
    proxy.breakAll("fin");
    for (let round = 1; round < 4; round++) {
      fs.appendFileSync(file, lines(5_000, round * 5_000));
      await scene.until("it is there", () => {
        const has = fs.readFileSync(copy);
        assert.ok(has.equals(fs.readFileSync(file).subarray(0, has.length)), "it has something else");
        return has.length === fs.statSync(file).size;
      });
    }
    const refused = proxy.exchanges.slice(before).filter(isCoded);
    assert.deepEqual(
      refused.map(({ status }) => status),
      [412],
    );
    assert.equal(scene.client.events("file-denied").length, 0);
    await scene.client.stop();
  });
});
