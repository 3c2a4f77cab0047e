// What a pattern matches, where it makes the walk look, and what it spells out (src/discovery/pattern.ts).

import assert from "node:assert/strict";
import { test } from "node:test";
import { compilePattern, matchText } from "../../src/discovery/pattern.ts";
import { pattern } from "../support/finding.ts";

test("the spelled-out part ends at the first wildcard; braces make rows", () => {
  const rows = (glob: string) =>
    compilePattern(pattern(glob), 0).rows.map(({ literals, file }) => [literals.join("/"), file]);
  assert.deepEqual(rows("/var/log/messages*"), [["var/log", undefined]]);
  assert.deepEqual(rows("/var/log/syslog"), [["var/log", "syslog"]]);
  assert.deepEqual(rows("/var/{log,lib/*}/x"), [
    ["var/log", "x"],
    ["var/lib", undefined],
  ]);
  assert.deepEqual(rows("/var/log/sudo-io/**/{log,stderr}"), [
    ["var/log/sudo-io", undefined],
    ["var/log/sudo-io", undefined],
  ]);
  assert.deepEqual(rows("/a\\*b/c"), [["a*b", "c"]]);
});

test("directories that cannot hold a match are not entered", () => {
  const { mayContain } = compilePattern(pattern("/var/log/*/a*.log"), 0);
  assert.ok(mayContain("/var/log", 2));
  assert.ok(mayContain("/var/log/app", 3));
  assert.ok(!mayContain("/var/log/.hidden", 3), "dot names as minimatch has them");
  assert.ok(!mayContain("/var/log/app/a.log", 4), "too deep");
  assert.ok(!mayContain("/etc", 1));
  assert.ok(compilePattern(pattern("/var/**/x"), 0).mayContain("/var/a/b/c/d", 5));
});

test("exclude is for base names unless it holds a slash", () => {
  const byName = compilePattern(pattern("/var/log/**", { exclude: "*.{gz,xz}" }), 0);
  assert.ok(byName.matches("/var/log/a/b.log"));
  assert.ok(!byName.matches("/var/log/a/b.log.gz"));
  const byPath = compilePattern(pattern("/var/log/**", { exclude: "/var/log/a/*" }), 0);
  assert.ok(!byPath.matches("/var/log/a/b.log"));
  assert.ok(byPath.matches("/var/log/b.log"));
});

test("names are matched as text; what is not UTF-8 is escaped, and % with it, so that it can be told back", () => {
  assert.equal(matchText(Buffer.from("/log/é").toString("latin1")), "/log/é");
  assert.equal(matchText("/log/%41\xff\n"), "/log/%2541%FF%0A");
  assert.equal(matchText("/log/%41"), "/log/%41");
  assert.ok(compilePattern(pattern("/log/é*"), 0).matches(Buffer.from("/log/été").toString("latin1")));
  assert.ok(compilePattern(pattern("/log/*"), 0).matches("/log/\xff\xfe"));
});
