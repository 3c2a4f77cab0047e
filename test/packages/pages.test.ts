// What the package and the tarballs bring beside the binary: manual pages that no lint has anything to say about and that
// tell of every command and key, completions that complete, scripts that shellcheck lets pass.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { bashCompletion, zshCompletion } from "../../scripts/completions.ts";
import { manualPages } from "../../scripts/man.ts";
import { COMMANDS } from "../../src/commands/command-table.ts";
import { CLIENT_SCHEMA } from "../../src/config/client.ts";
import { listKeys } from "../../src/config/schema.ts";
import { SERVER_SCHEMA } from "../../src/config/server.ts";
import { sh } from "../support/processes.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");
const without = (program: string) =>
  spawnSync(program, ["--version"]).error === undefined ? false : `skipped: no ${program}`;

const documents = { configuration: read("docs/CONFIGURATION.md"), operations: read("docs/OPERATIONS.md") };
const pages = manualPages(documents, new Date("2026-01-02T00:00:00Z"));

describe("manual pages", { skip: without("mandoc") }, () => {
  const directory = tempDir();
  for (const { file, text } of pages) {
    fs.mkdirSync(path.join(directory, `man${file.at(-1)}`));
    fs.writeFileSync(path.join(directory, `man${file.at(-1)}`, file), text);
  }
  const shown = (file: string) =>
    sh("mandoc", "-T", "utf8", "-O", "width=1000", path.join(directory, `man${file.at(-1)}`, file)).replaceAll(
      /.[\b]/g,
      "",
    );

  for (const { file } of pages) {
    test(`${file}: mandoc's lint is silent`, () => {
      const { stdout } = spawnSync("mandoc", ["-T", "lint", "-W", "style", path.join(`man${file.at(-1)}`, file)], {
        cwd: directory,
        encoding: "utf8",
      });
      // It looks for other pages where the system's lie.
      assert.equal(
        stdout
          .split("\n")
          .filter((line) => !line.includes("referenced manual not found"))
          .join("\n"),
        "",
      );
    });
  }

  test("shaftlog(1) tells of every command and option", () => {
    const text = shown("shaftlog.1");
    for (const { name, options } of COMMANDS) {
      assert.match(text, new RegExp(`^ +${name}( |$)`, "m"));
      for (const option of Object.keys(options)) assert.ok(text.includes(`--${option}`), `${name} --${option}`);
    }
  });

  test("shaftlog-config(5) tells of every key", () => {
    const text = shown("shaftlog-config.5");
    for (const { path: key } of [...listKeys(CLIENT_SCHEMA), ...listKeys(SERVER_SCHEMA)]) {
      assert.ok(text.includes(`\n     ${key}`), key);
    }
  });

  test("shaftlog-operations(7) tells what to do at an event", () => {
    assert.match(shown("shaftlog-operations.7"), /store-disk-failed.*\s+.*What to do: Check the disk/);
  });
});

test("bash completes commands, the words of a command with two, options and paths", () => {
  const script = path.join(tempDir(), "completion.bash");
  fs.writeFileSync(script, bashCompletion());
  const completed = (...words: readonly string[]) =>
    sh(
      "bash",
      "-c",
      `source ${script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _shaftlog; printf '%s ' "\${COMPREPLY[@]}"`,
      "bash",
      "shaftlog",
      ...words,
    ).trim();
  assert.equal(completed("sync"), "sync-once");
  assert.equal(completed("pki", "i"), "init issue");
  assert.equal(completed("pki", "issue", "--d"), "--dir --days");
  assert.equal(completed("client", "--"), "--config --debug --stdout --help");
  assert.equal(completed("client", "-f", "/et"), "/etc");
});

test("zsh takes its completion", { skip: without("zsh") }, () => {
  const script = path.join(tempDir(), "_shaftlog");
  fs.writeFileSync(script, zshCompletion());
  sh("zsh", "-n", script);
  // Both are functions of the completion system, which needs a terminal.
  const stubs = "_arguments() { print -r -- $# $* }; _describe() { print -r -- $1 $commands }";
  const completed = (...words: readonly string[]) =>
    sh("zsh", "-f", "-c", `${stubs}; words=("$@"); CURRENT=$#; source ${script}`, "zsh", ...words);
  assert.match(completed("shaftlog", ""), /^command client:Deliver/);
  assert.match(completed("shaftlog", "pki", ""), /^command init:Make/);
  assert.match(completed("shaftlog", "pki", "issue", "-"), /--dir\[The authority's directory\]:dir:_files/);
  assert.match(completed("shaftlog", "client", "-"), /\(-f --config\)-f\[Configuration file\]:path:_files/);
});

test("shellcheck lets every script pass", { skip: without("shellcheck") }, () => {
  const script = path.join(tempDir(), "completion.bash");
  fs.writeFileSync(script, bashCompletion());
  sh("shellcheck", "--severity=style", "--shell=bash", script);
  const scripts = [
    "scripts/install-test-needs.sh",
    ...["postinst", "prerm", "postrm"].map((name) => `etc/deb/${name}`),
  ];
  sh("shellcheck", "--severity=style", ...[...scripts, ".ci/run"].map((file) => path.join(ROOT, file)));
});
