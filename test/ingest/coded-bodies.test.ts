// The memory of compressed bodies: bounded, given in the order of coming, given back whatever becomes of the body, and
// not kept by those that send nothing while others wait.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CodedBodies } from "../../src/ingest/coded-bodies.ts";
import type { CodedBody } from "../../src/ingest/coded-body.ts";
import type { BodyReader, Exchange } from "../../src/platform/http-server.ts";
import { MAX_CODED_RANGE } from "../../src/protocol/fields.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";

const MIB = 1024 * 1024;
/** Of 32 MiB: two of these, and nothing beside them. */
const LARGE = MAX_CODED_RANGE;

class FakeExchange implements Exchange {
  readonly method = "PUT";
  readonly target = "/a";
  readonly version = "1.1";
  readonly fields = [];
  readonly peer = { address: "", certificate: { kind: "not-asked" } } as const;
  readonly connection = 1;
  reader: BodyReader | undefined;
  resumed = false;
  destroyed = false;

  read(reader: BodyReader): void {
    this.reader = reader;
  }
  resume(): void {
    this.resumed = true;
  }
  destroy(): void {
    this.destroyed = true;
    this.reader?.broken();
  }
  pause(): void {}
  release(): void {}
  working(): void {}
  answer(): void {}
}

/** What the store would hear. */
class FakeReader implements BodyReader {
  heard: string[] = [];
  data(chunk: Uint8Array): void {
    this.heard.push(`data ${chunk.byteLength}`);
  }
  arrived(all: boolean): void {
    this.heard.push(all ? "all arrived" : "arrived");
  }
  end(): void {
    this.heard.push("end");
  }
  broken(): void {
    this.heard.push("broken");
  }
}

/** `decompress` gives so many bytes; undefined: it rejects. */
function setUp(decoded: (most: number) => number | undefined = (most) => most) {
  const clock = new FakeClock();
  const codec = {
    compress: () => assert.fail("nothing is compressed here"),
    decompress: async (_: Uint8Array, most: number) => {
      const length = decoded(most);
      if (length === undefined) throw new Error("no frame");
      return new Uint8Array(length);
    },
  };
  const bodies = new CodedBodies(codec, clock);
  const told: (CodedBody | undefined)[] = [];
  const take = (coded: number, length: number) => {
    const exchange = new FakeExchange();
    let body: CodedBody | undefined;
    bodies.take(exchange, coded, length, (ready) => {
      body = ready;
      told.push(ready);
    });
    return { exchange, body: () => body };
  };
  return { clock, bodies, told, take };
}

test("so many at once, the others in the order of coming as memory is given back", () => {
  const { bodies, told, take } = setUp();
  const first = take(LARGE, LARGE);
  take(LARGE, LARGE);
  const third = take(LARGE, LARGE);
  const small = take(10, 100);
  assert.equal(told.length, 2);
  assert.equal(bodies.waiting, 2, "the small one does not overtake");
  first.body()?.done();
  first.body()?.done(); // once is enough
  assert.ok(third.body() !== undefined && small.body() === undefined);
  third.body()?.done();
  assert.ok(small.body() !== undefined);
  assert.equal(bodies.waiting, 0);
});

test("a body is read only when the store wants it, and handed over decoded", async () => {
  const { take } = setUp();
  const { exchange, body } = take(30, 100);
  const reader = new FakeReader();
  body()?.read(reader);
  assert.equal(exchange.resumed, false);
  body()?.resume();
  assert.equal(exchange.resumed, true);
  exchange.reader?.data(new Uint8Array(20));
  exchange.reader?.data(new Uint8Array(10));
  exchange.reader?.end();
  await settled();
  assert.deepEqual(reader.heard, ["arrived", "all arrived", "data 100"]);
  assert.equal(body()?.fault, undefined);
});

for (const [what, decoded, fault] of [
  ["is none", () => undefined, /not one whole zstd frame/],
  ["is shorter when decoded", () => 99, /99 bytes long when it is decoded, and its range 100/],
] as const) {
  test(`a body that ${what} breaks off with a reason, and hands over nothing`, async () => {
    const { take } = setUp(decoded);
    const { exchange, body } = take(30, 100);
    const reader = new FakeReader();
    body()?.read(reader);
    body()?.resume();
    exchange.reader?.data(new Uint8Array(30));
    await settled();
    assert.deepEqual(reader.heard, ["all arrived", "broken"]);
    assert.match(body()?.fault ?? "", fault);
  });
}

test("what was given back meanwhile hears nothing of what it decodes to", async () => {
  const { take } = setUp();
  const { exchange, body } = take(30, 100);
  const reader = new FakeReader();
  body()?.read(reader);
  body()?.resume();
  exchange.reader?.data(new Uint8Array(30));
  body()?.done();
  await settled();
  assert.deepEqual(reader.heard, ["all arrived"]);
});

for (const how of ["broken", "end"] as const) {
  test(`a sender that goes while he waits for memory is told of, and keeps nobody waiting (${how})`, () => {
    const { bodies, told, take } = setUp();
    const first = take(LARGE, LARGE);
    take(LARGE, LARGE);
    const gone = take(LARGE, LARGE);
    const next = take(LARGE, LARGE);
    gone.exchange.reader?.[how]();
    assert.deepEqual(told.slice(2), [undefined]);
    assert.equal(bodies.waiting, 1);
    first.body()?.done();
    assert.ok(next.body() !== undefined);
  });
}

test("one that goes before the store wants its body is passed on to the store", () => {
  const { take } = setUp();
  const { exchange, body } = take(30, 100);
  const reader = new FakeReader();
  body()?.read(reader);
  exchange.reader?.end();
  assert.deepEqual(reader.heard, ["end"]);
});

test("a body that is not there after 10 s makes room for those that wait, and stays where nobody does", async () => {
  const { clock, take } = setUp();
  const slow = take(MIB, LARGE);
  slow.body()?.read({ data() {}, arrived() {}, end() {}, broken: () => slow.body()?.done() });
  slow.body()?.resume();
  await clock.advance(25_000);
  assert.equal(slow.exchange.destroyed, false);
  take(LARGE, LARGE);
  const next = take(LARGE, LARGE);
  assert.equal(next.body(), undefined);
  await clock.advance(10_000);
  assert.equal(slow.exchange.destroyed, true);
  assert.ok(next.body() !== undefined);
});

test("nothing is left of a body that is done", async () => {
  const { clock, take } = setUp();
  take(30, 100).body()?.done();
  assert.equal(clock.pending, 0);
});
