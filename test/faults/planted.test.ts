// The planted faults fit the sources and the tests as they are, and docs/TESTING.md shows all of them. That each is
// caught is shown by `make planted`; here one of them is, so that the script itself cannot rot.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { PLANTED } from "./planted/list.ts";
import { tableOf } from "./planted/table.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");

test("each fault has its one place in the sources, and its test is there", () => {
  const odd = PLANTED.flatMap(({ fault, file, search, replacement, caughtBy: [test, name] }) => [
    ...(read(`src/${file}`).split(search).length === 2 && replacement !== search ? [] : [`${fault}: no place for it`]),
    ...(read(`test/${test}`).includes(name) ? [] : [`${fault}: no test ${name}`]),
  ]);
  assert.deepEqual(odd, []);
  assert.ok(PLANTED.length >= 20);
});

test("docs/TESTING.md shows the table", () => {
  assert.ok(read("docs/TESTING.md").includes(tableOf(PLANTED)), "run `node scripts/planted-faults.ts --table`");
});

test("one that is planted is caught", () => {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/planted-faults.ts", "leave undici"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^caught/);
});
