// "Did you mean": typing errors are forgiven, other words are not. A wrong guess would mislead more than none, so the
// table holds words without a neighbour too.

import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "../../src/config/nearest.ts";

const WORDS = ["datadir", "logfile", "scan_interval", "status_interval", "scan_paths", "url", "name"];

const CASES: readonly (readonly [typed: string, meant: string | undefined])[] = [
  ["datdir", "datadir"],
  ["data_dir", "datadir"],
  ["Datadir", "datadir"],
  ["dtaadir", "datadir"],
  ["log-file", "logfile"],
  ["scanInterval", "scan_interval"],
  ["scan_intervall", "scan_interval"],
  ["scan_path", "scan_paths"],
  ["nmae", "name"],
  ["uri", "url"],
  ["", undefined],
  ["x", undefined],
  ["tls", undefined],
  ["destination", undefined],
  ["s".repeat(10_000), undefined],
];

test("the nearest word is the one that was meant", () => {
  for (const [typed, meant] of CASES) assert.equal(nearest(typed, WORDS), meant, typed.slice(0, 40));
});
