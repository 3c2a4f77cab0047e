// Faulty keys and values of the server's configuration, with the exact line each is told in. They stand for the same
// types in the client's.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseServerConfig } from "../../src/config/server.ts";
import { type Case, messagesOf } from "./messages.ts";

const KEYS =
  "datadir, validate_regex, logfile, listen_port, bind_address, fsync, status_interval, expected_interval, tls, client_prefix, tokens_file, limits, archive, admin";
const DIRECTORY = "the absolute path of a directory";
const FILE = "the absolute path of a file";
const TIMES = "500ms, 30s, 5m, 2h or 7d";
const INTERVAL = `milliseconds as a whole number from 1 to 2147483647, or ${TIMES} (at most 24d)`;
const REGEX = "a regular expression as JavaScript has them";
const ADDRESS = 'an IP address such as 0.0.0.0 or "::", or a host name';
const PORT = "a whole number from 0 to 65535";

const CASES: readonly Case[] = [
  ["a list as the file", "- datadir\n", `1:1: the file is a list; expected a map with the keys ${KEYS}`],
  ["a text as the file", "datadir\n", `1:1: the file is the text "datadir"; expected a map with the keys ${KEYS}`],
  ["a number as the file", "\n 5", `2:2: the file is the number 5; expected a map with the keys ${KEYS}`],

  ["an unknown key", "color: {}\n", `1:1: color: unknown key; expected one of ${KEYS}`],
  [
    "a mistyped key",
    "fsync: true\nlisten_prot: 1\n",
    `2:1: listen_prot: unknown key; expected one of ${KEYS}; did you mean \`listen_port\`?`,
  ],
  ["a number as a key", "1: 2\n", `1:1: 1: unknown key; expected one of ${KEYS}`],
  ["a merge key", "<<: {fsync: true}\n", `1:1: "<<": unknown key; expected one of ${KEYS}`],
  ["a foreign key", '"a\\nb\\e": 1\n', `1:1: "a\\nb\\x1b": unknown key; expected one of ${KEYS}`],
  ["a key of every object", "__proto__: 1\n", `1:1: __proto__: unknown key; expected one of ${KEYS}`],
  ["a list as a key", "? [a]\n: 1\n", "1:3: a key is a list or a map; expected a plain word as the key"],
  [
    "a key set twice",
    "fsync: true\n\nlisten_port: 1\nfsync: true\nfsync: no\n",
    "4:1: fsync: is set twice, first in line 1; expected each key once",
    "5:1: fsync: is set twice, first in line 1; expected each key once",
  ],

  [
    "no value",
    "datadir:\nlogfile:   # later\n",
    `1:1: datadir: has no value; expected ${DIRECTORY}`,
    `2:1: logfile: has no value; expected ${FILE}`,
  ],
  [
    "null",
    "datadir: ~\nfsync: null\n",
    `1:10: datadir: has no value; expected ${DIRECTORY}`,
    "2:8: fsync: has no value; expected true or false",
  ],
  ["a list for a text", "datadir: [/a]\n", `1:10: datadir: is a list; expected ${DIRECTORY}`],
  ["a map for a text", "datadir:\n  a: /b\n", `2:3: datadir: is a map; expected ${DIRECTORY}`],
  [
    "a number for a text",
    "logfile: 7\n",
    `1:10: logfile: is a number to YAML unless it stands in quotes; expected ${FILE}`,
  ],
  [
    "a truth value for a text",
    "logfile: true\n",
    `1:10: logfile: is true or false to YAML unless it stands in quotes; expected ${FILE}`,
  ],
  ["a text for a truth value", "fsync: yes\n", '1:8: fsync: is the text "yes"; expected true or false'],
  ["a number for a truth value", "fsync: 1\n", "1:8: fsync: is 1; expected true or false"],
  ["a text for a port", 'listen_port: "10655"\n', `1:14: listen_port: is the text "10655"; expected ${PORT}`],

  ["a relative path", "datadir: log\n", `1:10: datadir: "log" does not begin with a slash; expected ${DIRECTORY}`],
  ["an empty path", 'datadir: ""\n', `1:10: datadir: is empty; expected ${DIRECTORY}`],
  ["a NUL in a path", 'datadir: "/a\\0b"\n', `1:10: datadir: holds a NUL character; expected ${DIRECTORY}`],
  [
    "half a character",
    'datadir: "/\\ud800"\n',
    `1:10: datadir: holds half a character (a lone surrogate); expected ${DIRECTORY}`,
  ],
  [
    "an overlong path",
    `datadir: /${"a".repeat(4096)}\n`,
    `1:10: datadir: is longer than 4096 characters; expected ${DIRECTORY}`,
  ],
  ["a directory for a file", "logfile: /a/\n", `1:10: logfile: "/a/" ends with a slash; expected ${FILE}`],

  ["a port too large", "listen_port: 65536\n", `1:14: listen_port: 65536 is no port; expected ${PORT}`],
  ["a negative port", "listen_port: -1\n", `1:14: listen_port: -1 is no port; expected ${PORT}`],
  ["half a port", "listen_port: 80.5\n", `1:14: listen_port: 80.5 is no port; expected ${PORT}`],
  ["no number", "listen_port: .nan\n", `1:14: listen_port: NaN is no port; expected ${PORT}`],

  [
    "an address out of range",
    "bind_address: 300.1.1.1\n",
    `1:15: bind_address: "300.1.1.1" is no address; expected ${ADDRESS}`,
  ],
  [
    "an address with a port",
    "bind_address: 0.0.0.0:80\n",
    `1:15: bind_address: "0.0.0.0:80" is no address; expected ${ADDRESS}`,
  ],
  [
    "an address in brackets",
    'bind_address: "[::1]"\n',
    `1:15: bind_address: "[::1]" is no address; expected ${ADDRESS}`,
  ],

  ["interval 0", "status_interval: 0\n", `1:18: status_interval: 0 is not above 0; expected ${INTERVAL}`],
  ["interval 0s", "status_interval: 0s\n", `1:18: status_interval: the text "0s" is not above 0; expected ${INTERVAL}`],
  ["a negative interval", "status_interval: -5\n", `1:18: status_interval: -5 is not above 0; expected ${INTERVAL}`],
  ["a fraction of a ms", "status_interval: 0.5\n", `1:18: status_interval: 0.5 is no time; expected ${INTERVAL}`],
  [
    "an infinite interval",
    "status_interval: .inf\n",
    `1:18: status_interval: Infinity is no time; expected ${INTERVAL}`,
  ],
  [
    "an interval beyond timers",
    "status_interval: 25d\n",
    `1:18: status_interval: the text "25d" is too long; expected ${INTERVAL}`,
  ],
  [
    "a foreign unit",
    "status_interval: 5 min\n",
    `1:18: status_interval: the text "5 min" is no time; expected ${INTERVAL}`,
  ],
  [
    "a truth value for a time",
    "status_interval: true\n",
    `1:18: status_interval: true is no time; expected ${INTERVAL}`,
  ],

  [
    "an expression with an open group",
    "validate_regex: ^(/a\n",
    `1:17: validate_regex: "^(/a" is no regular expression: unterminated group; expected ${REGEX}`,
  ],
  [
    "an expression with a bad range",
    'validate_regex: "[z-a]: x"\n',
    `1:17: validate_regex: "[z-a]: x" is no regular expression: range out of order in character class; expected ${REGEX}`,
  ],
  ["an empty expression", "validate_regex: ''\n", `1:17: validate_regex: is empty; expected ${REGEX}`],
];

for (const [kind, text, ...messages] of CASES) {
  test(kind, () => assert.deepEqual(messagesOf(parseServerConfig, text), messages));
}
