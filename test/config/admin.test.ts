// `admin.listen` in both files: which texts are addresses, what they mean, and the exact words about those that are none.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseClientConfig } from "../../src/config/client.ts";
import { parseServerConfig } from "../../src/config/server.ts";
import { messagesOf } from "./messages.ts";

const EXPECTED =
  'expected an address and a port such as 127.0.0.1:10656 or "[::1]:10656", or a port alone, which means 127.0.0.1';

function listenOf(written: string): unknown {
  const parsed = parseServerConfig(`admin: {listen: ${written}}\n`, "s.yaml");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  return parsed.config.admin;
}

test("an address with a port, or a port alone", () => {
  assert.deepEqual(listenOf("127.0.0.1:10656"), { host: "127.0.0.1", port: 10_656 });
  assert.deepEqual(listenOf('"[::1]:1"'), { host: "::1", port: 1 });
  assert.deepEqual(listenOf("localhost:65535"), { host: "localhost", port: 65_535 });
  assert.deepEqual(listenOf("0.0.0.0:0"), { host: "0.0.0.0", port: 0 });
  assert.deepEqual(listenOf("10656"), { host: "127.0.0.1", port: 10_656 });
  const client = parseClientConfig(
    "scan_paths: [{name: a, pattern: /a}]\ndestinations: [url: http://h/]\nadmin: {listen: 9}\n",
    "c.yaml",
  );
  assert.ok("config" in client);
  assert.deepEqual(client.config.admin, { host: "127.0.0.1", port: 9 });
});

for (const [written, wrong] of [
  ["127.0.0.1", '"127.0.0.1" is no address with a port'],
  ['"::1:10656"', '"::1:10656" is no address with a port'],
  ['"[127.0.0.1]:1"', '"[127.0.0.1]:1" has no IPv6 address in its brackets'],
  ["300.1.1.1:80", '"300.1.1.1" is no address'],
  ["localhost:65536", '"localhost:65536": 65536 is no port'],
  ["70000", "70000: 70000 is no port"],
  ["true", "true is no address with a port"],
  ["/run/admin.sock", '"/run/admin.sock" is no address with a port'],
] as const) {
  test(`${written} is no address`, () => {
    assert.deepEqual(messagesOf(parseServerConfig, `admin: {listen: ${written}}\n`), [
      `1:17: admin.listen: ${wrong}; ${EXPECTED}`,
    ]);
  });
}

test("it is never the port where logs are taken", () => {
  assert.deepEqual(messagesOf(parseServerConfig, "listen_port: 77\nadmin: {listen: 10.0.0.1:77}\n"), [
    "2:17: admin.listen: has the port of listen_port, 77; expected a port of its own",
  ]);
});

test("a section without its key, and a key that is none", () => {
  assert.deepEqual(messagesOf(parseServerConfig, "admin: {listne: 1}\n"), [
    `1:8: admin.listen: is missing; ${EXPECTED}`,
    "1:9: admin.listne: unknown key; expected one of listen; did you mean `listen`?",
  ]);
});
