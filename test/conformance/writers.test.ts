// One writer per path: pipelined ranges, concurrent and reversed PUTs, the takeover from a silent writer, and that
// no late byte is ever appended. docs/PROTOCOL.md, sections 5 and 6.

import assert from "node:assert/strict";
import { test } from "node:test";
import { head, putHead } from "../support/raw-http.ts";
import { until } from "../support/until.ts";
import { target } from "./target.ts";

/** What PROTOCOL.md gives a holder, in ms, and how much more is let pass for a busy machine. */
const SILENT = 2_000;
const SLACK = 1_500;

test("consecutive ranges are pipelined on one connection", async () => {
  for (const length of [1, 700, 100_000]) {
    const path = target.fresh();
    const connection = await target.connect();
    const count = 30;
    const body = Buffer.alloc(length, "p");
    for (let i = 0; i < count; i++)
      void connection.send(Buffer.concat([Buffer.from(putHead(path, i * length, length)), body]));
    for (let i = 0; i < count; i++) {
      const answer = await connection.answer();
      assert.equal(answer?.status, i === 0 ? 201 : 204, `range ${i} of ${length} bytes`);
      assert.equal(answer.fields.get("upload-offset"), String((i + 1) * length));
    }
    connection.close();
    assert.equal(await target.size(path), count * length);
  }
});

test("behind a failed range nothing is carried out, and the connection ends", async () => {
  const path = target.fresh();
  const other = target.fresh();
  const connection = await target.connect();
  await connection.send(
    `${putHead(path, 0, 3)}abc${putHead(path, 7, 3)}hij${putHead(path, 3, 3)}def${head("HEAD", other)}`,
  );
  assert.equal((await connection.answer())?.status, 201);
  const failed = await connection.answer();
  assert.equal(failed?.status, 416);
  assert.equal(failed.fields.get("upload-offset"), "3");
  assert.equal(failed.fields.get("connection"), "close");
  assert.equal(await connection.answer(), undefined);
  connection.close();
});

test("the same PUT twice at once: exactly one is carried out, the other is told the end", async () => {
  for (let round = 0; round < 20; round++) {
    const path = target.fresh();
    const answers = await Promise.all([target.put(path, 0, "abcdef"), target.put(path, 0, "abcdef")]);
    assert.deepEqual(answers.map((answer) => answer?.status).sort(), [201, 416]);
    for (const answer of answers) assert.equal(answer?.fields.get("upload-offset"), "6");
    assert.equal(await target.size(path), 6);
  }
});

test("two ranges in reverse order: the later one fails or waits for its turn, never leaves a hole", async () => {
  for (let round = 0; round < 10; round++) {
    const path = target.fresh();
    const [second, first] = await Promise.all([target.put(path, 3, "def"), target.put(path, 0, "abc")]);
    assert.equal(first?.status, 201);
    assert.ok(second?.status === 416 || second?.status === 204);
    assert.equal(await target.size(path), second.status === 204 ? 6 : 3);
  }
});

test("a silent writer yields to the next one; its late bytes are never appended", async () => {
  const path = target.fresh();
  const silent = await target.connect();
  await silent.send(`${putHead(path, 0, 20)}01234`);
  await until(() => silent.socket.bytesWritten > 0, "the first bytes to be sent");
  const began = performance.now();
  // Does not know of the five bytes that came: told where the file ends now.
  const answer = await target.put(path, 0, "0123456789");
  const took = performance.now() - began;
  assert.equal(answer?.status, 416);
  assert.equal(answer.fields.get("upload-offset"), "5");
  assert.ok(took < SILENT + SLACK, `${took} ms`);
  assert.equal(await target.size(path), 5);
  await silent.send("LATE-BYTES-HERE");
  assert.equal((await target.put(path, 5, "56789"))?.status, 204);
  await until(() => silent.ended, "the end of the silent connection");
  assert.equal(await target.size(path), 10);
  silent.close();
});

test("a writer that never sent a byte yields too, and the next begins the file", async () => {
  const path = target.fresh();
  const silent = await target.connect();
  await silent.send(putHead(path, 0, 20));
  const began = performance.now();
  assert.equal((await target.put(path, 0, "abc"))?.status, 201);
  assert.ok(performance.now() - began < SILENT + SLACK);
  await silent.send("LATE");
  assert.equal(await target.size(path), 3);
  silent.close();
});

test("a writer that has been silent for long yields at once", async () => {
  const path = target.fresh();
  const silent = await target.connect();
  await silent.send(`${putHead(path, 0, 20)}01234`);
  const since = performance.now();
  await until(() => performance.now() - since > SILENT + 100, "silence");
  const began = performance.now();
  assert.equal((await target.put(path, 5, "5"))?.status, 204);
  assert.ok(performance.now() - began < 1_000, `${performance.now() - began} ms`);
  silent.close();
});

test("a writer that is alive keeps the file: 409 with the durable offset, after a bounded wait, for all who wait", async () => {
  const path = target.fresh();
  await target.put(path, 0, "abc");
  const slow = await target.connect();
  const total = 200;
  await slow.send(putHead(path, 3, total));
  let sent = 0;
  let going = true;
  const dripping = (async () => {
    while (going) {
      await slow.send("x");
      sent++;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await slow.send("x".repeat(total - sent));
  })();
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 5 }, () => target.put(path, 3, "y")));
  const took = performance.now() - began;
  // HEAD is answered meanwhile, without waiting for the body.
  assert.equal(await target.size(path), 3);
  going = false;
  await dripping;
  for (const answer of answers) {
    assert.equal(answer?.status, 409);
    assert.equal(answer.fields.get("upload-offset"), "3");
  }
  assert.ok(took > SILENT - 100 && took < SILENT + SLACK, `${took} ms`);
  assert.equal((await slow.answer())?.status, 204);
  slow.close();
  assert.equal(await target.size(path), 3 + total);
});

test("one who waits is judged as soon as the writer is done", async () => {
  const path = target.fresh();
  const writer = await target.connect();
  await writer.send(`${putHead(path, 0, 6)}abc`);
  const waiting = target.put(path, 6, "ghi");
  await new Promise((resolve) => setTimeout(resolve, 50));
  await writer.send("def");
  assert.equal((await writer.answer())?.status, 201);
  assert.equal((await waiting)?.status, 204);
  assert.equal(await target.size(path), 9);
  writer.close();
});

test("who waits and goes away is forgotten", async () => {
  const path = target.fresh();
  const writer = await target.connect();
  await writer.send(`${putHead(path, 0, 6)}abc`);
  const waiting = await target.connect();
  await waiting.send(`${putHead(path, 6, 3)}ghi`);
  waiting.reset();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await writer.send("def");
  assert.equal((await writer.answer())?.status, 201);
  const size = await target.size(path);
  assert.ok(size === 6 || size === 9);
  assert.equal((await target.put(path, size, "z"))?.status, 204);
  writer.close();
});

test("many files at once, each exactly its own bytes", async () => {
  const paths = Array.from({ length: 50 }, (_, i) => target.fresh(`file-${i}`));
  await Promise.all(
    paths.map(async (path, i) => {
      for (let start = 0; start < 5; start++) {
        assert.ok(((await target.put(path, start * i, "m".repeat(i)))?.status ?? 0) < 300 || i === 0);
      }
    }),
  );
  const sizes = await Promise.all(paths.map((path) => target.size(path)));
  assert.deepEqual(
    sizes,
    paths.map((_, i) => (i === 0 ? undefined : 5 * i)),
  );
});
