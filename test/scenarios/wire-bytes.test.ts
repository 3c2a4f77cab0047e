// Bytes of every kind and number arrive as they are: contents that programs trip over, sizes around each boundary, offsets
// beyond 31 and 32 bits, and a thousand appends of one byte, which travel together.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { addServer } from "../support/more-servers.ts";
import { pace } from "../support/pace.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene } from "../support/scene.ts";
import { openWire } from "../support/wire.ts";
import { assertWireRules } from "../support/wire-rules.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

const CONTENTS: Readonly<Record<string, Buffer>> = {
  empty: Buffer.alloc(0),
  "one-byte": Buffer.from("x"),
  "one-line-feed": Buffer.from("\n"),
  "no-final-newline": Buffer.from("a line\nand half a"),
  crlf: Buffer.from("a line\r\n\r\nanother\r"),
  nuls: Buffer.concat([Buffer.alloc(5000), Buffer.from("behind NULs\n"), Buffer.alloc(3)]),
  "all-bytes": Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
  "looks-like-http": Buffer.from(
    "0\r\n\r\nPUT /other HTTP/1.1\r\nContent-Range: bytes 0-0/1\r\nContent-Length: 1\r\n\r\nx",
  ),
  "not-utf-8": Buffer.from([0xff, 0xfe, 0x0a, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x0a]),
  random: randomBytes(100_000),
};

describe("bytes", { concurrency: 2 }, () => {
  test("of any kind arrive as they are, also appended to", async (t) => {
    const { scene, end } = await openWire(t);
    for (const [name, bytes] of Object.entries(CONTENTS)) fs.writeFileSync(scene.log(`${name}.log`), bytes);
    await scene.startClient();
    const all = Object.keys(CONTENTS).map((name) => scene.log(`${name}.log`));
    await scene.delivered(...all);
    assert.equal(fs.existsSync(path.join(scene.store, "empty.log")), false, "an empty file needs no word");
    for (const bytes of [...Object.values(CONTENTS), Buffer.from("\n")]) {
      for (const file of all) fs.appendFileSync(file, bytes);
      await scene.delivered(...all);
    }
    await end();
  });

  test("of sizes around 64 KiB, 256 KiB, 1 MiB and 2 MiB, whole and in two halves", async (t) => {
    const { scene, end } = await openWire(t);
    const whole = randomBytes(2 * MIB + 1);
    const sizes = [64 * KIB, 256 * KIB, MIB, 2 * MIB].flatMap((size) => [size - 1, size, size + 1]);
    for (const size of sizes) fs.writeFileSync(scene.log(`whole-${size}.log`), whole.subarray(0, size));
    for (const size of sizes) fs.writeFileSync(scene.log(`halves-${size}.log`), whole.subarray(0, size / 2));
    await scene.startClient();
    const all = sizes.flatMap((size) => [scene.log(`whole-${size}.log`), scene.log(`halves-${size}.log`)]);
    await scene.delivered(...all);
    for (const size of sizes) fs.appendFileSync(scene.log(`halves-${size}.log`), whole.subarray(size / 2, size));
    await scene.delivered(...all);
    for (const size of sizes) fs.appendFileSync(scene.log(`whole-${size}.log`), whole.subarray(0, size));
    await scene.delivered(...all);
    await end();
  });

  test("a thousand appends of one byte travel together", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    await scene.startClient();
    fs.writeFileSync(scene.log("a.log"), "0\n");
    await scene.delivered(scene.log("a.log"));
    const before = proxy.exchanges.length;
    // As fast as a program writes, with the client's turns in between.
    for (let i = 0; i < 1000; i++) {
      fs.appendFileSync(scene.log("a.log"), String(i % 10));
      if (i % 20 === 0) await pace(1);
    }
    await scene.delivered(scene.log("a.log"));
    const requests = proxy.exchanges.length - before;
    assert.ok(requests < 250, `${requests} requests for 1000 bytes`);
    await end();
  });
});

describe("offsets beyond 31 and 32 bits", () => {
  for (const [bits, offset] of [
    [31, 2 ** 31 - 3],
    [32, 2 ** 32 - 3],
  ] as const) {
    test(`an append across 2^${bits}`, async (t) => {
      // A server whose store nobody compares byte by byte: reading holes would take longer than all else.
      const scene = await openScene(t);
      const server = await addServer(scene, "big");
      const there = path.join(server.store, "big.log");
      fs.mkdirSync(server.store);
      for (const file of [there, scene.log("big.log")]) {
        fs.writeFileSync(file, "");
        fs.truncateSync(file, offset - 6);
        fs.appendFileSync(file, "begin\n");
      }
      await server.start();
      const proxy = await WireProxy.open(t, server.url);
      // Not known to be ours, it is sent no digests: reading gigabytes of holes twice is another test's subject.
      proxy.hidden = "shaftlog-start";
      scene.configure({ destinations: [proxy.url] });
      await scene.startClient();
      await scene.until("its size was asked", () => proxy.exchanges.some(({ status }) => status === 200));
      let length = offset;
      for (const text of ["across\n", "and beyond\n", `${"x".repeat(300_000)}\n`]) {
        fs.appendFileSync(scene.log("big.log"), text);
        length += text.length;
        await scene.until("the append", () => fs.statSync(there).size === length);
        assert.equal(tail(there, text.length), text);
      }
      assert.equal(proxy.puts()[0]?.range?.start, offset, "what was there was not sent");
      assert.ok(fs.statSync(there).blocks * 512 < MIB, "nothing but the end was written");
      await scene.client.stop();
      await server.daemon.stop();
      assertWireRules(proxy.exchanges);
    });
  }
});

function tail(file: string, length: number): string {
  const fd = fs.openSync(file, "r");
  const buffer = Buffer.alloc(length);
  fs.readSync(fd, buffer, 0, length, fs.fstatSync(fd).size - length);
  fs.closeSync(fd);
  return buffer.toString("latin1");
}
