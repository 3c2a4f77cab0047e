// The server's configuration: every key with its default and its values; an empty file is a whole configuration. The
// fixture says again what the original's example says.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ServerConfig } from "../../src/config/options.ts";
import { parseServerConfig } from "../../src/config/server.ts";

const DEFAULTS: ServerConfig = {
  path: "/etc/s.yaml",
  datadir: "/var/log/shaftlog-server",
  validateRegex: /^(\/([a-zA-Z0-9_-][a-zA-Z0-9._-]*)){1,}$/,
  logfile: "/var/log/shaftlog-server.log",
  listenPort: 10_655,
  bindAddress: "0.0.0.0",
  fsync: true,
  statusInterval: 300_000,
  expectedInterval: 600_000,
  archive: undefined,
  tls: undefined,
  clientPrefix: undefined,
  tokensFile: undefined,
  admin: undefined,
  connectionLimits: {
    connections: 4096,
    connectionsPerKey: 256,
    headerSize: 16_384,
    idleTimeout: 60_000,
    minBodyRate: 240,
  },
  requestLimits: { headerCount: 100, maxRange: 67_108_864, pathLength: 4096, pathDepth: 128 },
  quota: { files: 1_000_000, bytes: Number.POSITIVE_INFINITY },
  minFreeSpace: { share: 0.01 },
};

function read(text: string): ServerConfig {
  const parsed = parseServerConfig(text, "/etc/s.yaml");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return parsed.config;
}

test("a file that says nothing has every default", () => {
  for (const text of ["", "\n\n", "# nothing\n", "---\n", "--- # nothing\n...\n", "{}\n", "~\n", "null\n"]) {
    assert.deepEqual(read(text), DEFAULTS, JSON.stringify(text));
  }
});

test("the original's example means what it meant", () => {
  const text = readFileSync(new URL("fixtures/original-server.yaml", import.meta.url), "utf8");
  assert.deepEqual(read(text), DEFAULTS);
});

test("the default expression takes the paths it took in the original", () => {
  const { validateRegex } = read("");
  assert.equal(validateRegex.source, "^(\\/([a-zA-Z0-9_-][a-zA-Z0-9._-]*)){1,}$");
  for (const path of ["/a", "/host/messages.1", "/_/-/a..b"]) assert.ok(validateRegex.test(path), path);
  for (const path of ["", "/", "/a/", "a", "/.a", "/a/../b", "/a b", "/ä"]) assert.ok(!validateRegex.test(path), path);
});

test("every key reaches its option", () => {
  // The flag u would refuse this hyphen.
  const written = "^/[a-z]\\-\\d+$";
  const text = `
datadir: /srv/logs///
validate_regex: '${written}'
logfile: /dev/stderr
listen_port: 0
bind_address: "::1"
fsync: false
status_interval: 1h
`;
  assert.deepEqual(read(text), {
    ...DEFAULTS,
    path: "/etc/s.yaml",
    datadir: "/srv/logs",
    validateRegex: new RegExp(written),
    logfile: "/dev/stderr",
    listenPort: 0,
    bindAddress: "::1",
    fsync: false,
    statusInterval: 3_600_000,
  });
});

test("addresses are IP literals or host names", () => {
  for (const address of ["127.0.0.1", '"::"', "fe80::1%eth0", "localhost", "log1.example.com.", "a_b-c.d1"]) {
    assert.equal(read(`bind_address: ${address}`).bindAddress, address.replaceAll('"', ""));
  }
});

test("the root directory keeps its slash", () => {
  assert.equal(read("datadir: /").datadir, "/");
  assert.equal(read("datadir: //").datadir, "/");
});
