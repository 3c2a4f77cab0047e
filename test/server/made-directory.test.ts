// The server makes its data directory itself where it is missing: what is acknowledged in it survives a power cut only
// if each directory that got a new entry on the way was fsynced before (docs/PROTOCOL.md, section 5).

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../support/command.ts";
import { append } from "../support/raw-http.ts";
import { tempDir } from "../support/temp-dir.ts";

const skip = spawnSync("strace", ["-V"]).status === 0 ? false : "skipped: strace is not there";

test("every directory that got a new entry is synced before the server listens", { skip }, async () => {
  const home = tempDir();
  const trace = join(home, "trace");
  const wrap = ["strace", "-f", "-y", "-o", trace, "-e", "trace=mkdir,fsync"];
  const server = await startServer({ wrap, datadir: join(home, "made/by/us") });
  assert.equal(await append(server.port, "/file", 0, "abc"), 201);
  await server.stop();
  const lines = fs.readFileSync(trace, "utf8").split("\n");
  for (const [made, directory] of [
    ["made", home],
    ["made/by", join(home, "made")],
    ["made/by/us", join(home, "made/by")],
  ] as const) {
    const at = lines.findIndex((line) => line.includes(`mkdir("${join(home, made)}"`) && line.endsWith("= 0"));
    const synced = lines.findIndex((line, i) => i > at && line.includes("fsync(") && line.includes(`<${directory}>`));
    assert.ok(at >= 0 && synced > at, `${directory} is synced behind the making of ${made}`);
  }
});
