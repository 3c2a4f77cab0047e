// Requests that no honest client sends: syntax, framing and smuggling, after the families of llhttp's own tests.
// Each is answered 4xx or with the end of the connection, leaves nothing behind, and a valid request behind it is
// not carried out. docs/PROTOCOL.md, sections 8 and 9.

import assert from "node:assert/strict";
import { test } from "node:test";
import { head, putHead } from "../support/raw-http.ts";
import { target } from "./target.ts";

/** A PUT of `abc` at 0 with these lines instead of Host and Content-Length. */
function put(
  path: string,
  lines: readonly string[],
  { version = "HTTP/1.1", body = "abc", eol = "\r\n" } = {},
): string {
  return [`PUT ${path} ${version}`, ...lines, "Content-Range: bytes 0-2/3", "", body].join(eol);
}

const HOST = "Host: test";
const LENGTH = "Content-Length: 3";
const CHUNKED = "Transfer-Encoding: chunked";
const CHUNKS = "3\r\nabc\r\n0\r\n\r\n";

type Family = Readonly<Record<string, (path: string) => string>>;

const FRAMING: Family = {
  "two Host": (path) => put(path, [HOST, HOST, LENGTH]),
  "two different Host": (path) => put(path, [HOST, "Host: other", LENGTH]),
  "two Host, differently spelled": (path) => put(path, [HOST, "hOST: other", LENGTH]),
  "no Host": (path) => put(path, [LENGTH]),
  "a malformed Host": (path) => put(path, ["Host: a b", LENGTH]),
  "a Host with a path": (path) => put(path, ["Host: test/../x", LENGTH]),
  "a Host with an at sign": (path) => put(path, ["Host: a@b", LENGTH]),
  "two Content-Range": (path) => put(path, [HOST, LENGTH, "Content-Range: bytes 0-2/3"]),
  "two different Content-Range": (path) => put(path, [HOST, LENGTH, "Content-Range: bytes 5-7/8"]),
  "two Content-Length": (path) => put(path, [HOST, LENGTH, LENGTH]),
  "two different Content-Length": (path) => put(path, [HOST, LENGTH, "Content-Length: 4"]),
  "Content-Length list": (path) => put(path, [HOST, "Content-Length: 3, 3"]),
  "Content-Length with a plus": (path) => put(path, [HOST, "Content-Length: +3"]),
  "Content-Length negative": (path) => put(path, [HOST, "Content-Length: -3"]),
  "Content-Length hexadecimal": (path) => put(path, [HOST, "Content-Length: 0x3"]),
  "Content-Length overflowing": (path) => put(path, [HOST, "Content-Length: 18446744073709551619"]),
  "Content-Length empty": (path) => put(path, [HOST, "Content-Length:"]),
  "Content-Length with a space inside": (path) => put(path, [HOST, "Content-Length: 3 3"]),
  "Content-Length with a space before the colon": (path) => put(path, [HOST, "Content-Length : 3"]),
  "Content-Length folded": (path) => put(path, [HOST, "Content-Length:\r\n 3"]),
  chunked: (path) => put(path, [HOST, CHUNKED], { body: CHUNKS }),
  "chunked and Content-Length": (path) => put(path, [HOST, LENGTH, CHUNKED], { body: CHUNKS }),
  "Content-Length and chunked": (path) => put(path, [HOST, CHUNKED, LENGTH], { body: CHUNKS }),
  "gzip, chunked": (path) => put(path, [HOST, "Transfer-Encoding: gzip, chunked"], { body: CHUNKS }),
  "chunked, identity": (path) => put(path, [HOST, "Transfer-Encoding: chunked, identity"], { body: CHUNKS }),
  identity: (path) => put(path, [HOST, LENGTH, "Transfer-Encoding: identity"]),
  "identity alone": (path) => put(path, [HOST, "Transfer-Encoding: identity"]),
  xchunked: (path) => put(path, [HOST, "Transfer-Encoding: xchunked"], { body: CHUNKS }),
  "chunked twice": (path) => put(path, [HOST, CHUNKED, CHUNKED], { body: CHUNKS }),
  "Transfer-Encoding with a tab": (path) => put(path, [HOST, LENGTH, "Transfer-Encoding:\tchunked"], { body: CHUNKS }),
  "Transfer-Encoding with a space before the colon": (path) =>
    put(path, [HOST, LENGTH, "Transfer-Encoding : chunked"], { body: CHUNKS }),
  "Transfer-Encoding folded": (path) => put(path, [HOST, LENGTH, "Transfer-Encoding:\r\n chunked"], { body: CHUNKS }),
  "Transfer-Encoding with a control character": (path) =>
    put(path, [HOST, LENGTH, "Transfer-Encoding: \x0bchunked"], { body: CHUNKS }),
};

const SYNTAX: Family = {
  "absolute-form target": (path) => put(`http://test${path}`, [HOST, LENGTH]),
  "absolute-form target of another host": (path) => put(`http://other:1${path}`, [HOST, LENGTH]),
  "authority-form target": () => put("test:80", [HOST, LENGTH]),
  "asterisk target": () => put("*", [HOST, LENGTH]),
  "target without a slash": (path) => put(path.slice(1), [HOST, LENGTH]),
  "target with a space": (path) => put(`${path} x`, [HOST, LENGTH]),
  "target with a raw byte": (path) => put(`${path}\xe4`, [HOST, LENGTH]),
  "target with a control character": (path) => put(`${path}\x01`, [HOST, LENGTH]),
  "target with NUL": (path) => put(`${path}\0`, [HOST, LENGTH]),
  "HTTP/1.0 with a body": (path) => put(path, [HOST, LENGTH], { version: "HTTP/1.0" }),
  "HTTP/1.0 with a body and no Host": (path) => put(path, [LENGTH], { version: "HTTP/1.0" }),
  "HTTP/0.9": (path) => put(path, [HOST, LENGTH], { version: "HTTP/0.9" }),
  "HTTP/2.0": (path) => put(path, [HOST, LENGTH], { version: "HTTP/2.0" }),
  "HTTP/1.2": (path) => put(path, [HOST, LENGTH], { version: "HTTP/1.2" }),
  "HTTP/11": (path) => put(path, [HOST, LENGTH], { version: "HTTP/11" }),
  "http/1.1": (path) => put(path, [HOST, LENGTH], { version: "http/1.1" }),
  "no version": (path) => put(path, [HOST, LENGTH], { version: "" }),
  "another protocol": (path) => put(path, [HOST, LENGTH], { version: "ICE/1.0" }),
  "bare line feeds": (path) => put(path, [HOST, LENGTH], { eol: "\n" }),
  "bare carriage returns": (path) => put(path, [HOST, LENGTH], { eol: "\r" }),
  "a bare line feed behind one field": (path) => put(path, [`${HOST}\nX: y`, LENGTH]),
  "a field without a colon": (path) => put(path, [HOST, LENGTH, "nonsense"]),
  "a field name with a space": (path) => put(path, [HOST, LENGTH, "X Y: z"]),
  "a field name with a NUL": (path) => put(path, [HOST, LENGTH, "X\0Y: z"]),
  "a field value with a NUL": (path) => put(path, [HOST, LENGTH, "X: y\0z"]),
  "a field value with a carriage return": (path) => put(path, [HOST, LENGTH, "X: y\rz"]),
  "an empty field name": (path) => put(path, [HOST, LENGTH, ": z"]),
  "a folded field": (path) => put(path, [HOST, LENGTH, "X: y\r\n z"]),
  "a space in front of the first field": (path) => put(path, [` ${HOST}`, LENGTH]),
  "an unknown method": (path) => put(path, [HOST, LENGTH]).replace("PUT", "PUTT"),
  "a method in small letters": (path) => put(path, [HOST, LENGTH]).replace("PUT", "put"),
  "a space in front of the method": (path) => ` ${put(path, [HOST, LENGTH])}`,
  TLS: () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "the HTTP/2 preface": () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "HEAD with a body": (path) => `${head("HEAD", path, { "Content-Length": 3 })}abc`,
  "HEAD, chunked": (path) => `${head("HEAD", path, { "Transfer-Encoding": "chunked" })}${CHUNKS}`,
};

const METHODS: Family = Object.fromEntries(
  ["GET", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "MKCOL", "MOVE", "COPY", "LOCK", "SEARCH"].map(
    (method) => [
      method,
      (path: string) => `${head(method, path, { "Content-Range": "bytes 0-2/3", "Content-Length": 3 })}abc`,
    ],
  ),
);

for (const [family, cases] of Object.entries({ FRAMING, SYNTAX, METHODS })) {
  for (const [name, make] of Object.entries(cases)) {
    test(`${family.toLowerCase()}: ${name}`, async () => {
      const path = target.fresh();
      const behind = target.fresh();
      const connection = await target.connect();
      await connection.send(`${make(path)}${putHead(behind, 0, 3)}abc`);
      const answer = await connection.answer(name.startsWith("HEAD"));
      if (answer !== undefined) {
        assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`);
        assert.equal(answer.fields.get("connection"), "close");
        if (family === "METHODS") {
          assert.equal(answer.status, 405);
          assert.equal(answer.fields.get("allow"), "HEAD, PUT");
        }
      }
      assert.equal(await connection.answer(), undefined, "a second answer");
      connection.close();
      assert.equal(await target.size(path), undefined);
      assert.equal(await target.size(behind), undefined, "the request behind it was carried out");
    });
  }
}

test("CONNECT and OPTIONS * are 405", async () => {
  for (const line of ["CONNECT test:443", "OPTIONS *"]) {
    const answer = await target.ask(`${line} HTTP/1.1\r\n${HOST}\r\n\r\n`);
    assert.equal(answer?.status, 405, line);
    assert.equal(answer.fields.get("allow"), "HEAD, PUT");
  }
});

test("an upgrade is not taken up", async () => {
  const answer = await target.ask(head("GET", target.fresh(), { Connection: "Upgrade", Upgrade: "websocket" }));
  assert.equal(answer?.status, 405);
});

test("header fields of more than 16 KiB are 431, however they come", async () => {
  const path = target.fresh();
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`X-${i}`, "y"]));
  for (const fields of [{ "X-Long": "x".repeat(17 * 1024) }, many]) {
    assert.equal((await target.ask(head("HEAD", path, fields)))?.status, 431);
  }
  assert.equal((await target.ask(head("HEAD", `${path}/${"a/".repeat(600_000)}`)))?.status, 431);
});

test("a second Content-Range is not overlooked behind many fields, and more than 100 fields are 431", async () => {
  const path = target.fresh();
  for (const [count, status] of [
    [90, 400],
    [2_500, 431],
  ] as const) {
    const many = Array.from({ length: count }, () => "a:").join("\r\n");
    const answer = await target.ask(put(path, [HOST, LENGTH, many, "Content-Range: bytes 9-11/12"]));
    assert.equal(answer?.status, status);
  }
  assert.equal(await target.size(path), undefined);
});

test("what is malformed behind a good request does not cost that request its answer", async () => {
  const path = target.fresh();
  const connection = await target.connect();
  await connection.send(`${putHead(path, 0, 3)}abcnonsense\r\n\r\n`);
  assert.equal((await connection.answer())?.status, 201);
  const last = await connection.answer();
  assert.ok(last === undefined || last.status === 400);
  connection.close();
  assert.equal(await target.size(path), 3);
});

test("HTTP/1.0 without a body is answered, and its connection ends", async () => {
  const path = target.fresh();
  await target.put(path, 0, "abc");
  const connection = await target.connect();
  await connection.send(`HEAD ${path} HTTP/1.0\r\n\r\n`);
  assert.equal((await connection.answer(true))?.fields.get("content-length"), "3");
  assert.equal(await connection.answer(), undefined);
  connection.close();
});

test("the end of our half behind a whole request does not cost the answer", async () => {
  const path = target.fresh();
  const connection = await target.connect();
  await connection.send(`${putHead(path, 0, 3)}abc`);
  connection.end();
  assert.equal((await connection.answer())?.status, 201);
  connection.close();
});

test("the server lives on", async () => {
  const path = target.fresh();
  assert.equal((await target.put(path, 0, "abc"))?.status, 201);
});
