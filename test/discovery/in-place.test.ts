// Reading files where they are, below a base and for a dry run (src/discovery/in-place.ts, resolve.ts).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import { bytesOf } from "../../src/base/text.ts";
import { type InPlace, openInPlace, readLineBelow } from "../../src/discovery/in-place.ts";
import type { PatternOptions } from "../../src/discovery/options.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { finding, pattern, write } from "../support/finding.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = process.geteuid?.() === 0;

function below(
  base: string | undefined,
  patterns: readonly PatternOptions[],
  datadir = "/var/spool",
): Promise<InPlace & { events: Event[] }> {
  const events: Event[] = [];
  const ports = { files: nodeFiles, clock: systemClock, emit: (event: Event) => void events.push(event) };
  const options = { patterns, datadir, scanInterval: 1000, base: base === undefined ? undefined : bytesOf(base) };
  return openInPlace(ports, options).then((opened) => ({ ...opened, events }));
}

function names({ spools }: InPlace): string[] {
  return [...spools.generations()].map(({ name }) => name).sort();
}

/** Everything below a directory as `find` shows it, times included. */
function picture(dir: string): string {
  return execFileSync("find", [dir, "-printf", "%p %i %n %s %T@ %C@\n"], { encoding: "utf8" });
}

test("names come from paths without the base; a second run names alike, though names collide; nothing is written", async () => {
  const base = tempDir();
  const then = new Date(1_700_000_000_000);
  for (const name of ["a", "b", "c"]) fs.utimesSync(write(join(base, `var/log/${name}.log`), `${name}\n`), then, then);
  const before = picture(base);
  const patterns = [pattern("/var/log/*.log"), pattern("/var/log/a.log", { name: "never" })];
  const first = await below(base, patterns);
  assert.equal(names(first).length, 3);
  assert.equal(names(first)[0], "log.1700000000000");
  assert.match(names(first)[1] ?? "", /^log\.1700000000000\.i\d+$/);
  assert.deepEqual(first.report.adopted.map(({ entry }) => entry.source).sort(), [
    "/var/log/a.log",
    "/var/log/b.log",
    "/var/log/c.log",
  ]);
  for (const { entry } of first.spools.generations()) {
    const file = entry.holder.open(entry);
    const bytes = Buffer.alloc(2);
    file.readNow(bytes, 0, 2, 0);
    file.close();
    assert.equal(`/var/log/${bytes[0] === undefined ? "" : String.fromCharCode(bytes[0])}.log`, entry.source);
  }
  await first.spools.close();
  const second = await below(base, patterns);
  assert.deepEqual(names(second), names(first));
  await second.spools.close();
  assert.equal(picture(base), before);
});

test("what the spool below the base knows keeps its name, with its marks; released names stay taken", async () => {
  const base = tempDir();
  const client = await finding({
    dir: join(base, "var"),
    patterns: (log) => [pattern(`${log}/*.log`, { rename: "given.{ino}" })],
  });
  write(join(client.log, "a.log"));
  await client.discovery.scanOnce();
  await client.stop();
  write(join(client.log, "b.log"));
  const before = picture(base);
  const opened = await below(base, [pattern("/var/log/*.log")]);
  assert.equal(opened.report.adopted.length, 1);
  assert.deepEqual(
    names(opened).map((name) => name.replace(/\d+/, "N")),
    ["given.N", "log.N"],
  );
  assert.equal([...opened.spools.generations()][0]?.entry.source, "/var/log/a.log");
  await opened.spools.close();
  assert.equal(picture(base), before);
});

test("absolute links resolve below the base, and .. never leaves it", async () => {
  const base = tempDir();
  write(join(base, "data/log/a.log"));
  write(join(base, "etc/real-hostname"), "host-a\nmore\n");
  fs.mkdirSync(join(base, "var"));
  fs.symlinkSync("/../../data/log", join(base, "var/log"));
  fs.symlinkSync("/etc/real-hostname", join(base, "etc/hostname"));
  fs.symlinkSync("/data/log/a.log", join(base, "data/log/link.log"));
  const opened = await below(base, [pattern("/var/log/*.log")]);
  assert.deepEqual(
    opened.report.adopted.map(({ entry }) => entry.source),
    ["/var/log/a.log"],
  );
  await opened.spools.close();
  assert.equal(readLineBelow(nodeFiles, bytesOf(base), "etc/hostname"), "host-a");
  assert.equal(readLineBelow(nodeFiles, bytesOf(base), "/etc/machine-id"), undefined);
  assert.equal(readLineBelow(nodeFiles, bytesOf(base), "etc"), undefined);
});

test("links of other users in the spelled-out part are not followed below a base", {
  skip: !ROOT && "needs root",
}, async () => {
  const base = tempDir();
  write(join(base, "secret/a.log"));
  fs.mkdirSync(join(base, "var"));
  fs.symlinkSync("/secret", join(base, "var/log"));
  fs.lchownSync(join(base, "var/log"), 12345, 12345);
  const opened = await below(base, [pattern("/var/log/*.log")]);
  assert.deepEqual(
    opened.report.problems.map(({ kind }) => kind),
    ["link-not-followed"],
  );
  assert.deepEqual(names(opened), []);
  await opened.spools.close();
});

test("a file found truncated below a base goes on under the name that the client would give it", async () => {
  const base = tempDir();
  const path = write(join(base, "var/log/a.log"), "0123456789\n");
  const opened = await below(base, [pattern("/var/log/a.log", { rename: "a" })]);
  const [first] = [...opened.spools.generations()];
  fs.truncateSync(path, 0);
  opened.spools.rewritten((first as NonNullable<typeof first>).entry);
  assert.ok(names(opened).includes("a.g2-from-0"));
  assert.equal(opened.spools.counts().shrunk, 1);
  await opened.spools.close();
});

test("a dry run shows what would be adopted, and makes no data directory", async () => {
  const dir = tempDir();
  write(join(dir, "log/a.log"));
  fs.symlinkSync(join(dir, "log"), join(dir, "link"));
  const spool = join(dir, "spool");
  const opened = await below(
    undefined,
    [pattern(`${dir}/log/*`, { rename: "{time}" }), pattern(`${dir}/link/*`)],
    spool,
  );
  assert.equal(opened.report.adopted.length, 1);
  assert.deepEqual(
    opened.report.problems.map(({ kind }) => kind),
    ["link-not-followed"],
  );
  assert.ok(!fs.existsSync(spool));
  await opened.spools.close();
});
