// docs/OPERATIONS.md lists every finding of `shaftlog check` with its levels, a meaning and a remedy, and no other; its
// flags and the keys of its document are those of the binary; the drop-in is the file that is shipped.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { TEXT } from "../../src/commands/setup-logrotate.ts";
import { BINARY } from "../support/processes.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");
const PART = /\n## check\n(.*?)\n## /s.exec(read("docs/OPERATIONS.md"))?.[1] ?? "";
const LEVELS = ["ok", "warning", "error"];

/** `name: levels` of what the sources make; a name may be one of several that a type in that file lists. */
function findingsOfCode(): string[] {
  const found = new Map<string, Set<string>>();
  const folder = (name: string) => fs.readdirSync(path.join(ROOT, name)).map((file) => `${name}/${file}`);
  for (const file of [...folder("src/check"), ...folder("src/commands")]) {
    const text = read(file).replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
    if (!/from "[./]*(check\/)?finding\.ts"/.test(text) || file === "src/check/finding.ts") continue;
    const listed = /type Name = ([^;]+);/.exec(text)?.[1]?.match(/[a-z-]+/g) ?? [];
    const imported = /import \{([^}]*)\} from "[./]*(?:check\/)?finding\.ts"/.exec(text)?.[1] ?? "";
    for (const level of LEVELS.filter((one) => new RegExp(`\\b${one}\\b`).test(imported))) {
      for (const [whole, name, variable] of text.matchAll(
        new RegExp(`(?<![.\\w])${level}\\(\\s*(?:"([a-z-]+)"|(name\\b))?`, "g"),
      )) {
        const names = name !== undefined ? [name] : variable !== undefined ? listed : [];
        assert.ok(names.length > 0, `${file}: the name of a finding is not written out: ${whole}…`);
        for (const one of names) found.set(one, (found.get(one) ?? new Set()).add(level));
      }
    }
  }
  return [...found]
    .map(([name, levels]) => `${name}: ${LEVELS.filter((level) => levels.has(level)).join(", ")}`)
    .sort();
}

function rows(): string[][] {
  return (
    PART.split("| finding |")[1]
      ?.match(/^\| `.*$/gm)
      ?.map((line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ) ?? []
  );
}

test("every finding is listed with its levels, and no other", () => {
  const code = findingsOfCode();
  assert.ok(code.length > 30, `${code.length} findings`);
  const listed = rows().map(([name, levels]) => `${name?.replaceAll("`", "")}: ${levels}`);
  assert.deepEqual([...listed].sort(), code);
  const names = rows().map(([name]) => name?.replaceAll("`", "") ?? "");
  assert.deepEqual(names, [...names].sort(), "in alphabetical order");
});

test("each has a meaning, and a remedy where it can be more than ok", () => {
  for (const [name, levels, meaning, remedy] of rows()) {
    assert.notEqual(meaning, "", name);
    assert.equal(remedy === "", levels === "ok", name);
  }
});

test("the flags are those of the binary, the keys those of the example", () => {
  const help = spawnSync(BINARY, ["check", "--help"], { encoding: "utf8" }).stdout;
  const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag = ""]) => flag);
  const listed = [...PART.matchAll(/^\| (`-.*?) \|/gm)].map(([, cell = ""]) => /--[a-z-]+/.exec(cell)?.[0]);
  assert.deepEqual(listed.sort(), flags.filter((flag) => flag !== "--help" && flag !== "--version").sort());
  const document = JSON.parse(/```json\n(.*?)```/s.exec(PART)?.[1] ?? "") as object;
  const keys = (value: object): string[] =>
    Array.isArray(value)
      ? value.flatMap(keys)
      : Object.entries(value).flatMap(([key, it]) => [key, ...(typeof it === "object" && it !== null ? keys(it) : [])]);
  const documented = [...(PART.split("| finding |")[0] ?? "").matchAll(/^\| `([a-z_]+)` \|/gm)].map(
    ([, key = ""]) => key,
  );
  assert.deepEqual([...new Set(keys(document))].sort(), documented.sort());
});

test("the drop-in that setup writes is the one that is shipped", () => {
  assert.equal(TEXT, read("etc/logrotate.d/00-shaftlog"));
});
