// The names in a certificate → a client's own part of the tree. A name is taken as it is written or refused; none is
// ever cleaned up into another.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Caller, callerOf } from "../../src/ingest/identity.ts";

function caller(commonNames: readonly string[], template = "/{cn}/", dnsNames: readonly string[] = []): Caller {
  const certificate = { kind: "trusted", commonNames, dnsNames, notAfter: 5 } as const;
  return callerOf({ address: "192.0.2.1", certificate }, template);
}

function prefix(...args: Parameters<typeof caller>): string | undefined {
  const known = caller(...args);
  return known.kind === "known" ? known.identity.prefix : undefined;
}

test("a name is the segment that it spells", () => {
  for (const [name, expected] of [
    ["host-a", "host-a/"],
    ["Host-A.example.com", "Host-A.example.com/"],
    ["a b", "a b/"],
    ["ä", "\xc3\xa4/"],
    ["a%2fb", "a%2fb/"],
    ["a".repeat(255), `${"a".repeat(255)}/`],
    ["a\\b", "a\\b/"],
  ] as const) {
    assert.equal(prefix([name]), expected, name);
  }
  assert.deepEqual(caller(["a"]), { kind: "known", identity: { name: "a", prefix: "a/", notAfter: 5 } });
});

test("what is no name of one directory is refused, with the reason", () => {
  for (const [names, reason] of [
    [[], /has no common name/],
    [[""], /is empty/],
    [["."], /begins with a dot/],
    [[".."], /begins with a dot/],
    [[".hidden"], /begins with a dot/],
    [["a/b"], /holds a slash/],
    [["/"], /holds a slash/],
    [["*"], /holds a star/],
    [["*.example.com"], /holds a star/],
    [["a\0b"], /holds a control/],
    [["host-a\0.example.com"], /holds a control/],
    [["a\nb"], /holds a control/],
    [["a\x7f"], /holds a control/],
    [["a\x9bb"], /holds a control/],
    [["a".repeat(256)], /longer than 255 bytes/],
    [["ä".repeat(128)], /longer than 255 bytes/],
    [["a\ufffd"], /not UTF-8/],
    [["a\ud800"], /not UTF-8/],
    [["host-a", "host-b"], /has 2 common names/],
    [["host-a", "host-a"], /has 2 common names/],
  ] as const) {
    const refused = caller(names);
    assert.ok(refused.kind === "unknown", JSON.stringify(names));
    assert.match(refused.reason, reason);
    assert.doesNotMatch(refused.reason, /[\0\n]/, "one line");
  }
});

test("the first DNS name, where that is asked for, whatever the common name is", () => {
  assert.equal(prefix([], "/{san}/", ["host-a", "host-b"]), "host-a/");
  assert.equal(prefix(["x", "y"], "/{san}/", ["host-a"]), "host-a/");
  assert.match(JSON.stringify(caller(["host-a"], "/{san}/")), /has no DNS name/);
  assert.match(JSON.stringify(caller(["a"], "/{san}/", ["*.example.com"])), /holds a star/);
});

test("the template stands around the name", () => {
  assert.equal(prefix(["a"], "/hosts/{cn}/logs/"), "hosts/a/logs/");
  assert.equal(prefix(["a"], "/{san}/{cn}/", ["b"]), "b/a/");
  assert.equal(prefix(["a".repeat(251)], "/x-{cn}-yz/"), undefined, "a segment that is too long");
  assert.equal(prefix(["{san}"], "/{cn}/", ["b"]), "{san}/", "what a name holds is no template");
});

test("without a certificate nobody is known, and where none is asked for all are anyone", () => {
  const address = "192.0.2.1";
  assert.deepEqual(callerOf({ address, certificate: { kind: "not-asked" } }, undefined), { kind: "anyone" });
  assert.equal(callerOf({ address, certificate: { kind: "not-asked" } }, "/{cn}/").kind, "unknown");
  const certificate = { kind: "rejected", reason: "has expired" } as const;
  assert.deepEqual(callerOf({ address, certificate }, "/{cn}/"), { kind: "unknown", reason: "has expired" });
});
