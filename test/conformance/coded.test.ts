// Compressed bodies: what is stored, digested and counted is what they decode to; of what is no such body nothing is
// written, whatever it is. docs/PROTOCOL.md, section 15. A server need not take them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import zlib, { constants } from "node:zlib";
import { formatDigest, parseDigest } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import { type Answer, head } from "../support/raw-http.ts";
import { until } from "../support/until.ts";
import { target } from "./target.ts";

const LINES = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i} of a log like many others\n`).join(""));
const CHECKED = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const MIB = 1024 * 1024;

const offers = (await target.ask(head("HEAD", target.fresh())))?.fields.get("accept-encoding") === "zstd";
const skip = offers ? false : "skipped: the server takes no compressed bodies";

function coded(
  path: string,
  start: number,
  length: number,
  body: Uint8Array,
  more: Record<string, string> = {},
): Buffer {
  const fields = {
    "Content-Range": `bytes ${start}-${start + length - 1}/*`,
    "Content-Length": body.byteLength,
    "Content-Encoding": "zstd",
    ...more,
  };
  return Buffer.concat([Buffer.from(head("PUT", path, fields)), body]);
}

const compressed = (bytes: Uint8Array) => zlib.zstdCompressSync(bytes, CHECKED);

/** What the server says of all that it has. */
async function digestOf(path: string): Promise<Answer | undefined> {
  return target.ask(head("HEAD", path, { "Shaftlog-Want-Digest": 2 ** 40, "Cache-Control": "no-cache" }));
}

function digest(bytes: Uint8Array): Uint8Array {
  const hash = new TreeHash(() => createHash("sha256"));
  hash.update(bytes);
  return hash.digest();
}

async function assertHolds(path: string, bytes: Uint8Array): Promise<void> {
  const told = parseDigest((await digestOf(path))?.fields.get("shaftlog-digest"));
  assert.equal(told?.size, bytes.byteLength);
  assert.deepEqual(Buffer.from(told.digest), Buffer.from(digest(bytes)));
}

describe("compressed bodies", { skip, concurrency: 4 }, () => {
  test("every answer says that they are taken", async () => {
    const path = target.fresh();
    const answers = [
      await target.put(path, 0, "abc"),
      await target.put(path, 3, "def"),
      await target.put(path, 3, "def"),
      await target.ask(head("HEAD", path)),
      await target.ask(coded(path, 6, 3, Buffer.from("ghi"), { "Content-Encoding": "gzip" })),
    ];
    assert.deepEqual(
      answers.map((answer) => [answer?.status, answer?.fields.get("accept-encoding")]),
      [201, 204, 416, 200, 415].map((status) => [status, "zstd"]),
    );
    assert.equal(await target.size(path), 6);
  });

  for (const [what, compress] of [
    ["with a checksum", compressed],
    ["without one", (bytes: Uint8Array) => zlib.zstdCompressSync(bytes)],
    ["at the highest level", (bytes: Uint8Array) => zlib.zstdCompressSync(bytes, level(19))],
    ["streamed, so that its head does not tell its length", streamed],
  ] as const) {
    test(`${what}: what they decode to is appended`, async () => {
      const path = target.fresh();
      const half = LINES.byteLength / 2;
      const first = await target.ask(coded(path, 0, half, await compress(LINES.subarray(0, half))));
      assert.equal(first?.status, 201);
      assert.equal(first.fields.get("upload-offset"), `${half}`);
      const condition = formatDigest({ size: half, digest: digest(LINES.subarray(0, half)) });
      const fields = { "Shaftlog-Digest": condition, "Content-Encoding": "ZSTD", "If-Match": '"whatever"' };
      const second = await target.ask(coded(path, half, half, await compress(LINES.subarray(half)), fields));
      assert.equal(second?.status, 204);
      const told = parseDigest(second.fields.get("shaftlog-digest"));
      assert.deepEqual(Buffer.from(told?.digest ?? []), Buffer.from(digest(LINES)));
      await assertHolds(path, LINES);
    });
  }

  test("ranges follow each other without waiting, and as they are in between", async () => {
    const path = target.fresh();
    const connection = await target.connect();
    const size = 100_000;
    for (let at = 0; at < 6 * size; at += size) {
      const piece = LINES.subarray(at, at + size);
      const fields = { "Content-Range": `bytes ${at}-${at + size - 1}/*`, "Content-Length": size };
      const asItIs = Buffer.concat([Buffer.from(head("PUT", path, fields)), piece]);
      await connection.send(at % (3 * size) === 0 ? asItIs : coded(path, at, size, compressed(piece)));
    }
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await connection.answer())?.status);
    connection.close();
    assert.deepEqual(statuses, [201, 204, 204, 204, 204, 204]);
    await assertHolds(path, LINES.subarray(0, 6 * size));
  });

  test("one of 8 MiB, which is the most", async () => {
    const path = target.fresh();
    const bytes = Buffer.alloc(8 * MIB, LINES);
    assert.equal((await target.ask(coded(path, 0, bytes.length, compressed(bytes))))?.status, 201);
    await assertHolds(path, bytes);
    const more = Buffer.alloc(8 * MIB + 1, "x");
    assert.equal((await target.ask(coded(path, bytes.length, more.length, compressed(more))))?.status, 413);
    assert.equal(await target.size(path), bytes.length);
  });

  const good = compressed(LINES);
  const cases: readonly (readonly [what: string, length: number, body: Uint8Array])[] = [
    ["decodes to a byte more than the range", LINES.length - 1, good],
    ["decodes to a byte less", LINES.length + 1, good],
    ["decodes to very much more", 100_000, zlib.zstdCompressSync(Buffer.alloc(256 * MIB))],
    ["decodes to nothing", 1000, zlib.zstdCompressSync(Buffer.alloc(0))],
    ["is cut", LINES.length, good.subarray(0, -1)],
    ["lacks its checksum", LINES.length, good.subarray(0, -4)],
    ["has a wrong checksum", LINES.length, withByte(good, good.length - 1)],
    ["was changed on its way", LINES.length, withByte(good, good.length >> 1)],
    ["has something behind it", LINES.length, Buffer.concat([good, Buffer.from("\n")])],
    ["is two frames", 2 * LINES.length, Buffer.concat([good, good])],
    ["is a frame to be skipped", 12, Buffer.from("502a4d180400000000000000", "hex")],
    ["is the bytes themselves", LINES.length, LINES],
    ["is no zstd at all", 100, Buffer.alloc(100)],
    ["is gzip", LINES.length, zlib.gzipSync(LINES)],
  ];
  for (const [what, length, body] of cases) {
    test(`a body that ${what}: 400, and nothing is written`, async () => {
      const path = target.fresh();
      await target.put(path, 0, "first\n");
      const connection = await target.connect();
      await connection.send(coded(path, 6, length, body));
      const answer = await connection.answer();
      assert.equal(answer?.status, 400);
      assert.match(answer.fields.get("connection") ?? "", /close/);
      connection.close();
      await assertHolds(path, Buffer.from("first\n"));
      assert.equal((await target.ask(coded(path, 6, LINES.length, good)))?.status, 204, "the file goes on");
    });
  }

  test("a window that is larger than the range may ever be: 400, and nothing is written", async () => {
    const path = target.fresh();
    const body = await streamed(LINES, { params: { [constants.ZSTD_c_windowLog]: 27 } });
    assert.equal((await target.ask(coded(path, 0, LINES.length, body)))?.status, 400);
    assert.ok(((await target.size(path)) ?? 0) === 0);
  });

  test("longer than its range, empty, or coded twice: refused before it is read", async () => {
    const path = target.fresh();
    const expect = { Expect: "100-continue" };
    assert.equal((await target.ask(coded(path, 0, 5, Buffer.alloc(6), expect)))?.status, 400);
    assert.equal((await target.ask(coded(path, 0, 5, Buffer.alloc(0), expect)))?.status, 400);
    const twice = { "Content-Encoding": "zstd, zstd", ...expect };
    assert.equal((await target.ask(coded(path, 0, 5, Buffer.alloc(5), twice)))?.status, 415);
    assert.equal(await target.size(path), undefined);
  });

  test("what can be decided without the body is decided before it", async () => {
    const path = target.fresh();
    await target.put(path, 0, "0123456789");
    const connection = await target.connect();
    const fields = { "Content-Range": "bytes 5-104/*", "Content-Length": 50, "Content-Encoding": "zstd" };
    await connection.send(head("PUT", path, { ...fields, Expect: "100-continue" }));
    assert.equal((await connection.answer())?.status, 416);
    connection.close();
  });

  for (const how of ["fin", "rst"] as const) {
    test(`broken off by ${how}: nothing of it is written, and the file goes on`, async () => {
      const path = target.fresh();
      await target.put(path, 0, "first\n");
      const connection = await target.connect();
      const request = coded(path, 6, LINES.length, good);
      await connection.send(request.subarray(0, -1));
      if (how === "fin") connection.end();
      else connection.reset();
      await connection.answer();
      await until(async () => (await target.put(path, 2 ** 50, "x"))?.status === 416, "it is judged");
      await assertHolds(path, Buffer.from("first\n"));
      assert.equal((await target.ask(request))?.status, 204);
      await assertHolds(path, Buffer.concat([Buffer.from("first\n"), LINES]));
    });
  }

  test("a sender that goes on slowly holds the file, one that is silent yields it", async () => {
    const path = target.fresh();
    const request = coded(path, 0, LINES.length, good);
    const slow = await target.connect();
    const at = request.length - 8;
    await slow.send(request.subarray(0, at));
    const other = target.put(path, 0, "other\n");
    for (let i = at; i < at + 6; i++) {
      await sleep(500);
      await slow.send(request.subarray(i, i + 1));
    }
    assert.equal((await other)?.status, 409, "it was alive all the time");
    // From now on it is silent.
    assert.equal((await target.put(path, 0, "other\n"))?.status, 201);
    await assertHolds(path, Buffer.from("other\n"));
    slow.close();
  });
});

const level = (n: number) => ({ params: { [constants.ZSTD_c_compressionLevel]: n } });

/** In pieces, each flushed. */
async function streamed(bytes: Uint8Array, options: zlib.ZstdOptions = {}): Promise<Buffer> {
  const stream = zlib.createZstdCompress(options);
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  const flush = promisify((done: () => void) => stream.flush(done));
  stream.write(bytes.subarray(0, 1000));
  await flush();
  const ended = new Promise((resolve) => stream.on("end", resolve));
  stream.end(bytes.subarray(1000));
  await ended;
  return Buffer.concat(chunks);
}

function withByte(bytes: Uint8Array, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 0x10;
  return changed;
}
