// A power cut may keep the size of a file that was not synced and put zeros in the place of its bytes: a journal that
// begins with zeros is a lost one, not one of another version, and the client starts.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Generation } from "../../src/spool/entry.ts";
import { markOf } from "../../src/spool/mark.ts";
import { finding, write } from "../support/finding.ts";

for (const zeros of [1, 10, 1_000]) {
  test(`a memory whose first ${zeros} bytes, or all, are zeros`, async () => {
    const found = await finding();
    write(join(found.log, "a.log"), "content\n");
    await found.discovery.scanOnce();
    const [generation] = [...found.held.values()] as [Generation];
    found.spools.acknowledged(generation, markOf(Buffer.from("content\n"), 8));
    await found.stop();
    const path = join(found.spool, ".memory");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0, 0, Math.min(zeros, bytes.length)));
    const again = await finding({ dir: found.dir });
    assert.deepEqual(
      [...again.held.values()].map(({ name }) => name),
      [generation.name],
    );
    await again.stop();
  });
}
