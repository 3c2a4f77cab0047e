// Compression on the way to one destination: only where it is wanted and offered by this life of the server, and worth it;
// what refuses it gets the same bytes as they are, and no second try.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import type { Codec } from "../../src/platform/codec.ts";
import type { HttpRequest } from "../../src/platform/http.ts";
import { zstd } from "../../src/platform/node-zstd.ts";
import { RateLimit } from "../../src/transfer/rate-limit.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";
import { FakeHttp } from "../support/fake-http.ts";
import { until } from "../support/until.ts";

const LINES = Buffer.from("a line like many others\n".repeat(10_000));

function setUp({ codec = zstd as Codec | "none", codings = "zstd" } = {}) {
  const http = new FakeHttp();
  http.codings = codings;
  const events: Event[] = [];
  const { clock, destination } = fakeDestination({
    http,
    codec: codec === "none" ? undefined : codec,
    emit: (event) => void events.push(event),
  });
  const puts = (name: string) =>
    http.requests.filter(({ method, path }) => method === "PUT" && path === `/host/${name}`);
  /** Compressing takes real time. */
  const delivered = (name: string, bytes: Buffer) =>
    until(async () => {
      await clock.advance(10);
      return http.files.get(`/host/${name}`)?.equals(bytes) ?? false;
    }, name);
  const told = () => events.filter(({ name }) => name === "destination-without-compression").map(({ text }) => text);
  return { http, clock, destination, puts, delivered, told };
}

const isCoded = ({ headers }: HttpRequest) => headers.includes("content-encoding");

describe("compression", () => {
  test("what is sent is compressed, with the life that offered it, and what it spares is counted", async () => {
    const { http, destination, puts, delivered, told } = setUp();
    destination.added(fakeFile("a", LINES).generation, false);
    await delivered("a", LINES);
    const all = puts("a");
    assert.ok(all.every(isCoded));
    assert.ok(all.every(({ headers }) => headers[headers.indexOf("if-match") + 1] === '"life-1"'));
    const sent = all.reduce((sum, { body }) => sum + (body?.byteLength ?? 0), 0);
    assert.ok(sent < LINES.length / 20, `${sent} bytes`);
    assert.equal(destination.bytesSent, LINES.length);
    assert.equal(destination.compression?.spared, LINES.length - sent);
    assert.equal(http.files.get("/host/a")?.length, LINES.length);
    assert.deepEqual(told(), []);
  });

  test("not where it is not wanted", async () => {
    const { destination, puts, delivered } = setUp({ codec: "none" });
    destination.added(fakeFile("a", LINES).generation, false);
    await delivered("a", LINES);
    assert.ok(!puts("a").some(isCoded));
  });

  test("a server that another one took the place of, which takes none, is sent one at the most", async () => {
    const { http, clock, destination, puts, delivered, told } = setUp();
    const file = fakeFile("a", LINES);
    destination.added(file.generation, false);
    await delivered("a", LINES);
    http.start = "life-2";
    http.codings = undefined;
    http.script = (request) => (isCoded(request) ? http.answer(415) : undefined);
    http.requests.length = 0;
    for (let i = 0; i < 3; i++) {
      file.append("an older server\n".repeat(1000));
      file.entry.changedAt = clock.elapsed();
      destination.changed(file.entry);
      await delivered("a", file.bytes);
    }
    assert.equal(puts("a").filter(isCoded).length, 1);
    assert.equal(told().length, 1);
  });

  for (const [what, bytes] of [
    ["few bytes", LINES.subarray(0, 1000)],
    ["what cannot be made smaller", randomBytes(200_000)],
  ] as const) {
    test(`${what} go as they are`, async () => {
      const { destination, puts, delivered } = setUp();
      destination.added(fakeFile("a", bytes).generation, false);
      await delivered("a", bytes);
      assert.ok(!puts("a").some(isCoded));
    });
  }

  test("where nothing is worth it most ranges are not even tried, and soon again where something is", async () => {
    let tries = 0;
    const compress = (bytes: Uint8Array) => {
      tries++;
      return zstd.compress(bytes);
    };
    const { destination, puts, delivered } = setUp({ codec: { ...zstd, compress } });
    const noise = randomBytes(64 * 1024 * 1024);
    destination.added(fakeFile("noise", noise).generation, false);
    await delivered("noise", noise);
    assert.ok(tries > 1 && tries <= 7, `${tries} of ${puts("noise").length} were tried`);
    const text = Buffer.alloc(64 * 1024 * 1024, LINES);
    destination.added(fakeFile("text", text).generation, false);
    await delivered("text", text);
    const first = puts("text").findIndex(isCoded);
    assert.ok(first <= 64 && puts("text").slice(first).every(isCoded), `from range ${first} on`);
  });

  for (const codings of ["", "gzip", "zstd;q=0"]) {
    test(`a server that offers "${codings}" gets it as it is, which is told once`, async () => {
      const { destination, puts, delivered, told } = setUp({ codings });
      destination.added(fakeFile("a", LINES).generation, false);
      await delivered("a", LINES);
      destination.added(fakeFile("b", LINES).generation, false);
      await delivered("b", LINES);
      assert.ok(![...puts("a"), ...puts("b")].some(isCoded));
      assert.equal(told().length, 1);
      assert.match(told()[0] ?? "", /it offers none/);
    });
  }

  for (const status of [400, 415, 501]) {
    test(`a server that answers ${status} gets the same bytes as they are, and no second try before its next start`, async () => {
      const { http, clock, destination, puts, delivered, told } = setUp();
      http.script = (request) => (isCoded(request) ? http.answer(status) : undefined);
      const file = fakeFile("a", LINES);
      destination.added(file.generation, false);
      await delivered("a", LINES);
      assert.equal(puts("a").filter(isCoded).length, 1);
      assert.equal(destination.faults.size, 0);
      destination.added(fakeFile("b", LINES).generation, false);
      await delivered("b", LINES);
      assert.equal(puts("b").filter(isCoded).length, 0);
      assert.deepEqual(told().length, 1);
      assert.match(told()[0] ?? "", new RegExp(`answered ${status}`));

      http.start = "life-2";
      http.script = () => undefined;
      file.append("another life\n".repeat(1000));
      file.entry.changedAt = clock.elapsed();
      destination.changed(file.entry);
      await delivered("a", file.bytes);
      destination.added(fakeFile("c", LINES).generation, false);
      await delivered("c", LINES);
      assert.ok(puts("c").every(isCoded), "it is another server");
    });
  }

  test("a name that the server does not take is no reason not to compress what has another one", async () => {
    const { http, clock, destination, puts, delivered, told } = setUp();
    destination.added(fakeFile("a", LINES).generation, false);
    await delivered("a", LINES);
    http.script = ({ path }) => (path === "/host/bad" ? http.answer(400) : undefined);
    destination.added(fakeFile("bad", LINES.subarray(0, 48_000)).generation, true);
    await until(async () => {
      await clock.advance(10);
      return destination.faults.size === 1;
    }, "the file is in trouble");
    destination.added(fakeFile("b", LINES).generation, false);
    await delivered("b", LINES);
    assert.ok(puts("bad").some(isCoded) && puts("b").every(isCoded));
    assert.deepEqual(told(), []);
  });

  test("a refusal that is not the coding's is that of any append", async () => {
    const { http, clock, destination, told } = setUp();
    http.script = ({ method }) => (method === "PUT" ? http.answer(403) : undefined);
    destination.added(fakeFile("a", LINES).generation, false);
    await until(async () => {
      await clock.advance(10);
      return destination.faults.size === 1;
    }, "the file is in trouble");
    assert.deepEqual(told(), []);
  });

  test("a new file that is cut while its bytes are compressed is delivered as it is then", async () => {
    let cut = () => {};
    const codec: Codec = {
      ...zstd,
      compress: (bytes) => {
        cut();
        return zstd.compress(bytes);
      },
    };
    const { destination, delivered } = setUp({ codec });
    destination.added(fakeFile("before", LINES).generation, false);
    await delivered("before", LINES);
    const file = fakeFile("a", LINES.subarray(0, 20_000));
    cut = () => {
      file.bytes = LINES.subarray(0, 5_000);
      file.entry.size = file.bytes.length;
      destination.changed(file.entry);
    };
    destination.added(file.generation, true);
    await delivered("a", LINES.subarray(0, 5_000));
  });

  test("an append that is refused while the next one is compressed is followed by a question", async () => {
    let refused: boolean | undefined;
    let calls = 0;
    const codec: Codec = {
      ...zstd,
      compress: async (bytes) => {
        if (refused !== undefined && ++calls === 2) await until(() => refused, "the refusal");
        return await zstd.compress(bytes);
      },
    };
    const { http, destination, delivered } = setUp({ codec });
    destination.added(fakeFile("before", LINES).generation, false);
    await delivered("before", LINES);
    refused = false;
    http.requests.length = 0;
    http.script = ({ method }) => {
      if (method !== "PUT" || refused) return undefined;
      refused = true;
      return http.answer(416, { "content-range": "bytes */0" });
    };
    const lines = Buffer.concat(Array.from({ length: 8 }, () => LINES));
    destination.added(fakeFile("a", lines).generation, false);
    await delivered("a", lines);
    assert.deepEqual(
      http.requests.slice(0, 4).map(({ method }) => method),
      ["HEAD", "PUT", "HEAD", "PUT"],
    );
  });

  test("a codec that fails is no reason not to deliver", async () => {
    const codec = { compress: () => Promise.reject(new Error("no memory")), decompress: zstd.decompress };
    const { destination, puts, delivered } = setUp({ codec });
    destination.added(fakeFile("a", LINES).generation, false);
    await delivered("a", LINES);
    assert.ok(!puts("a").some(isCoded));
  });
});

test("what compression spares may be sent at once by those that wait", async () => {
  const clock = new FakeClock();
  const limit = new RateLimit(1000, clock);
  assert.ok(limit.take(9700, false));
  let allowed = false;
  void limit.wait(100, false).then((go) => {
    allowed = go;
  });
  await clock.advance(1000);
  assert.equal(allowed, false);
  limit.spared(9000);
  await clock.advance(1);
  assert.equal(allowed, true);
});
