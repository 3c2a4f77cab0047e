// The keys of TLS, identities and limits: each value reaches its option, and each wrong one is told with its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerConfig } from "../../src/config/options.ts";
import { parseServerConfig } from "../../src/config/server.ts";
import { type Case, messagesOf } from "./messages.ts";

const TLS = "tls: {cert: /c, key: /k, client_ca: /a}\n";
const FILE = "the absolute path of a file";
const PREFIX = "a path that begins and ends with a slash and holds {cn} or {san}";

function read(text: string): ServerConfig {
  const parsed = parseServerConfig(text, "/etc/s.yaml");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return parsed.config;
}

test("the files of TLS, and the prefix that comes with a client CA", () => {
  const plain = read("tls: {cert: /c, key: /k}\n");
  assert.deepEqual(plain.tls, { cert: "/c", key: "/k", clientCa: undefined, crl: undefined });
  assert.equal(plain.clientPrefix, undefined);
  const mutual = read("tls: {cert: /c, key: /k, client_ca: /a, crl: /r}\n");
  assert.deepEqual(mutual.tls, { cert: "/c", key: "/k", clientCa: "/a", crl: "/r" });
  assert.equal(mutual.clientPrefix, "/{cn}/");
  assert.equal(read(`${TLS}client_prefix: /hosts/x-{san}/\n`).clientPrefix, "/hosts/x-{san}/");
});

test("tokens need TLS or a loopback address", () => {
  assert.equal(read(`${TLS}tokens_file: /t\n`).tokensFile, "/t");
  assert.equal(read(`bind_address: "::1"\ntokens_file: /t\n`).tokensFile, "/t");
});

test("every limit reaches its option", () => {
  const config = read(`limits:
  connections: 5
  connections_per_identity: 4
  idle_timeout: 2s
  header_size: 2KiB
  header_count: 9
  min_body_rate: 0
  max_range: 1MiB
  path_length: 100
  path_depth: 3
  files_per_identity: unlimited
  bytes_per_identity: 2TiB
  min_free_space: 12%
`);
  assert.deepEqual(config.connectionLimits, {
    connections: 5,
    connectionsPerKey: 4,
    idleTimeout: 2_000,
    headerSize: 2_048,
    minBodyRate: 0,
  });
  assert.deepEqual(config.requestLimits, { headerCount: 9, maxRange: 2 ** 20, pathLength: 100, pathDepth: 3 });
  assert.deepEqual(config.quota, { files: Number.POSITIVE_INFINITY, bytes: 2 ** 41 });
  assert.deepEqual(config.minFreeSpace, { share: 0.12 });
  assert.deepEqual(read("limits: {min_free_space: 1GiB}\n").minFreeSpace, { bytes: 2 ** 30 });
  assert.deepEqual(read("limits: {}\n"), read(""));
});

const CASES: readonly Case[] = [
  ["TLS without a key", "tls: {cert: /c}\n", `1:6: tls.key: is missing; expected ${FILE}`],
  [
    "a revocation list without a CA",
    "tls: {cert: /c, key: /k, crl: /r}\n",
    "1:31: tls.crl: stands without client_ca; expected client_ca beside it",
  ],
  [
    "a prefix without certificates",
    "client_prefix: /{cn}/\n",
    "1:16: client_prefix: stands without tls.client_ca; expected a CA whose certificates hold the names",
  ],
  [
    "a prefix that all clients share",
    `${TLS}client_prefix: /logs/\n`,
    `2:16: client_prefix: "/logs/" would be the same for all clients; expected ${PREFIX}`,
  ],
  [
    "a prefix that is no directory",
    `${TLS}client_prefix: /{cn}\n`,
    `2:16: client_prefix: "/{cn}" does not begin and end with a slash; expected ${PREFIX}`,
  ],
  [
    "a prefix in which two pairs of names are one",
    `${TLS}client_prefix: /{san}-{cn}/\n`,
    `2:16: client_prefix: "/{san}-{cn}/" has two names in one segment, which could be read in two ways; expected ${PREFIX}`,
  ],
  [
    "a prefix that leads out",
    `${TLS}client_prefix: /../{cn}/\n`,
    `2:16: client_prefix: "/../{cn}/" leads nowhere: a segment begins with a dot, which is reserved; expected ${PREFIX}`,
  ],
  [
    "a word that no certificate has",
    `${TLS}client_prefix: /{ch}/\n`,
    `2:16: client_prefix: holds the unknown substitution {ch}; expected ${PREFIX}; did you mean \`{cn}\`?`,
  ],
  [
    "tokens for all to read",
    "tokens_file: /t\n",
    "1:14: tokens_file: stands without tls, so tokens would be sent for all to read; expected tls, or a loopback bind_address",
  ],
  [
    "a size with a space",
    "limits: {header_size: 16 KiB}\n",
    '1:23: limits.header_size: "16 KiB" is no such amount; expected bytes as a whole number, or 16KiB, 64MiB, 10GiB, 2TiB, from 1024 to 1048576 bytes',
  ],
  [
    "no files at all",
    "limits: {files_per_identity: 0}\n",
    "1:30: limits.files_per_identity: 0 is too small; expected a whole number from 1, or unlimited",
  ],
  [
    "more than all of the disk",
    "limits: {min_free_space: 100%}\n",
    '1:26: limits.min_free_space: "100%" is no such amount; expected bytes as a whole number, or 16KiB, 64MiB, 10GiB, 2TiB, or a percentage such as 1%',
  ],
];

for (const [name, text, ...expected] of CASES) {
  test(name, () => assert.deepEqual(messagesOf(parseServerConfig, text), expected));
}
