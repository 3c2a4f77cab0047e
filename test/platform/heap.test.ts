// What a burst left in the heap is given back though the program goes on with little to do: in a process of its own,
// whose heap is as it comes.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";

const HEAP = path.resolve(import.meta.dirname, "../../src/platform/heap.ts");

/** Grows the heap as a start does, lets go of half of it, and prints its size before and, when it shrank, after. */
const PROGRAM = `
  import v8 from "node:v8";
  import { keepHeapSmall, leanHeapOnce } from ${JSON.stringify(HEAP)};
  keepHeapSmall();
  const size = () => v8.getHeapStatistics().total_heap_size;
  let kept = [];
  for (let i = 0; i < 800_000; i++) kept.push({ i, text: "file " + i, times: [i, i + 0.5] });
  kept = kept.slice(400_000);
  const before = size();
  if (process.argv[1] === "lean") leanHeapOnce(() => true);
  const began = performance.now();
  const look = setInterval(() => {
    kept.push({ i: 0, text: "", times: [] }); // it goes on
    if (size() > before * 0.75 && performance.now() - began < 20_000) return;
    clearInterval(look);
    process.stdout.write(before + " " + size() + " " + kept.length);
  }, 100);
`;

function shrinks(how: string): { before: number; after: number } {
  const args = ["--input-type=module", "--max-semi-space-size=4", "-e", PROGRAM, how];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const [before = 0, after = 0] = stdout.split(" ").map(Number);
  assert.ok(before > 50e6, stderr);
  return { before, after };
}

test("what a burst left behind is given back while there is little to do", () => {
  const { before, after } = shrinks("lean");
  assert.ok(after < before * 0.75, `${before} bytes before, ${after} after`);
});
