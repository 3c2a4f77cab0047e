// tokens_file and the Authorization field: which token opens what, and which files and fields are not taken at all.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { bearerOf } from "../../src/ingest/bearer.ts";
import { parseTokens, type Tokens } from "../../src/ingest/tokens.ts";

const digest = (token: string) => createHash("sha256").update(token).digest("hex");

function tokens(text: string): Tokens {
  const parsed = parseTokens(text);
  assert.ok(!("wrong" in parsed), JSON.stringify(parsed));
  return parsed;
}

test("a token opens the prefix of its line", () => {
  const text = `# two hosts\n\n/host-a/ ${digest("alpha")} a\n  /x/host-b/\t${digest("beta").toUpperCase()}\r\n`;
  const { find } = tokens(text);
  assert.deepEqual(find("alpha"), { name: "a", prefix: "host-a/", notAfter: Number.POSITIVE_INFINITY });
  assert.equal(find("beta")?.prefix, "x/host-b/");
  assert.equal(find("beta")?.name, "/x/host-b/");
  for (const wrong of ["", "alph", "alphaa", "Alpha", digest("alpha")]) assert.equal(find(wrong), undefined);
  assert.equal(tokens("").find("alpha"), undefined);
});

test("one bad line and nothing is taken; a token that stands there by mistake is not repeated", () => {
  const good = `/a/ ${digest("a")}\n`;
  for (const [line, wrong] of [
    [`host-a ${digest("x")}`, /line 2: the prefix "host-a" does not begin and end with a slash/],
    [`/../ ${digest("x")}`, /line 2: the prefix "\/\.\.\/" leads nowhere/],
    [`// ${digest("x")}`, /line 2: the prefix "\/\/" leads nowhere/],
    ["/b/", /line 2: the second word is no SHA-256 digest/],
    ["/b/ my-secret-token", /line 2: the second word is no SHA-256 digest in hex$/],
    [`/b/ ${digest("a")}`, /line 2: the digest stands in an earlier line too/],
    [`/b/ ${digest("b")} x y`, /line 2: more than/],
  ] as const) {
    const parsed = parseTokens(`${good}${line}\n`);
    assert.ok("wrong" in parsed, line);
    assert.match(parsed.wrong, wrong);
  }
});

test("the field has one spelling", () => {
  const token = "0123456789abcdef";
  assert.equal(bearerOf(["Host", "x"]), undefined);
  assert.equal(bearerOf(["authorization", `Bearer ${token}`]), token);
  assert.equal(bearerOf(["AUTHORIZATION", `bearer ${token}==`]), `${token}==`);
  for (const value of ["", "Bearer", `Basic ${token}`, `Bearer  ${token}`, `Bearer ${token},`, "Bearer short"]) {
    assert.equal(bearerOf(["Authorization", value]), "malformed", value);
  }
  assert.equal(bearerOf(["Authorization", `Bearer ${token}`, "Authorization", `Bearer ${token}`]), "malformed");
});
