// One destination over a fake spool, network and clock: what is sent, what is asked, and when.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { type FakeFile, fakeFile } from "../support/fake-entry.ts";

function setUp() {
  const events: Event[] = [];
  const rewritten: unknown[] = [];
  const { http, clock, destination } = fakeDestination({
    spool: {
      rewritten: (entry) => {
        rewritten.push(entry);
        for (const generation of entry.generations) generation.end = 0;
      },
    },
    emit: (event) => events.push(event),
  });
  const grow = (file: FakeFile, text: string) => {
    file.append(text);
    file.entry.changedAt = clock.elapsed();
    destination.changed(file.entry);
  };
  const seen = () => http.requests.map(({ method, path }) => `${method} ${path}`);
  const named = (name: string) => events.filter((event) => event.name === name);
  return { http, clock, destination, events, grow, seen, named, rewritten };
}

describe("a destination", () => {
  test("asks, sends the rest, and rests", async () => {
    const { http, clock, destination, seen } = setUp();
    http.files.set("/host/a.log", Buffer.from("one\n"));
    const file = fakeFile("a.log", "one\ntwo\n");
    destination.added(file.generation, false);
    await clock.advance(10);
    assert.deepEqual(seen(), ["HEAD /host/a.log", "PUT /host/a.log"]);
    assert.equal(http.files.get("/host/a.log")?.toString(), "one\ntwo\n");
    assert.equal(destination.isDelivered(file.generation), true);
    assert.equal(destination.bytesSent, 4);
  });

  test("sends a name just given to a strict server without asking, to another one never", async () => {
    const { http, clock, destination, seen } = setUp();
    const first = fakeFile("first", "1");
    destination.added(first.generation);
    await clock.advance(1);
    assert.deepEqual(seen(), ["HEAD /host/first", "PUT /host/first"], "nothing is known of the server yet");
    destination.added(fakeFile("second", "2").generation);
    await clock.advance(1);
    assert.deepEqual(seen().slice(2), ["PUT /host/second"]);
    http.start = undefined;
    destination.added(fakeFile("third", "3").generation);
    await clock.advance(1);
    destination.added(fakeFile("fourth", "4").generation);
    await clock.advance(1);
    assert.deepEqual(seen().slice(-2), ["HEAD /host/fourth", "PUT /host/fourth"]);
  });

  test("an empty file needs no word", async () => {
    const { clock, destination, grow, seen } = setUp();
    const file = fakeFile("empty");
    destination.added(file.generation);
    await clock.advance(1000);
    assert.deepEqual(seen(), []);
    assert.equal(destination.isDelivered(file.generation), true);
    grow(file, "x");
    await clock.advance(10);
    assert.equal(seen().at(-1), "PUT /host/empty");
  });

  test("appends that come while one is on the wire go together", async () => {
    const { http, clock, destination, grow } = setUp();
    const file = fakeFile("a", "0");
    destination.added(file.generation);
    await clock.advance(10);
    const before = http.requests.length;
    for (let i = 0; i < 100; i++) grow(file, "x");
    await clock.advance(10);
    assert.ok(http.requests.length - before <= 2);
    assert.equal(http.files.get("/host/a")?.length, 101);
  });

  test("a lost answer is asked about, and nothing is sent twice", async () => {
    const { http, clock, destination, seen } = setUp();
    let lost = 0;
    http.script = (request) => {
      if (request.method !== "PUT" || lost > 0) return undefined;
      lost++;
      http.files.set(request.path, Buffer.from(request.body ?? [])); // carried out, but nobody hears of it
      return { kind: "failure", error: Object.assign(new Error("reset"), { code: "ECONNRESET" }) };
    };
    destination.added(fakeFile("a", "hello").generation);
    await clock.advance(20_000);
    assert.equal(http.files.get("/host/a")?.toString(), "hello");
    assert.equal(seen().filter((line) => line.startsWith("PUT")).length, 1);
  });

  test("after any answer but success the next request for the file is HEAD", async () => {
    for (const status of [
      202, 206, 301, 307, 400, 401, 403, 404, 405, 409, 411, 412, 413, 416, 429, 500, 501, 502, 503, 504, 507,
    ]) {
      const { http, clock, destination, seen } = setUp();
      let bad = 2;
      http.script = (request) => (request.method === "PUT" && bad-- > 0 ? http.answer(status) : undefined);
      const file = fakeFile("a", "hello");
      destination.added(file.generation, false);
      await clock.advance(60_000);
      const lines = seen();
      for (const [i, line] of lines.entries()) {
        if (line.startsWith("PUT")) assert.match(lines[i - 1] ?? "", /^HEAD/, `${status}: ${lines.join(", ")}`);
      }
      assert.equal(http.files.get("/host/a")?.toString(), "hello", `${status} is recovered from`);
      assert.equal(destination.isDelivered(file.generation), true, `${status}`);
    }
  });

  test("a file that is not taken does not stop the others, is named, and is tried again", async () => {
    const { http, clock, destination, seen, named } = setUp();
    let mended = false;
    http.script = (request) => (request.path.endsWith("bad") && !mended ? http.answer(400) : undefined);
    destination.added(fakeFile("bad", "x").generation);
    for (let i = 0; i < 20; i++) destination.added(fakeFile(`good${i}`, "y").generation);
    await clock.advance(1000);
    assert.equal(http.files.size, 20);
    assert.equal(destination.summary().faults, 1);
    assert.match(named("file-denied")[0]?.text ?? "", /^Cannot deliver "bad" .*validate_regex/);
    const tries = seen().filter((line) => line.endsWith("bad")).length;
    await clock.advance(60_000);
    assert.ok(seen().filter((line) => line.endsWith("bad")).length - tries <= 7, "paced");
    mended = true;
    await clock.advance(15_000);
    assert.equal(http.files.get("/host/bad")?.toString(), "x");
    assert.equal(destination.summary().state, "in sync");
  });

  test("an outage: one probe at a time, then everything resumes at once", async () => {
    const { http, clock, destination, named, seen } = setUp();
    let dead = true;
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    http.script = () => (dead ? { kind: "failure", error: refused } : undefined);
    const files = Array.from({ length: 50 }, (_, i) => fakeFile(`f${i}`, "data"));
    for (const { generation } of files) destination.added(generation);
    await clock.advance(100);
    const atFirst = seen().length;
    assert.ok(atFirst <= 8, `${atFirst} connections at most find out`);
    await clock.advance(60_000);
    const probes = seen().length - atFirst;
    assert.ok(probes >= 6 && probes <= 25, `${probes} probes in a minute`);
    assert.equal(named("destination-unreachable").length > 0, true);
    assert.equal(destination.summary().state, "in error");
    dead = false;
    await clock.advance(10_000);
    assert.equal(http.files.size, 50);
    assert.equal(named("destination-recovered").length, 1);
    assert.equal(destination.summary().state, "in sync");
  });

  test("another life of the server: everything is asked again, and what it lost is sent again", async () => {
    const { http, clock, destination, grow, named } = setUp();
    const files = Array.from({ length: 20 }, (_, i) => fakeFile(`f${i}`, "0123456789"));
    for (const { generation } of files) destination.added(generation);
    await clock.advance(100);
    assert.equal(http.files.size, 20);
    http.start = "life-2";
    for (const [path, bytes] of http.files) http.files.set(path, bytes.subarray(0, 4));
    http.files.delete("/host/f7");
    grow(files[3] as FakeFile, "more");
    await clock.advance(1000);
    for (let i = 0; i < 20; i++) assert.equal(http.files.get(`/host/f${i}`)?.length, i === 3 ? 14 : 10, `f${i}`);
    assert.equal(named("destination-restored").length, 1, "said once");
  });

  test("an idle client notices by itself that the server was restored", async () => {
    const { http, clock, destination } = setUp();
    const file = fakeFile("a", "hello");
    destination.added(file.generation);
    await clock.advance(100);
    http.start = "life-2";
    http.files.clear();
    await clock.advance(30_000);
    assert.equal(http.files.get("/host/a")?.toString(), "hello");
  });

  test("a longer copy there: nothing is sent until ours is longer", async () => {
    const { http, clock, destination, grow, named, seen } = setUp();
    http.files.set("/host/a", Buffer.from("0123456789"));
    const file = fakeFile("a", "01234");
    destination.added(file.generation, false);
    await clock.advance(1000);
    grow(file, "56789");
    await clock.advance(1000);
    assert.deepEqual(
      seen().filter((line) => line.startsWith("PUT")),
      [],
    );
    assert.equal(named("remote-ahead").length, 1);
    grow(file, "ABC");
    await clock.advance(1000);
    assert.equal(http.files.get("/host/a")?.toString(), "0123456789ABC");
  });

  test("a server that replaces instead of appending is found out by the second range, and left alone", async () => {
    const { http, clock, destination, grow, named, seen } = setUp();
    http.start = undefined;
    http.script = (request) => {
      if (request.method !== "PUT") return undefined;
      http.files.set(request.path, Buffer.from(request.body ?? []));
      return http.answer(201);
    };
    const file = fakeFile("a", "first");
    destination.added(file.generation);
    await clock.advance(1000);
    grow(file, "second");
    await clock.advance(120_000);
    grow(file, "third");
    await clock.advance(120_000);
    assert.equal(seen().filter((line) => line.startsWith("PUT")).length, 2);
    assert.match(named("file-denied")[0]?.text ?? "", /replaced the file/);
    assert.equal(destination.summary().state, "in error");
  });

  test("a backlog goes in consecutive ranges, and a failed one is followed by HEAD alone", async () => {
    const { http, clock, destination, seen } = setUp();
    const bytes = Buffer.alloc(20 * 1024 * 1024, "0123456789abcdef\n");
    let puts = 0;
    http.script = (request) => (request.method === "PUT" && ++puts === 9 ? http.answer(500) : undefined);
    destination.added(fakeFile("big", bytes).generation, false);
    await clock.advance(60_000);
    assert.ok(http.files.get("/host/big")?.equals(bytes));
    const after = seen().slice(seen().indexOf("PUT /host/big") + 9);
    assert.ok(after.includes("HEAD /host/big"));
  });

  test("a file that was truncated and has grown past its old size is found before the next append", async () => {
    const { clock, destination, http, rewritten } = setUp();
    const file = fakeFile("a", "first content\n");
    destination.added(file.generation);
    await clock.advance(100);
    file.bytes = Buffer.from("something else altogether, and longer\n");
    file.entry.size = file.bytes.length;
    destination.changed(file.entry);
    await clock.advance(100);
    assert.equal(http.files.get("/host/a")?.toString(), "first content\n");
    assert.deepEqual(rewritten, [file.entry]);
    assert.equal(destination.summary().state, "in sync");
  });

  test("stop waits for what is on the wire and sends nothing new", async () => {
    const { http, clock, destination, seen } = setUp();
    let answer: (() => void) | undefined;
    http.script = (request) =>
      request.method === "PUT" ? new Promise((resolve) => (answer = () => resolve(http.answer(201)))) : undefined;
    destination.added(fakeFile("a", "x").generation, false);
    await clock.advance(10);
    let stopped = false;
    const stopping = destination.stop(5000).then(() => {
      stopped = true;
    });
    destination.added(fakeFile("b", "x").generation);
    await clock.advance(100);
    assert.equal(stopped, false);
    answer?.();
    await clock.advance(1);
    await stopping;
    assert.deepEqual(seen(), ["HEAD /host/a", "PUT /host/a"]);
  });
});

test("many files that are found at the start are asked about together, and each once", async () => {
  const { http, clock, destination, seen } = setUp();
  const files = Array.from({ length: 500 }, (_, i) => fakeFile(`f${i}`, "hello"));
  for (const { generation } of files) http.files.set(`/host/${generation.name}`, Buffer.from("hello"));
  for (const { generation } of files) destination.added(generation, false);
  await clock.advance(10_000);
  assert.equal(destination.summary().state, "in sync");
  assert.equal(seen().length, 500);
  assert.ok(http.connections <= 12, `${http.connections} connections`);
});

test("a question that ends the connection costs those behind it nothing but a second question", async () => {
  const { http, clock, destination, named } = setUp();
  let ended = 0;
  http.script = (request) =>
    request.path.endsWith("bad") && !ended++ ? { kind: "failure", error: new Error("ended by an answer") } : undefined;
  const names = [
    ...Array.from({ length: 200 }, (_, i) => `f${i}`),
    "bad",
    ...Array.from({ length: 200 }, (_, i) => `g${i}`),
  ];
  for (const name of names) destination.added(fakeFile(name, "hello").generation, false);
  await clock.advance(60_000);
  assert.equal(http.files.size, 401);
  assert.equal(named("destination-unreachable").length, 0);
});

test("many small new files share two connections, each with one request and no question", async () => {
  const { http, clock, destination, seen } = setUp();
  destination.added(fakeFile("first", "the server is strict\n").generation);
  await clock.advance(1000);
  const before = { requests: seen().length, connections: http.connections };
  for (let i = 0; i < 500; i++) destination.added(fakeFile(`f${i}`, "hello").generation);
  await clock.advance(10_000);
  assert.equal(http.files.size, 501);
  assert.ok(
    seen()
      .slice(before.requests)
      .every((request) => request.startsWith("PUT ")),
  );
  assert.equal(seen().length - before.requests, 500);
  assert.ok(http.connections - before.connections <= 2, `${http.connections} connections`);
});

test("a new file that ends the connection costs those behind it a question, and sends nothing twice", async () => {
  const { http, clock, destination, named } = setUp();
  destination.added(fakeFile("first", "the server is strict\n").generation);
  await clock.advance(1000);
  let ended = 0;
  http.script = (request) =>
    request.path.endsWith("bad") && !ended++ ? { kind: "failure", error: new Error("ended by an answer") } : undefined;
  const names = Array.from({ length: 300 }, (_, i) => (i === 100 ? "bad" : `f${i}`));
  for (const name of names) destination.added(fakeFile(name, "hello").generation);
  await clock.advance(60_000);
  for (const name of names) assert.equal(http.files.get(`/host/${name}`)?.toString(), "hello");
  assert.equal(named("destination-unreachable").length, 0);
});
