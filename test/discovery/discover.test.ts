// Discovery on real files: what is found how fast, under bursts, rotation and swaps (src/discovery/).

import assert from "node:assert/strict";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pace } from "node:timers/promises";
import { bytesOf } from "../../src/base/text.ts";
import type { Directory } from "../../src/platform/files.ts";
import { contentOf, directoryMethods, finding, pattern, started, told, write } from "../support/finding.ts";
import { until } from "../support/until.ts";

test("a scan that is to find everything looks again where a rotation moved names under its eyes", async (t) => {
  const found = await finding();
  const at = (name: string) => join(found.log, name);
  for (const name of ["app.log", "app.log.1"]) write(at(name));
  const { list } = directoryMethods();
  let rotations = 0;
  t.mock.method(directoryMethods(), "list", function (this: Directory) {
    const names = list.call(this);
    if (rotations < 2 && names.some(({ name }) => name === "app.log")) {
      for (let i = names.length - 1; i >= 0; i--)
        fs.renameSync(at(i === 0 ? "app.log" : `app.log.${i}`), at(`app.log.${i + 1}`));
      write(at("app.log"));
      rotations++;
    }
    return names;
  });
  const { adopted, matched } = await found.discovery.scanOnce();
  assert.deepEqual([adopted.length, matched, rotations], [4, 4, 2]);
  await found.stop();
});

test("a new file, a new directory and a path that did not exist are found by watches", async () => {
  const found = await started({ patterns: (log) => [pattern(`${log}/*.log`), pattern(`${log}/app/deep/**/*.txt`)] });
  const paths = [join(found.log, "a.log"), join(found.log, "app/deep/x.txt"), join(found.log, "app/deep/1/2/3/y.txt")];
  for (const path of paths) {
    write(path);
    await found.at(path);
  }
  fs.rmSync(join(found.log, "app"), { recursive: true });
  write(paths[1] as string, "again\n");
  await until(() => found.held.size === 4, "a directory that was made anew is found", 5000);
  await found.stop();
});

test("a file that lives for a moment is held", async () => {
  const found = await started();
  for (let i = 0; i < 20; i++) {
    const path = write(join(found.log, `${i}.log`), `content ${i}\n`);
    await pace(20);
    fs.unlinkSync(path);
  }
  await until(() => found.held.size === 20, "all are held");
  const contents = [...found.held.values()].map((generation) => contentOf(found, generation));
  assert.equal(new Set(contents).size, 20);
  await found.stop();
});

test("200 files in one burst with the default name are 200 entries", async () => {
  const found = await started();
  for (let i = 0; i < 200; i++) write(join(found.log, `${i}.log`), `${i}\n`);
  await until(() => found.held.size === 200, "all are held");
  assert.equal(new Set([...found.held.values()].map((generation) => contentOf(found, generation))).size, 200);
  await found.stop();
});

test("rotation storm: every 100 ms, five kept; each line of each file is held once", async () => {
  const found = await started();
  const path = join(found.log, "a.log");
  let line = 0;
  for (let rotation = 0; rotation < 25; rotation++) {
    const fd = fs.openSync(path, "a");
    for (let i = 0; i < 5; i++) {
      fs.writeSync(fd, `${line++}\n`);
      await pace(20);
    }
    for (let i = 4; i >= 0; i--) {
      const from = i === 0 ? path : `${path}.${i}`;
      if (fs.existsSync(from)) fs.renameSync(from, `${path}.${i + 1}`);
    }
    fs.writeSync(fd, `${line++}\n`); // by the writer that has not noticed yet
    fs.closeSync(fd);
  }
  await until(() => found.held.size === 25, "all are held");
  await found.spools.sweep();
  const lines = [...found.held.values()].flatMap((generation) => contentOf(found, generation).trimEnd().split("\n"));
  assert.deepEqual(
    lines.map(Number).sort((a, b) => a - b),
    Array.from({ length: line }, (_, i) => i),
  );
  for (const { entry } of found.held.values()) assert.equal(entry.size > 0, true);
  await found.stop();
});

test("two names swapped 1,000 times while scanning: two entries, each with its own content", async () => {
  const found = await started({ scanInterval: 50 });
  const [a, b, c] = ["a", "b", "c"].map((name) => join(found.log, `${name}.log`)) as [string, string, string];
  write(a, "content of a\n");
  write(b, "content of b\n");
  for (let i = 0; i < 1000; i++) {
    fs.renameSync(a, c);
    fs.renameSync(b, a);
    fs.renameSync(c, b);
    if (i % 10 === 0) await pace(25);
  }
  await until(() => found.held.size === 2, "both are held");
  await found.discovery.scanOnce();
  assert.equal(found.added.length, 2);
  assert.deepEqual([...found.held.values()].map((one) => contentOf(found, one)).sort(), [
    "content of a\n",
    "content of b\n",
  ]);
  for (const one of found.held.values()) {
    assert.equal(fs.readFileSync(one.entry.source ?? "", "utf8"), contentOf(found, one), "its source is where it is");
  }
  await found.stop();
});

test("one inode under several names and patterns is one entry, named by the first pattern", async () => {
  const found = await finding({
    patterns: (log) => [pattern(`${log}/z/*`, { name: "first" }), pattern(`${log}/**`, { name: "second" })],
  });
  const path = write(join(found.log, "a/x"));
  fs.mkdirSync(join(found.log, "z"));
  for (const name of ["a/y", "z/z", "b"]) fs.linkSync(path, join(found.log, name));
  const report = await found.discovery.scanOnce();
  assert.equal(report.matched, 4);
  assert.equal(report.adopted.length, 1);
  assert.match(found.added[0] ?? "", /^first\./);
  await found.stop();
});

test("our own data directory is never scanned, whatever the pattern", async () => {
  const dir = (await finding()).dir;
  const found = await finding({ dir, patterns: () => [pattern(`${dir}/**/*`)] });
  write(join(found.log, "a"));
  for (let i = 0; i < 3; i++) await found.discovery.scanOnce();
  assert.equal(found.held.size, 1);
  await found.stop();
});

test("empty files are adopted at once", async () => {
  const found = await started();
  await found.at(write(join(found.log, "a.log"), ""));
  await found.stop();
});

test("awkward names: each its own entry, or refused with one event", async () => {
  const found = await finding({
    patterns: (log) => [pattern(`${log}/**`, { regex: { from: /^.*\/log\//s, to: "" } })],
  });
  const names = [
    "a b",
    "%",
    "%41",
    "#",
    "?",
    ";",
    ":",
    "\\",
    "a\nb",
    "-rf",
    "x".repeat(255),
    "é",
    "e\u0301",
    "*",
    "[a]",
    "{b}",
    "'",
    '"',
    "~",
    "\u202e",
  ].map(bytesOf);
  names.push("\xff\xfe", "\xff%41", "caf\xe9");
  for (const name of names) fs.writeFileSync(Buffer.from(`${found.log}/${name}`, "latin1"), name);
  const report = await found.discovery.scanOnce();
  assert.equal(report.adopted.length + report.problems.length, names.length);
  assert.deepEqual(report.problems, []);
  await found.discovery.scanOnce();
  assert.equal(found.held.size, names.length);
  await found.stop();
});

test("refused names are told once, with source, pattern and remedy, and reported at each scan", async () => {
  const found = await finding({ patterns: (log) => [pattern(`${log}/*`, { regex: { from: /^.*\//, to: "/../" } })] });
  write(join(found.log, "a"));
  for (let i = 0; i < 3; i++) {
    const { problems } = await found.discovery.scanOnce();
    assert.deepEqual(
      problems.map(({ kind }) => kind),
      ["refused-name"],
    );
  }
  assert.deepEqual(told(found), ["name-refused"]);
  assert.match(found.events[0]?.text ?? "", /log\/a".*regex_from/);
  await found.stop();
});

const CORPUS = join(import.meta.dirname, "../../../shared/data/attacks/naughty-strings.base64.json");

test("the naughty strings as file names", { skip: !fs.existsSync(CORPUS) && "the corpus is not here" }, async () => {
  const strings = (JSON.parse(fs.readFileSync(CORPUS, "utf8")) as string[]).map((one) => Buffer.from(one, "base64"));
  const names = new Set(
    strings
      .map((bytes) => bytes.toString("latin1"))
      .filter((name) => name !== "" && !/[/\0]/.test(name) && name.length <= 255 && name !== "." && name !== ".."),
  );
  const found = await finding({
    patterns: (log) => [pattern(`${log}/{*,.*}`, { regex: { from: /^.*\/log\//s, to: "" } })],
  });
  for (const name of names) fs.writeFileSync(Buffer.from(`${found.log}/${name}`, "latin1"), name);
  const report = await found.discovery.scanOnce();
  assert.equal(report.adopted.length + report.problems.length, names.size);
  for (const { kind, source } of report.problems) {
    assert.equal(kind, "refused-name");
    assert.match(source, /\/\.[^/]*$/, "only what begins with a dot is refused");
  }
  const contents = report.adopted.map((one) =>
    fs.readFileSync(Buffer.from(`${found.spool}/${one.name}`, "latin1"), "latin1"),
  );
  assert.equal(new Set(contents).size, report.adopted.length);
  await found.stop();
});
