// Faulty keys, entries and combinations in the client's configuration, with the exact line each is told in. Faults of
// types that the server has too are in server-errors.test.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseClientConfig } from "../../src/config/client.ts";
import { type Case, messagesOf } from "./messages.ts";

const RATE = "bytes a second as a whole number from 1000, or 500kB, 10MB, 1GB, 512KiB, 10MiB, 1GiB";
const SCAN_PATH_KEYS = "name, pattern, exclude, rename, regex_from, regex_to, follow_symlinks, datadir";
const DIRECTORY = "the absolute path of a directory";
const PATTERN = "a pattern that begins with a slash, such as /var/log/*.log";
const TIMES = "500ms, 30s, 5m, 2h or 7d";
const RETENTION = `milliseconds as a whole number, ${TIMES}, or never`;
const REGEX = "a regular expression as JavaScript has them";
const TEMPLATE = "text in which braces hold only {name}, {time}, {atime}, {mtime}, {ctime}, {ino} or {dev}";
const URL_TEXT = "a URL such as http://log1.example.com:10655/{hostname}/";
const LIST = "a list with at least one entry";
const NOT_EMPTY = "text that is not empty";

const SCAN_PATHS = "scan_paths: [{name: a, pattern: /a}]\n";
const DESTINATIONS = "destinations: [url: http://h/]\n";

const CASES: readonly Case[] = [
  [
    "an empty file",
    "",
    `1:1: scan_paths: is missing; expected ${LIST}`,
    `1:1: destinations: is missing; expected ${LIST}`,
  ],
  [
    "only comments",
    "# soon\n",
    `1:1: scan_paths: is missing; expected ${LIST}`,
    `1:1: destinations: is missing; expected ${LIST}`,
  ],
  [
    "empty lists",
    "scan_paths: []\ndestinations: []\n",
    `1:13: scan_paths: is an empty list; expected ${LIST}`,
    `2:15: destinations: is an empty list; expected ${LIST}`,
  ],
  [
    "maps for lists",
    "scan_paths: {name: a}\ndestinations:\n  url: http://h/\n",
    `1:13: scan_paths: is a map; expected ${LIST}`,
    `3:3: destinations: is a map; expected ${LIST}`,
  ],
  [
    "texts for maps",
    "scan_paths:\n- /a/*\ndestinations:\n- http://h/\n-\n",
    `2:3: scan_paths[0]: is the text "/a/*"; expected a map with the keys ${SCAN_PATH_KEYS}`,
    '4:3: destinations[0]: is the text "http://h/"; expected a map with the keys url, rate_limit, concurrency, compression, authorization, tls',
    "5:2: destinations[1]: has no value; expected a map with the keys url, rate_limit, concurrency, compression, authorization, tls",
  ],
  [
    "keys of an entry",
    "scan_paths:\n- name: a\n  patern: /a\n- {}\ndestinations:\n- uri: http://h/\n",
    `2:3: scan_paths[0].pattern: is missing; expected ${PATTERN}`,
    `3:3: scan_paths[0].patern: unknown key; expected one of ${SCAN_PATH_KEYS}; did you mean \`pattern\`?`,
    `4:3: scan_paths[1].name: is missing; expected ${NOT_EMPTY}`,
    `4:3: scan_paths[1].pattern: is missing; expected ${PATTERN}`,
    "6:3: destinations[0].uri: unknown key; expected one of url, rate_limit, concurrency, compression, authorization, tls; did you mean `url`?",
    `6:3: destinations[0].url: is missing; expected ${URL_TEXT}`,
  ],

  [
    "a retention of no length",
    `retention: -1\n${SCAN_PATHS}${DESTINATIONS}`,
    `1:12: retention: -1 is below 0; expected ${RETENTION}`,
  ],
  [
    "a mistyped never",
    `retention: nver\n${SCAN_PATHS}${DESTINATIONS}`,
    `1:12: retention: the text "nver" is no time; expected ${RETENTION}`,
  ],

  [
    "values of an entry",
    `scan_paths:
- name: ""
  pattern: "*.log"
  exclude: ""
  rename: ""
- name: 2024
  pattern: ""
  exclude: [a]
  follow_symlinks: no
  datadir: spool
${DESTINATIONS}`,
    `2:9: scan_paths[0].name: is empty; expected ${NOT_EMPTY}`,
    `3:12: scan_paths[0].pattern: "*.log" does not begin with a slash; expected ${PATTERN}`,
    `4:12: scan_paths[0].exclude: is empty; expected ${NOT_EMPTY}`,
    `5:11: scan_paths[0].rename: is empty; expected ${TEMPLATE}`,
    `6:9: scan_paths[1].name: is a number to YAML unless it stands in quotes; expected ${NOT_EMPTY}`,
    `7:12: scan_paths[1].pattern: is empty; expected ${PATTERN}`,
    `8:12: scan_paths[1].exclude: is a list; expected ${NOT_EMPTY}`,
    '9:20: scan_paths[1].follow_symlinks: is the text "no"; expected true or false',
    `10:12: scan_paths[1].datadir: "spool" does not begin with a slash; expected ${DIRECTORY}`,
  ],

  [
    "unknown substitutions",
    `scan_paths:
- name: "{anything}"
  pattern: "/{a,b}/*"
  rename: "{name}.{nmae}"
- name: b
  pattern: /b
  rename: "{}"
  regex_from: a{1}
  regex_to: "{hostname}"
${DESTINATIONS}`,
    `4:11: scan_paths[0].rename: holds the unknown substitution {nmae}; expected ${TEMPLATE}; did you mean \`{name}\`?`,
    `7:11: scan_paths[1].rename: holds the unknown substitution {}; expected ${TEMPLATE}`,
    `9:13: scan_paths[1].regex_to: holds the unknown substitution {hostname}; expected ${TEMPLATE}`,
  ],

  [
    "half a replacement",
    `scan_paths:
- {name: a, pattern: /a, regex_from: a}
- {name: b, pattern: /b, regex_to: b}
- {name: c, pattern: /c, regex_from: "("}
${DESTINATIONS}`,
    "2:38: scan_paths[0].regex_from: stands without regex_to; expected both or neither",
    "3:36: scan_paths[1].regex_to: stands without regex_from; expected both or neither",
    `4:38: scan_paths[2].regex_from: "(" is no regular expression: unterminated group; expected ${REGEX}`,
    "4:38: scan_paths[2].regex_from: stands without regex_to; expected both or neither",
  ],

  [
    "the same destination twice",
    `${SCAN_PATHS}destinations:
- url: http://h/{hostname}/
- url: https://h/{hostname}/
- url: http://h:80/{hostname}/
- url: HTTP://H/{hostname}/
- url: http://h/{machine}/
`,
    "5:8: destinations[2].url: is the same as destinations[0].url; expected each destination once",
    "6:8: destinations[3].url: is the same as destinations[0].url; expected each destination once",
  ],

  [
    "a spool inside another",
    `scan_paths:
- {name: a, pattern: /a, datadir: /var/log}
- {name: b, pattern: /b, datadir: /data/spool/x/}
- {name: c, pattern: /c, datadir: /data/spool}
- {name: d, pattern: /d, datadir: /data/spool-2}
${DESTINATIONS}`,
    "2:35: scan_paths[0].datadir: holds datadir (/var/log/shaftlog-client); " +
      "expected datadirs beside each other, or the same one",
    "3:35: scan_paths[1].datadir: lies inside scan_paths[2].datadir; " +
      "expected datadirs beside each other, or the same one",
  ],
  [
    "a token in the clear, without its file, or as it is",
    `${SCAN_PATHS}destinations:
- {url: http://h/, authorization: {token_file: /t}}
- {url: "http://{hostname}/", authorization: {token_file: /t}}
- {url: http://localhost.example/, authorization: {token_file: /t}}
- {url: http://127.1/, authorization: {token_file: /t}}
- {url: https://h/, authorization: {token: secret}}
`,
    ...["3:35: destinations[0]", "4:46: destinations[1]", "5:51: destinations[2]"].map(
      (at) =>
        `${at}.authorization: stands with an http URL, so the token would be sent for all to read; expected an https URL`,
    ),
    "7:36: destinations[4].authorization.token_file: is missing; expected the absolute path of a file",
    "7:37: destinations[4].authorization.token: unknown key; expected one of token_file",
  ],
  [
    "a rate that is none, too little, or written otherwise; too few or too many connections",
    `${SCAN_PATHS}destinations:
- {url: http://h/, rate_limit: 0, concurrency: 1}
- {url: http://i/, rate_limit: 10 MB, concurrency: 33}
- {url: http://j/, rate_limit: 10Mbit, concurrency: 2.5}
`,
    `3:32: destinations[0].rate_limit: 0 is too small; expected ${RATE}`,
    "3:48: destinations[0].concurrency: 1 is too small; expected a whole number from 2 to 32",
    `4:32: destinations[1].rate_limit: "10 MB" is no such amount; expected ${RATE}`,
    "4:52: destinations[1].concurrency: 33 is too large; expected a whole number from 2 to 32",
    `5:32: destinations[2].rate_limit: "10Mbit" is no such amount; expected ${RATE}`,
    "5:53: destinations[2].concurrency: 2.5 is no such amount; expected a whole number from 2 to 32",
  ],
  [
    "tls with plain HTTP, a key without its certificate, a bad name, relative paths",
    `${SCAN_PATHS}destinations:
- {url: http://h/, tls: {ca: /ca}}
- {url: https://h/, tls: {key: /k}}
- {url: https://i/, tls: {cert: /c, key: k, server_name: a b}}
- {url: https://j/, tls: none}
- {url: https://k/, tls: {verify: false}}
`,
    "3:25: destinations[0].tls: stands with an http URL, which has no TLS; expected an https URL, or no tls",
    "4:32: destinations[1].tls.key: stands without cert; expected both or neither",
    '5:42: destinations[2].tls.key: "k" does not begin with a slash; expected the absolute path of a file',
    '5:58: destinations[2].tls.server_name: "a b" is no address; expected a host name such as log1.example.com, or an IP address',
    '6:26: destinations[3].tls: is the text "none"; expected a map with the keys ca, cert, key, server_name',
    "7:27: destinations[4].tls.verify: unknown key; expected one of ca, cert, key, server_name",
  ],
];

/** What is wrong with a URL, to follow `destinations[0].url: `. */
const BAD_URLS: readonly (readonly [url: string, what: string, suggestion?: string])[] = [
  ["", "is empty"],
  ["http://h", "does not end with a slash"],
  ["http://h/a", "does not end with a slash"],
  ["h:10655/", '"h:10655/" does not begin with http:// or https://'],
  ["/log/", '"/log/" does not begin with http:// or https://'],
  ["http:/h/", '"http:/h/" does not begin with http:// or https://'],
  ["ftp://h/", "has the scheme ftp, not http or https"],
  ["file:///log/", "has the scheme file, not http or https"],
  ["http:///log/", '"http:///log/" has no host'],
  ["http://:80/", '"http://:80/" has no host'],
  ["http://h:99999/", '"http://h:99999/" is no URL: its host or port is not valid'],
  ["http://h:{machine}/", '"http://h:{machine}/" is no URL: its host or port is not valid'],
  ["http://1.2.3.400/", '"http://1.2.3.400/" is no URL: its host or port is not valid'],
  ["http://[::1/", '"http://[::1/" is no URL: its host or port is not valid'],
  ["http://user:secret@h/", "has user information (@)"],
  ["http://user:secret word@h/", '"http://…@h/" holds a character that a URL must escape as %XX'],
  ["http://h/?a=1/", "has a query (?)"],
  ["http://h/#/", "has a fragment (#)"],
  ["http://h/a/../b/", "has a path segment that is only dots"],
  ["http://h/%2E%2e/", "has a path segment that is only dots"],
  ["http://h/100%/", "has a % that two hexadecimal digits do not follow"],
  ["http://h/a b/", '"http://h/a b/" holds a character that a URL must escape as %XX'],
  ["http://h\\\\a/", '"http://h\\\\a/" holds a character that a URL must escape as %XX'],
  ["http://h/ä/", '"http://h/ä/" holds a character that a URL must escape as %XX'],
  ["http://h/{hostname/", '"http://h/{hostname/" holds a character that a URL must escape as %XX'],
  ["http://h/{hostnam}/", "holds the unknown substitution {hostnam}", "{hostname}"],
  ["http://h/{host}/", "holds the unknown substitution {host}"],
  ["http://h/{name}/", "holds the unknown substitution {name}"],
];

for (const [kind, text, ...messages] of CASES) {
  test(kind, () => assert.deepEqual(messagesOf(parseClientConfig, text), messages));
}

for (const [url, what, suggestion] of BAD_URLS) {
  test(`a destination of "${url}"`, () => {
    const hint = suggestion === undefined ? "" : `; did you mean \`${suggestion}\`?`;
    const text = `${SCAN_PATHS}destinations:\n- url: "${url}"\n`;
    const message = `3:8: destinations[0].url: ${what}; expected ${URL_TEXT}${hint}`;
    assert.deepEqual(messagesOf(parseClientConfig, text), [message]);
  });
}
