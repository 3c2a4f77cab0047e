// Which status wins where several apply: docs/PROTOCOL.md, section 8, row by row. Each row is asked together with
// everything below it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { head } from "../support/raw-http.ts";
import { target } from "./target.ts";

const MALFORMED_RANGE = "bytes 5-2/3";
const LARGE = `bytes 0-${64 * 1024 * 1024}/*`;
const LARGE_LENGTH = 64 * 1024 * 1024 + 1;

test("400 before 405: a malformed path under an unknown method", async () => {
  assert.equal((await target.ask(head("DELETE", `${target.fresh()}/../x`)))?.status, 400);
  assert.equal((await target.ask(head("GET", "/.hidden")))?.status, 400);
});

test("400 before 411, 413, 414, 415 and 409", async () => {
  const file = target.fresh();
  await target.put(file, 0, "abc");
  const long = `${file}/${"long/".repeat(900)}`;
  assert.equal((await target.ask(head("PUT", `${long}/`, {})))?.status, 400);
  const fields = { "Content-Range": MALFORMED_RANGE, "Content-Encoding": "gzip" };
  assert.equal((await target.ask(head("PUT", `${long}x`, fields)))?.status, 400);
  assert.equal((await target.ask(head("PUT", file, { ...fields, "Transfer-Encoding": "chunked" })))?.status, 400);
  assert.equal((await target.ask(head("PUT", file, { "Content-Range": LARGE, "Content-Length": 1 })))?.status, 400);
});

test("405 before 414", async () => {
  assert.equal((await target.ask(head("GET", `/${"long/".repeat(900)}x`)))?.status, 405);
});

test("411 before 413, 414 and 415", async () => {
  const long = `${target.fresh()}/${"long/".repeat(900)}x`;
  assert.equal(
    (await target.ask(head("PUT", long, { "Content-Range": LARGE, "Content-Encoding": "gzip" })))?.status,
    411,
  );
});

test("413 before 414 and 415", async () => {
  const long = `${target.fresh()}/${"long/".repeat(900)}x`;
  const fields = { "Content-Range": LARGE, "Content-Length": LARGE_LENGTH, "Content-Encoding": "gzip" };
  assert.equal((await target.ask(head("PUT", long, fields)))?.status, 413);
});

test("414 before 415 and 409", async () => {
  const file = target.fresh();
  await target.put(file, 0, "abc");
  const fields = { "Content-Range": "bytes 0-0/1", "Content-Length": 1, "Content-Encoding": "gzip" };
  assert.equal((await target.ask(head("PUT", `${file}/${"long/".repeat(900)}x`, fields)))?.status, 414);
  assert.equal((await target.ask(head("HEAD", `${file}/${"long/".repeat(900)}x`)))?.status, 414);
});

test("415 before 409, 416 and 417", async () => {
  const file = target.fresh();
  await target.put(file, 0, "abc");
  const fields = { "Content-Range": "bytes 7-7/8", "Content-Length": 1, Expect: "wonders" };
  for (const coding of ["gzip", "zstd-19", "identity", "br, gzip"]) {
    assert.equal((await target.ask(head("PUT", file, { ...fields, "Content-Encoding": coding })))?.status, 415);
  }
  assert.equal((await target.ask(head("PUT", `${file}/x`, { ...fields, "Content-Encoding": "gzip" })))?.status, 415);
});

test("417 before 409 and 416", async () => {
  const file = target.fresh();
  await target.put(file, 0, "abc");
  const fields = { "Content-Range": "bytes 7-7/8", "Content-Length": 1, Expect: "wonders" };
  assert.equal((await target.ask(head("PUT", file, fields)))?.status, 417);
  assert.equal((await target.ask(head("PUT", `${file}/x`, fields)))?.status, 417);
});

test("409 for a path that cannot be a file before 404 and 416", async () => {
  const file = target.fresh();
  await target.put(file, 0, "abc");
  assert.equal((await target.ask(head("HEAD", `${file}/x`)))?.status, 409);
  assert.equal((await target.put(`${file}/x`, 7, "y"))?.status, 409);
});
