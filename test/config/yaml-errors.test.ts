// Files that are not YAML, or more YAML than a configuration needs, with the exact line each fault is told in. The words
// after `not valid YAML` are the library's: a change there shows here.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseClientConfig } from "../../src/config/client.ts";
import { parseServerConfig } from "../../src/config/server.ts";
import { type Case, messagesOf } from "./messages.ts";

const DIRECTORY = "the absolute path of a directory";
const FILE = "the absolute path of a file";
const YAML_LINE = "lines such as `key: value`";

const CASES: readonly Case[] = [
  [
    "a tab as indentation",
    "datadir: /a\n\tfsync: true\n",
    "2:1: not valid YAML: Tabs are not allowed as indentation; expected spaces as indentation",
  ],
  [
    "a quote never closed",
    'fsync: maybe\ndatadir: "/a\nlogfile: /b\n\n',
    '1:8: fsync: is the text "maybe"; expected true or false',
    "2:10: not valid YAML: the quote that opens here is never closed; " +
      "expected `key: value`, and every quote and bracket closed",
  ],
  [
    "no colon",
    "fsync: true\ndatadir /a\n",
    "2:1: not valid YAML: Implicit map keys need to be followed by map values; " +
      "expected `key: value`, and every quote and bracket closed",
  ],
  [
    "two colons in a line",
    "datadir: a: b\n",
    "1:10: not valid YAML: Nested mappings are not allowed in compact mappings; " +
      "expected one `key: value` a line; quotes around a value that holds `: `",
  ],
  [
    "a reserved character",
    "datadir: @a\n",
    "1:10: not valid YAML: Plain value cannot start with reserved character @; " +
      "expected quotes around a value that begins with this character",
  ],
  [
    "an unknown escape",
    'validate_regex: "^\\d$"\n',
    "1:19: not valid YAML: Invalid escape sequence \\d; " +
      "expected one of YAML's escapes; single quotes keep backslashes as they are",
  ],
  [
    "a stray bracket",
    "datadir: /a\n]\n",
    `2:1: not valid YAML: Unexpected flow-seq-end token in YAML stream: "]"; expected ${YAML_LINE}`,
  ],
  ["a tag", "datadir: !path /a\n", "1:10: not valid YAML: Unresolved tag: !path; expected no tag"],
  [
    "binary data",
    "datadir: !!binary L2E=\n",
    "1:10: not valid YAML: Unresolved tag: tag:yaml.org,2002:binary; expected no tag",
    `1:19: datadir: "L2E=" does not begin with a slash; expected ${DIRECTORY}`,
  ],
  ["two documents", "fsync: true\n---\nfsync: false\n", "2:1: a second document begins here; expected one document"],
  [
    "a foreign YAML version",
    "%YAML 3.0\n---\nfsync: true\n",
    "1:7: not valid YAML: Unsupported YAML version 3.0; expected no line that begins with `%`",
  ],
  ["an unknown alias", "datadir: *home\n", "1:10: unknown alias *home; expected an anchor &home before it"],
  [
    "an alias of the wrong type",
    "fsync: &yes true\nlogfile: *yes\n",
    `2:10: logfile: is true or false to YAML unless it stands in quotes; expected ${FILE}`,
  ],
];

for (const [kind, text, ...messages] of CASES) {
  test(kind, () => assert.deepEqual(messagesOf(parseServerConfig, text), messages));
}

test("where the syntax breaks, only what stands before it is told beside it", () => {
  const text = "fsync: maybe\nlisten_prot: 1\ndatadir: [/a\nstatus_interval: 0\n";
  const [first, second, ...others] = messagesOf(parseServerConfig, text);
  assert.match(first ?? "", /^1:8: fsync: /);
  assert.match(second ?? "", /^2:1: listen_prot: unknown key; /);
  assert.ok(others.length > 0);
  assert.ok(others.every((line) => line.includes("not valid YAML")));
});

test("at most a hundred aliases are followed", () => {
  const text = (aliases: number) =>
    `scan_paths: [&a {name: a, pattern: /a}${", *a".repeat(aliases)}]\ndestinations: [url: http://h/]\n`;
  const parsed = parseClientConfig(text(100), "/etc/f.yaml");
  assert.equal("config" in parsed && parsed.config.patterns.length, 101);
  assert.deepEqual(messagesOf(parseClientConfig, text(101)), [
    "1:441: too many aliases; expected at most 100 in a file",
  ]);
});

test("an alias bomb is not expanded", () => {
  const names = [..."abcdefghijklmnop"];
  const lines = names.map((name, i) => `${name}: &${name} [${Array(9).fill(i === 0 ? "x" : `*${names[i - 1]}`)}]`);
  const messages = messagesOf(parseClientConfig, `${lines.join("\n")}\nscan_paths: *p\ndestinations: *p\n`);
  assert.ok(messages.includes("13:11: too many aliases; expected at most 100 in a file"));
  assert.ok(messages.length < 40);
});

test("an alias of what holds it ends", () => {
  assert.deepEqual(messagesOf(parseClientConfig, "scan_paths: &a\n- *a\ndestinations: &d\n- url: *d\n"), [
    "2:3: scan_paths[0]: is a list; " +
      "expected a map with the keys name, pattern, exclude, rename, regex_from, regex_to, follow_symlinks, datadir",
    "4:8: destinations[0].url: is a list; expected a URL such as http://log1.example.com:10655/{hostname}/",
  ]);
});

test("any depth and any number of faults is survived", () => {
  for (const junk of [
    "[",
    "{",
    "- ",
    "? ",
    "a: ",
    "]",
    "'",
    '"',
    "&a ",
    "*a ",
    "!a ",
    "|\n",
    "%\n",
    "---\n",
    "a:\n",
    "[]",
  ]) {
    const messages = messagesOf(parseServerConfig, junk.repeat(20_000 / junk.length));
    assert.ok(messages.length <= 101, `${junk}: ${messages.length}`);
  }
});
