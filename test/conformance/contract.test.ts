// The base contract: HEAD tells the size, PUT appends at the end and nowhere else, every answer about a path
// tells where the file ends. docs/PROTOCOL.md, sections 3 to 5 and 7.

import assert from "node:assert/strict";
import { test } from "node:test";
import { head, putHead } from "../support/raw-http.ts";
import { target } from "./target.ts";

test("nothing is there at first: 404 and offset 0", async () => {
  const answer = await target.ask(head("HEAD", target.fresh()));
  assert.equal(answer?.status, 404);
  assert.equal(answer.fields.get("upload-offset"), "0");
});

test("first bytes 201, further bytes 204, and HEAD tells the sum", async () => {
  const path = target.fresh();
  const first = await target.put(path, 0, "hello\n", 12);
  assert.equal(first?.status, 201);
  assert.equal(first.fields.get("upload-offset"), "6");
  assert.equal(await target.size(path), 6);
  const second = await target.put(path, 6, "world\n", 12);
  assert.equal(second?.status, 204);
  assert.equal(second.fields.get("upload-offset"), "12");
  const asked = await target.ask(head("HEAD", path));
  assert.equal(asked?.fields.get("content-length"), "12");
  assert.equal(asked?.fields.get("upload-offset"), "12");
});

test("the complete length may be larger, equal or unknown, never smaller", async () => {
  const path = target.fresh();
  assert.equal((await target.put(path, 0, "ab", 1000))?.status, 201);
  assert.equal((await target.put(path, 2, "cd", 4))?.status, 204);
  assert.equal((await target.put(path, 4, "ef"))?.status, 204);
  assert.equal((await target.put(path, 6, "gh", 7))?.status, 400);
  assert.equal(await target.size(path), 6);
});

test("not at the end: 416 tells the end twice and writes nothing", async () => {
  const path = target.fresh();
  await target.put(path, 0, "0123456789");
  for (const start of [0, 5, 9, 11, 2 ** 40]) {
    const answer = await target.put(path, start, "x");
    assert.equal(answer?.status, 416, `start ${start}`);
    assert.equal(answer.fields.get("upload-offset"), "10");
    assert.equal(answer.fields.get("content-range"), "bytes */10");
    assert.match(answer.fields.get("content-type") ?? "", /^application\/problem\+json/);
    assert.equal((JSON.parse(answer.body) as { status: number }).status, 416);
  }
  assert.equal(await target.size(path), 10);
});

test("a file cannot begin behind its beginning", async () => {
  const path = target.fresh();
  const answer = await target.put(path, 1, "x");
  assert.equal(answer?.status, 416);
  assert.equal(answer.fields.get("upload-offset"), "0");
  assert.equal(await target.size(path), undefined);
});

test("a replay of a PUT that was carried out is 416, at once and later", async () => {
  const path = target.fresh();
  assert.equal((await target.put(path, 0, "abc"))?.status, 201);
  assert.equal((await target.put(path, 0, "abc"))?.status, 416);
  assert.equal((await target.put(path, 3, "def"))?.status, 204);
  assert.equal((await target.put(path, 3, "def"))?.status, 416);
  assert.equal((await target.put(path, 0, "abc"))?.status, 416);
  assert.equal(await target.size(path), 6);
});

test("every answer carries one and the same start id", async () => {
  const path = target.fresh();
  const answers = [
    await target.ask(head("HEAD", path)),
    await target.put(path, 0, "abc"),
    await target.put(path, 3, "abc"),
    await target.put(path, 3, "abc"),
    await target.ask(head("HEAD", path)),
    await target.ask(head("GET", path)),
    await target.ask(head("PUT", path)),
    await target.ask("nonsense\r\n\r\n"),
    await target.ask(head("HEAD", `${path}/x`)),
    await target.ask(head("HEAD", path, { "X-Long": "x".repeat(20_000) })),
  ];
  assert.deepEqual(
    answers.map((answer) => answer?.status),
    [404, 201, 204, 416, 200, 405, 400, 400, 409, 431],
  );
  const ids = new Set(answers.map((answer) => answer?.fields.get("shaftlog-start")));
  assert.equal(ids.size, 1);
  assert.match([...ids][0] ?? "", /^[A-Za-z0-9_-]{1,64}$/);
});

test("Content-Length and Date are sane on every success", async () => {
  const path = target.fresh();
  const made = await target.put(path, 0, "abc");
  assert.equal(made?.body, "");
  assert.ok(Number.isFinite(Date.parse(made?.fields.get("date") ?? "")));
  const more = await target.put(path, 3, "abc");
  assert.equal(more?.fields.has("content-length"), false, "a 204 has no Content-Length (RFC 9110, 8.6)");
  assert.equal(more?.fields.has("transfer-encoding"), false);
});

test("a path below a file and a path that is a directory: 409 for HEAD and PUT, offset told", async () => {
  const path = target.fresh();
  await target.put(path, 0, "abc");
  const directory = path.slice(0, path.lastIndexOf("/"));
  for (const odd of [`${path}/below`, `${path}/far/below`, directory]) {
    for (const answer of [await target.ask(head("HEAD", odd)), await target.put(odd, 0, "x")]) {
      assert.equal(answer?.status, 409, odd);
      assert.equal(answer.fields.get("upload-offset"), "0");
    }
  }
  assert.equal(await target.size(path), 3);
});

test("Expect: 100-continue is answered with 100 where the append can begin, and with the refusal where not", async () => {
  const path = target.fresh();
  const expecting = (start: number, length: number) =>
    head("PUT", path, {
      "Content-Range": `bytes ${start}-${start + length - 1}/*`,
      "Content-Length": length,
      Expect: "100-continue",
    });
  const connection = await target.connect();
  await connection.send(expecting(0, 3));
  while (!connection.received.startsWith("HTTP/1.1 100 ")) {
    assert.ok(!connection.ended);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await connection.send("abc");
  assert.equal((await connection.answer())?.status, 201);
  await connection.send(expecting(7, 3));
  assert.equal((await connection.answer())?.status, 416);
  connection.close();
  assert.equal(
    (await target.ask(head("PUT", path, { "Content-Range": "bytes 3-3/*", "Content-Length": 1, Expect: "x" })))?.status,
    417,
  );
});

test("refusals come before the body: nothing of it is needed", async () => {
  const path = target.fresh();
  await target.put(path, 0, "abc");
  const big = 60 * 1024 * 1024;
  assert.equal((await target.ask(putHead(path, 99, big)))?.status, 416);
  assert.equal((await target.ask(putHead(`${path}/x`, 0, big)))?.status, 409);
  assert.equal((await target.ask(putHead(path, 3, 65 * 1024 * 1024)))?.status, 413);
  assert.equal(await target.size(path), 3);
});

test("a refusal reaches a client that goes on sending", async () => {
  const path = target.fresh();
  const connection = await target.connect();
  await connection.send(putHead(path, 1, 32 * 1024 * 1024));
  let done = false;
  const answered = connection.answer().finally(() => {
    done = true;
  });
  const piece = Buffer.alloc(1024 * 1024);
  for (let i = 0; i < 32 && !done; i++) await Promise.race([connection.send(piece), answered]);
  const answer = await answered;
  connection.close();
  assert.equal(answer?.status, 416);
});

test("one connection serves many requests", async () => {
  const path = target.fresh();
  const connection = await target.connect();
  for (let i = 0; i < 20; i++) {
    await connection.send(`${putHead(path, i * 3, 3)}abc`);
    assert.equal((await connection.answer())?.status, i === 0 ? 201 : 204);
    await connection.send(head("HEAD", path));
    assert.equal((await connection.answer(true))?.fields.get("content-length"), String(i * 3 + 3));
  }
  connection.close();
});
