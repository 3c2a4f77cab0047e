// Which half of shaftlog a configuration file is for, where a command serves both.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadAnyConfig } from "../../src/config/load-any.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { tempDir } from "../support/temp-dir.ts";

const path = join(tempDir(), "config.yaml");

function load(text: string) {
  writeFileSync(path, text);
  return loadAnyConfig(path);
}

const PATTERNS = "scan_paths: [{name: a, pattern: /a}]";
const PLACES = "destinations: [{url: 'http://h/'}]";

for (const [what, text, half] of [
  ["an empty file is a whole configuration of a server", "", "server"],
  ["keys of both", "datadir: /d\nlogfile: /l\n", "server"],
  ["a client's in block form", `datadir: /d\n${PATTERNS}\n${PLACES}\n`, "client"],
  [
    "a client's as JSON in one line",
    `{"datadir": "/d", "scan_paths": [{"name": "a", "pattern": "/a"}], "destinations": [{"url": "http://h/"}]}`,
    "client",
  ],
  ["a server's with a client's key in a comment", "# destinations: none\ndatadir: /d\n  # scan_paths:\n", "server"],
] as const) {
  test(what, () => {
    assert.equal(load(text).half, half);
  });
}

test("what is wrong is told as the half that it is for tells it", () => {
  for (const text of [PATTERNS, PLACES]) assert.throws(() => load(text), /destinations|scan_paths/);
  assert.throws(() => load("listen_port: none"), /listen_port/);
  assert.throws(() => loadAnyConfig("/nonexistent"), ConfigError);
});
