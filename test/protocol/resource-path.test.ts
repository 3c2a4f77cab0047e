// Names and request targets: each name has one path, each path at most one name, and what is odd is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { decodePath, encodePath, faultOfName } from "../../src/protocol/resource-path.ts";
import { Random } from "../support/random.ts";

test("every byte but slash and NUL goes into a path and comes out again", () => {
  for (let byte = 1; byte < 256; byte++) {
    if (byte === 0x2f) continue;
    const name = `a${String.fromCharCode(byte)}b`;
    const path = `/${encodePath(name)}`;
    assert.match(path, /^[/A-Za-z0-9\-._~%]+$/);
    assert.equal(decodePath(path), `/${name}`);
  }
});

test("random names come back as they were", () => {
  const random = new Random(3);
  for (let i = 0; i < 2000; i++) {
    const name = random
      .bytes(1 + random.below(30))
      .toString("latin1")
      .replaceAll("\0", "x");
    assert.equal(decodePath(`/${encodePath(name)}`), `/${name}`);
  }
});

test("targets that are no path in its one spelling", () => {
  const odd = [
    "",
    "a",
    "*",
    "/%",
    "/%1",
    "/%g1",
    "/a%2fb",
    "/a%2Fb",
    "/a%00",
    "/a b",
    "/a\n",
    "/a?b",
    "/a#b",
    "/ä",
    '/"',
    "/<",
    "/a\\b",
  ];
  for (const target of odd) assert.equal(decodePath(target), undefined, JSON.stringify(target));
});

test("names that are refused, each for a reason", () => {
  for (const name of ["", "/", "/a", "a/", "a//b", ".", "..", ".a", "a/.b", "a/..", "a\0", "a".repeat(256)]) {
    assert.equal(typeof faultOfName(name), "string", JSON.stringify(name));
  }
  for (const name of ["a", "a.b", "a/b", "-", "a..", "a b", "\xff", "a".repeat(255), "a\n"]) {
    assert.equal(faultOfName(name), undefined, JSON.stringify(name));
  }
});
