// Trouble with one file at a destination that otherwise works: told from an outage, paced, said and taken back, and no
// other file's trouble. Over a fake spool, network and clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { type FakeFile, fakeFile } from "../support/fake-entry.ts";

const BROKEN = { kind: "failure", error: Object.assign(new Error("reset"), { code: "ECONNRESET" }) } as const;

function setUp() {
  const events: Event[] = [];
  const { http, clock, destination } = fakeDestination({
    url: new URL("http://log.test:10655/"),
    emit: (event) => events.push(event),
  });
  const grow = (file: FakeFile, text: string) => {
    file.append(text);
    file.entry.changedAt = clock.elapsed();
    destination.changed(file.entry);
  };
  const asked = (path: string) => http.requests.filter((request) => request.path === path).length;
  const named = (name: string) => events.filter((event) => event.name === name);
  return { http, clock, destination, grow, asked, named };
}

for (const method of ["HEAD", "PUT"] as const) {
  test(`a file whose ${method} never gets an answer does not hold up the others`, async () => {
    const { http, clock, destination, grow, asked, named } = setUp();
    let mended = false;
    http.script = (request) => (request.method === method && request.path === "/bad" && !mended ? BROKEN : undefined);
    const bad = fakeFile("bad", "content");
    const good = fakeFile("good", "content");
    destination.added(bad.generation, false);
    destination.added(good.generation, false);
    await clock.advance(5_000);
    // Long after it was found out whose trouble it is.
    let most = 0;
    for (let i = 0; i < 300; i++) {
      grow(good, "more\n");
      const from = clock.elapsed();
      while (http.files.get("/good")?.length !== good.bytes.length) await clock.advance(10);
      most = Math.max(most, clock.elapsed() - from);
    }
    assert.ok(most <= 100, `an append to the good file took ${most} ms`);
    assert.match(named("file-denied")[0]?.text ?? "", /^Cannot deliver "bad" .*connection reset/);
    const before = asked("/bad");
    await clock.advance(60_000);
    assert.ok(asked("/bad") - before <= 16, `${asked("/bad") - before} requests in a minute`);
    assert.equal(destination.outage.trouble, undefined);
    mended = true;
    await clock.advance(15_000);
    assert.equal(http.files.get("/bad")?.toString(), "content");
    assert.equal(named("file-recovered").length, 1);
    assert.equal(destination.summary().state, "in sync");
  });
}

test("a file whose HEAD breaks the connection is not the one that is asked about again and again", async () => {
  const { http, clock, destination, grow } = setUp();
  http.script = (request) => (request.path === "/bad" ? BROKEN : undefined);
  const good = fakeFile("good", "content");
  destination.added(good.generation, false);
  await clock.advance(100);
  destination.added(fakeFile("bad", "content").generation, false);
  await clock.advance(5_000);
  grow(good, "more");
  await clock.advance(100);
  assert.equal(http.files.get("/good")?.toString(), "contentmore");
});

test("the same status again and again: tried with a back-off that grows to 10 s, and begins anew behind an append", async () => {
  for (const status of [202, 206, 409, 416, 500]) {
    const { http, clock, destination, grow, asked } = setUp();
    let bad = true;
    http.script = (request) => (request.method === "PUT" && bad ? http.answer(status) : undefined);
    const file = fakeFile("a", "content");
    destination.added(file.generation, false);
    await clock.advance(30_000);
    const before = asked("/a");
    await clock.advance(60_000);
    const requests = asked("/a") - before;
    assert.ok(requests >= 6 * 2 && requests <= 10 * 4, `${status}: ${requests} requests in a minute`);
    bad = false;
    await clock.advance(11_000);
    assert.equal(http.files.get("/a")?.toString(), "content");
    bad = true;
    grow(file, "more");
    await clock.advance(500);
    bad = false;
    await clock.advance(1_500);
    assert.equal(http.files.get("/a")?.toString(), "contentmore", `${status}: a new trouble is tried again soon`);
  }
});

test("501 of a server that is not ours: it cannot append, so nothing is sent again until one of ours is there", async () => {
  const { http, clock, destination, asked, named } = setUp();
  http.start = undefined;
  http.script = (request) => (request.method === "PUT" ? http.answer(501) : undefined);
  for (const name of ["a", "b"]) destination.added(fakeFile(name, "content").generation, false);
  await clock.advance(600_000);
  const puts = http.requests.filter(({ method }) => method === "PUT");
  assert.equal(puts.length, 2, "one for each file");
  assert.ok(asked("/a") + asked("/b") <= 4 + 60, "and a question now and then");
  assert.equal(named("file-denied").length, 2);
  http.script = () => undefined;
  http.start = "a strict server";
  await clock.advance(30_000);
  assert.deepEqual([...http.files.keys()].toSorted(), ["/a", "/b"]);
});

test("501 before a server that is ours comes from something in between, which may pass", async () => {
  const { http, clock, destination } = setUp();
  let bad = true;
  http.script = (request) => (request.method === "PUT" && bad ? http.answer(501) : undefined);
  destination.added(fakeFile("a", "content").generation, false);
  await clock.advance(25_000);
  bad = false;
  await clock.advance(11_000);
  assert.equal(http.files.get("/a")?.toString(), "content");
});

test("bytes that turn out to have been taken reset the back-off as well as an answer does", async () => {
  const { http, clock, destination, grow } = setUp();
  http.script = (request) => {
    if (request.method !== "PUT") return undefined;
    // Carried out, and nobody hears of it.
    http.files.set(
      request.path,
      Buffer.concat([http.files.get(request.path) ?? Buffer.alloc(0), request.body ?? Buffer.alloc(0)]),
    );
    return BROKEN;
  };
  const file = fakeFile("a", "0");
  destination.added(file.generation, false);
  for (let i = 0; i < 30; i++) {
    await clock.advance(2_000);
    assert.equal(http.files.get("/a")?.length, file.bytes.length, `append ${i} within 2 s`);
    grow(file, String(i % 10));
  }
});

test("a full destination is asked by one probe at a time, whatever questions are answered meanwhile", async () => {
  const { http, clock, destination, named } = setUp();
  http.script = async (request) => {
    await new Promise<void>((resolve) => clock.after(request.method === "HEAD" ? 20 : 7, resolve));
    return request.method === "PUT" ? http.answer(507) : undefined;
  };
  for (let i = 0; i < 20; i++) destination.added(fakeFile(`f${i}`, "content").generation, i % 2 === 0);
  await clock.advance(10_000);
  const before = http.requests.length;
  await clock.advance(60_000);
  const requests = http.requests.length - before;
  assert.ok(requests >= 6 && requests <= 8 * (1 + 2 * 8), `${requests} requests in a minute`);
  assert.deepEqual(named("destination-recovered"), []);
  http.script = () => undefined;
  await clock.advance(11_000);
  assert.equal(http.files.size, 20);
  assert.equal(named("destination-recovered").length, 1);
});

test("a file that finds no room where others do does not hold them up", async () => {
  const { http, clock, destination, grow, asked, named } = setUp();
  http.script = (request) => (request.method === "PUT" && request.path === "/big" ? http.answer(507) : undefined);
  const live = fakeFile("live", "content");
  destination.added(fakeFile("big", "content").generation, false);
  destination.added(live.generation, false);
  let most = 0;
  for (let i = 0; i < 600; i++) {
    grow(live, "more\n");
    const from = clock.elapsed();
    while (http.files.get("/live")?.length !== live.bytes.length) await clock.advance(10);
    if (i > 100) most = Math.max(most, clock.elapsed() - from);
    await clock.advance(90);
  }
  assert.ok(most <= 100, `an append took ${most} ms`);
  assert.ok(asked("/big") <= 60, `${asked("/big")} requests in a minute for the file that finds no room`);
  assert.match(named("file-denied")[0]?.text ?? "", /^Cannot deliver "big" .*507/);
});

test("a server that ends each connection behind an answer, without a word, gets the append on a fresh one", async () => {
  const { clock, destination, grow, http } = setUp();
  const connect = http.connect.bind(http);
  http.connect = () => {
    const inner = connect();
    let answeredAt: number | undefined;
    return {
      get usable() {
        return inner.usable;
      },
      destroy: () => inner.destroy(),
      send: async (request) => {
        // Later the end was noticed, and the connection is opened anew.
        if (answeredAt === clock.elapsed()) {
          inner.destroy();
          return BROKEN;
        }
        const outcome = await inner.send(request);
        answeredAt = clock.elapsed();
        return outcome;
      },
    };
  };
  const file = fakeFile("a");
  destination.added(file.generation, false);
  grow(file, "content");
  await clock.advance(700);
  assert.equal(http.files.get("/a")?.toString(), "content", "with the first probe");
});
