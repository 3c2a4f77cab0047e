// The documents say what the code does: docs/OPERATIONS.md lists every event with its level and no other, links between
// documents lead somewhere, commands that are shown exist, and examples are what they say they are.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { COMMANDS } from "../../src/commands/command-table.ts";
import { BINARY } from "../support/processes.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");

const SOURCES = fs
  .readdirSync(path.join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file: `src/${file}`, text: read(`src/${file}`) }))
  // Only these can make events.
  .filter(({ file, text }) => /from "[./]*base\/events\.ts"/.test(text) && file !== "src/base/events.ts");
const DOCUMENTS = [
  ...fs.readdirSync(ROOT).filter((file) => file.endsWith(".md")),
  ...fs.readdirSync(path.join(ROOT, "docs"), { recursive: true, encoding: "utf8" }).map((file) => `docs/${file}`),
].filter((file) => file.endsWith(".md"));

/** `name` → its levels, sorted. */
type Events = Map<string, string[]>;

function add(events: Events, name: string, levels: readonly string[]): void {
  events.set(name, [...new Set([...(events.get(name) ?? []), ...levels])].sort());
}

function eventsOfCode(): Events {
  const events: Events = new Map();
  for (const { file, text } of SOURCES) {
    const imported = /import \{([^}]*)\} from "[./]*base\/events\.ts"/.exec(text)?.[1] ?? "";
    const levels = ["debug", "info", "warn", "error"].filter((level) => new RegExp(`\\b${level}\\b`).test(imported));
    if (levels.length === 0) continue;
    const code = text.replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
    for (const [whole, level = "", name] of code.matchAll(
      new RegExp(`(?<![.\\w])(${levels.join("|")})\\(\\s*(?:"([a-z0-9-]+)")?`, "g"),
    )) {
      assert.ok(name !== undefined, `${file}: the name of an event is not written out: ${whole}…`);
      add(events, name, [level]);
    }
  }
  return events;
}

function eventsOfDocument(): Events {
  const events: Events = new Map();
  const part = read("docs/OPERATIONS.md").split("\n## Events\n")[1] ?? "";
  for (const line of part.split("\n")) {
    if (!line.startsWith("| `")) continue;
    const [, name = "", levels = "", meaning = "", action = ""] = line.split("|").map((cell) => cell.trim());
    const bare = name.replaceAll("`", "");
    assert.ok(!events.has(bare), `${bare} is listed twice`);
    assert.ok(meaning !== "", `${bare}: no meaning`);
    assert.ok(action !== "" || /^(debug|info)$/.test(levels), `${bare}: nothing to do, though it is ${levels}`);
    add(events, bare, levels.split(", "));
  }
  return events;
}

const lines = (events: Events) => [...events].map(([name, levels]) => `${name}: ${levels.join(", ")}`).sort();

test("docs/OPERATIONS.md lists every event with its level, and no other", () => {
  const code = eventsOfCode();
  assert.ok(code.size > 50, "events were found in the code");
  assert.deepEqual(code.get("destination-status"), ["info", "warn"], "an event with two levels");
  const [documented, emitted] = [lines(eventsOfDocument()), lines(code)];
  assert.deepEqual(
    {
      missing: emitted.filter((line) => !documented.includes(line)),
      surplus: documented.filter((line) => !emitted.includes(line)),
    },
    { missing: [], surplus: [] },
  );
});

test("events in each list are in alphabetical order", () => {
  for (const table of read("docs/OPERATIONS.md").split("\n## Events\n")[1]?.split("\n### ") ?? []) {
    const names = [...table.matchAll(/^\| `([a-z0-9-]+)`/gm)].map(([, name]) => name);
    assert.deepEqual(names, [...names].sort());
  }
});

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(file: string): string[] {
  return [...withoutCode(read(file)).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "");
}

test("links in documents lead to files and headings that exist", () => {
  const broken: string[] = [];
  let count = 0;
  for (const document of DOCUMENTS) {
    const text = withoutCode(read(document)).replaceAll(/`[^`\n]*`/g, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      count++;
      const [file = "", anchor] = target.split("#");
      const to = file === "" ? document : path.posix.join(path.posix.dirname(document), file);
      if (!fs.existsSync(path.join(ROOT, to))) broken.push(`${document}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(to).includes(anchor)) broken.push(`${document}: ${target}`);
    }
  }
  assert.deepEqual(broken, []);
  assert.ok(count > 20, `${count} links`);
});

test("paths that documents name in code exist", () => {
  const missing: string[] = [];
  for (const document of [
    "README.md",
    "CONTRIBUTING.md",
    "docs/ARCHITECTURE.md",
    "docs/OPERATIONS.md",
    "docs/TESTING.md",
  ]) {
    const named = [...read(document).matchAll(/`((?:src|test|etc|docs|bench|scripts)\/[\w./-]*)`/g)];
    for (const [, file = ""] of named) {
      if (document === "CONTRIBUTING.md" && /\/put\.(test\.)?ts$/.test(file)) continue; // an example
      if (!fs.existsSync(path.join(ROOT, file))) missing.push(`${document}: ${file}`);
    }
  }
  assert.deepEqual(missing, []);
});

test("commands and flags that README.md and docs/OPERATIONS.md show exist", () => {
  const help = (args: readonly string[]) => spawnSync(BINARY, [...args, "--help"], { encoding: "utf8" }).stdout;
  const shown = ["README.md", "docs/OPERATIONS.md"].flatMap((document) => [
    ...[...read(document).matchAll(/^(?:.*\/)?shaftlog ([a-z][^\n#|&]*)/gm)].map(([, words = ""]) => words),
    ...[...read(document).matchAll(/`shaftlog ([a-z][^`|&]*)/g)].map(([, words = ""]) => words),
  ]);
  assert.ok(shown.length > 8, `${shown.length} command lines`);
  for (const line of shown) {
    const words = line.trim().split(/\s+/);
    const command = words
      .filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith("-"))
      .slice(0, COMMANDS.some(({ name }) => name.startsWith(`${words[0]} `)) ? 2 : 1);
    const text = help(command);
    assert.ok(text.includes(`$ shaftlog ${command.join(" ")}`), `no command ${command.join(" ")}: ${line}`);
    for (const flag of words.filter((word) => /^--?[a-z]/.test(word)))
      assert.match(text, new RegExp(`(^|[ ,])${flag}\\b`, "m"), `${command.join(" ")} has no ${flag}: ${line}`);
  }
  // Each target of make that is shown.
  const targets = new Set([...read("Makefile").matchAll(/^([a-z]+):/gm)].map(([, target]) => target));
  for (const [, target] of read("README.md").matchAll(/^make ([a-z]+)/gm))
    assert.ok(targets.has(target), `make ${target}`);
});

test("the sync-once flags and keys in docs/OPERATIONS.md are those of the binary", () => {
  const part = /\n## sync-once\n(.*?)\n## /s.exec(read("docs/OPERATIONS.md"))?.[1] ?? "";
  const table = [...part.matchAll(/^\| (`-.*?) \|/gm)].map(([, cell = ""]) => [...cell.matchAll(/--[a-z-]+/g)].join());
  const help = spawnSync(BINARY, ["sync-once", "--help"], { encoding: "utf8" }).stdout;
  const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = ""]) => flag);
  assert.deepEqual(table.sort(), flags.filter((flag) => flag !== "--help" && flag !== "--version").sort());
  const document = JSON.parse(/```json\n(.*?)```/s.exec(part)?.[1] ?? "") as object;
  const keys = (value: object): string[] =>
    Array.isArray(value)
      ? value.flatMap(keys)
      : Object.entries(value).flatMap(([key, it]) => [key, ...(typeof it === "object" && it !== null ? keys(it) : [])]);
  const documented = [...part.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, key = ""]) => key);
  assert.deepEqual([...new Set(keys(document))].sort(), documented.sort());
});

test("docs/TESTING.md has a row for each folder of test", () => {
  const text = read("docs/TESTING.md");
  const tests = fs.readdirSync(path.join(ROOT, "test"), { recursive: true, encoding: "utf8" });
  const folders = tests.filter((file) => /\.(test|fuzz)\.ts$/.test(file)).map((file) => `test/${path.dirname(file)}`);
  const missing = [...new Set(folders)].filter((folder) => folder !== "test/." && !text.includes(`\`${folder}\``));
  assert.deepEqual(missing, []);
});

test("the units, also with what docs/OPERATIONS.md adds for a host's end, are such that systemd takes them, where there is one", () => {
  const last = /^ExecStop=\/usr\/bin\/shaftlog sync-once .*\nTimeoutStopSec=.*$/m.exec(read("docs/OPERATIONS.md"))?.[0];
  assert.ok(last !== undefined);
  if (spawnSync("systemd-analyze", ["--version"]).status !== 0) return;
  for (const role of ["client", "server"]) {
    const unit = read(`etc/systemd/shaftlog-${role}.service`);
    const file = path.join(tempDir(), `shaftlog-${role}.service`);
    const whole = role === "server" ? unit : unit.replace("[Install]", `${last}\n\n[Install]`);
    fs.writeFileSync(file, whole.replaceAll("/usr/bin/shaftlog", BINARY));
    const { status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", "--man=no", file], { encoding: "utf8" });
    const own = `${stdout}${stderr}`.split("\n").filter((line) => line.includes(path.basename(file)));
    assert.deepEqual([status, own], [0, []], `${stdout}${stderr}`);
  }
});
