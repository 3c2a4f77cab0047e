// The schema is the truth about the keys: docs/CONFIGURATION.md has a row for each with its default, the examples in
// etc/ show each and load, and what they show as a default is the default.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CLIENT_SCHEMA, parseClientConfig } from "../../src/config/client.ts";
import { ConfigError } from "../../src/config/problem.ts";
import { type KeyInfo, listKeys } from "../../src/config/schema.ts";
import { parseServerConfig, SERVER_SCHEMA } from "../../src/config/server.ts";

const ROOT = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const docs = read("docs/CONFIGURATION.md");

/** The part of the documentation between one heading of the second level and the next. */
function section(heading: string): string {
  const start = docs.indexOf(`\n## ${heading}\n`);
  assert.ok(start >= 0, `docs/CONFIGURATION.md has no section ${heading}`);
  const end = docs.indexOf("\n## ", start + 1);
  return docs.slice(start, end < 0 ? undefined : end);
}

/** The cells of the row `| key | type | default | … |`. */
function rowOf(text: string, key: string): string[] {
  const row = text.split("\n").find((line) => line.startsWith(`| \`${key}\` |`));
  assert.ok(row !== undefined, `docs/CONFIGURATION.md has no row for ${key}`);
  // A bar within code is escaped in Markdown.
  return row.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function checkDocumented(keys: readonly KeyInfo[], text: string): void {
  for (const { path, required, written } of keys) {
    const cell = rowOf(text, path)[3] ?? "";
    if (required) assert.equal(cell, "required", path);
    else if (written === undefined) assert.equal(cell, "none", path);
    else assert.equal(cell, `\`${written}\``, path);
  }
}

/** Every `key:` that an example writes; one without a default stands in a comment. */
function checkShown(keys: readonly KeyInfo[], text: string): void {
  for (const { path } of keys) {
    const name = path.slice(path.lastIndexOf(".") + 1);
    assert.match(text, new RegExp(`^[# -]*${name}:`, "m"), path);
  }
}

test("the documentation has every key of the client with its default", () => {
  checkDocumented(listKeys(CLIENT_SCHEMA), section("Client"));
});

test("the documentation has every key of the server with its default", () => {
  checkDocumented(listKeys(SERVER_SCHEMA), section("Server"));
});

test("the documentation has no key that is not there", () => {
  for (const [heading, schema] of [
    ["Client", CLIENT_SCHEMA],
    ["Server", SERVER_SCHEMA],
  ] as const) {
    const known = listKeys(schema).map(({ path }) => path);
    const told = [...section(heading).matchAll(/^\| `([a-z_.[\]]+)` \|/gm)].map(([, key]) => key);
    assert.deepEqual(told.sort(), known.sort());
  }
});

test("the client's example loads, shows every key, and shows defaults as they are", () => {
  const text = read("etc/shaftlog-client-config.yaml");
  checkShown(listKeys(CLIENT_SCHEMA), text);
  const parsed = parseClientConfig(text, "example");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  const { patterns, destinations, ...rest } = parsed.config;
  const bare = "scan_paths: [{name: a, pattern: /a}]\ndestinations: [url: http://h/]\n";
  const defaults = parseClientConfig(bare, "example");
  assert.ok("config" in defaults);
  assert.deepEqual({ ...defaults.config, ...rest }, defaults.config);
  assert.equal(patterns.length, 3);
  assert.equal(destinations.length, 2);
});

test("the server's example loads, shows every key, and is the defaults", () => {
  const text = read("etc/shaftlog-server-config.yaml");
  checkShown(listKeys(SERVER_SCHEMA), text);
  assert.deepEqual(parseServerConfig(text, "example"), parseServerConfig("", "example"));
});

test("the examples in the documentation load", () => {
  const blocks = [...docs.matchAll(/^```yaml\n# (client|server)\n([\s\S]*?)^```$/gm)];
  assert.ok(blocks.length >= 2);
  for (const [, half, text = ""] of blocks) {
    const parsed = half === "client" ? parseClientConfig(text, "docs") : parseServerConfig(text, "docs");
    assert.ok("config" in parsed, JSON.stringify(parsed));
  }
});

test("the errors shown in the documentation are those that are told", () => {
  const [, yaml = "", shown = ""] = /```yaml\n# faulty\n([\s\S]*?)```[\s\S]*?```text\n([\s\S]*?)```/.exec(docs) ?? [];
  const path = "/etc/shaftlog-server-config.yaml";
  const parsed = parseServerConfig(yaml, path);
  assert.ok("problems" in parsed);
  assert.equal(shown, `${new ConfigError(path, parsed.problems).message}\n`);
});

test("the logrotate drop-in is one directive and comments", () => {
  const lines = read("etc/logrotate.d/00-shaftlog").split("\n");
  assert.deepEqual(
    lines.filter((line) => line !== "" && !line.startsWith("#")),
    ["allowhardlink"],
  );
});
