// Requests read without a server: what is asked for, and that the order of the refusals is that of
// docs/PROTOCOL.md, section 8, for every pair of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type RequestHead, readRequest } from "../../src/ingest/request.ts";
import { MAX_RANGE } from "../../src/protocol/fields.ts";

const PLAIN = /^(\/([a-zA-Z0-9_-][a-zA-Z0-9._-]*)){1,}$/;

interface Parts {
  method: string;
  target: string;
  version: string;
  fields: Record<string, string>;
}

function read({ method, target, version, fields }: Parts) {
  const request: RequestHead = { method, target, version, fields: Object.entries(fields).flat() };
  const who = fields.Who;
  return readRequest(request, {
    limits: { headerCount: 100, maxRange: MAX_RANGE, pathLength: 4096, pathDepth: 128 },
    takes: (path) => PLAIN.test(path),
    admits: () => (who === "nobody" ? 401 : who === "neighbour" ? 403 : undefined),
  });
}

function put(): Parts {
  const fields = { Host: "test", "Content-Range": "bytes 0-2/3", "Content-Length": "3" };
  return { method: "PUT", target: "/host/file", version: "1.1", fields };
}

test("a PUT and a HEAD as they should be", () => {
  const wish = read(put());
  assert.equal(wish.kind, "put");
  assert.deepEqual(wish.kind === "put" && [wish.path, wish.range], ["host/file", { start: 0, end: 3, size: 3 }]);
  const head = read({ ...put(), method: "HEAD", fields: { host: "[::1]:80" } });
  assert.deepEqual(head.kind === "head" && head.path, "host/file");
  assert.equal(read({ ...put(), method: "HEAD", version: "1.0", fields: {} }).kind, "head");
});

test("field names count whatever their case, and odd ones mean nothing", () => {
  const fields = {
    hOsT: "a",
    "CONTENT-range": "bytes 0-2/*",
    "content-LENGTH": "3",
    __proto__x: "1",
    constructor: "2",
  };
  assert.equal(read({ ...put(), fields }).kind, "put");
  assert.equal(read({ ...put(), fields: { ...put().fields, HOST: "b" } }).kind, "refused");
});

test("the digest that is asked for, remembered or of bytes just read", () => {
  const ask = (fields: Record<string, string>) => {
    const wish = read({ ...put(), method: "HEAD", fields: { Host: "test", ...fields } });
    return wish.kind === "head" ? wish.want : wish.kind;
  };
  assert.equal(ask({ "Cache-Control": "no-cache" }), undefined);
  assert.deepEqual(ask({ "Shaftlog-Want-Digest": "7" }), { size: 7, fresh: false });
  for (const value of ["no-cache", "No-Cache", "max-age=0, no-cache", "no-cache,x"]) {
    assert.deepEqual(ask({ "Shaftlog-Want-Digest": "7", "Cache-Control": value }), { size: 7, fresh: true }, value);
  }
  for (const value of ["max-age=0", "no-cache-at-all", "", 'private="no-cache"']) {
    assert.deepEqual(ask({ "Shaftlog-Want-Digest": "7", "Cache-Control": value }), { size: 7, fresh: false }, value);
  }
  const twice = { "cache-control": "max-age=0", "Cache-Control": "no-cache", "Shaftlog-Want-Digest": "0" };
  assert.deepEqual(ask(twice), { size: 0, fresh: true }, "a list may come in parts");
  assert.equal(ask({ "Shaftlog-Want-Digest": "x" }), "refused");
});

test("as many fields and segments as the limits allow", () => {
  const extra = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "1"]));
  assert.equal(read({ ...put(), fields: { ...put().fields, ...extra(97) } }).kind, "put");
  const many = read({ ...put(), fields: { ...put().fields, ...extra(98) } });
  assert.equal(many.kind === "refused" && many.status, 431);
  assert.equal(read({ ...put(), target: "/d".repeat(128) }).kind, "put");
  const deep = read({ ...put(), target: "/d".repeat(129) });
  assert.equal(deep.kind === "refused" && deep.status, 400);
});

/** Each makes a good PUT deserve this status, in the order of precedence. */
const FAULTS: readonly (readonly [status: number, spoil: (parts: Parts) => void])[] = [
  [400, (parts) => Object.assign(parts.fields, { Host: "a b" })],
  [400, (parts) => Object.assign(parts, { target: `/../${parts.target}` })],
  [401, (parts) => Object.assign(parts.fields, { Who: "nobody" })],
  [403, (parts) => Object.assign(parts.fields, { Who: parts.fields.Who ?? "neighbour" })],
  [405, (parts) => Object.assign(parts, { method: "POST" })],
  [411, (parts) => delete parts.fields["Content-Length"]],
  [
    413,
    (parts) => Object.assign(parts.fields, { "Content-Range": `bytes 0-${MAX_RANGE}/*` }, length(parts, MAX_RANGE + 1)),
  ],
  [414, (parts) => Object.assign(parts, { target: "/long".repeat(1000) })],
  [415, (parts) => Object.assign(parts.fields, { "Content-Encoding": "gzip" })],
  [417, (parts) => Object.assign(parts.fields, { Expect: "wonders" })],
];

/** A request that has no length keeps none. */
function length(parts: Parts, value: number): Record<string, string> {
  return "Content-Length" in parts.fields ? { "Content-Length": `${value}` } : {};
}

test("of two faults the one further up the table decides", () => {
  for (const [i, [first, spoilFirst]] of FAULTS.entries()) {
    for (const [, spoilSecond] of FAULTS.slice(i)) {
      const parts = put();
      spoilSecond(parts);
      spoilFirst(parts);
      const wish = read(parts);
      assert.equal(wish.kind === "refused" && wish.status, first, JSON.stringify(parts).slice(0, 300));
    }
  }
});
