// Opening a data directory (src/spool/spool.ts, datadir.ts, inventory.ts): made, tightened, swept, taken over.

import assert from "node:assert/strict";
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StartFailure } from "../../src/base/errors.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import type { Generation } from "../../src/spool/entry.ts";
import { openSpools } from "../../src/spool/spools.ts";
import { directoryMethods, errno, finding, pattern, told, write } from "../support/finding.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a data directory is made with its parents and closed to others; an existing one is tightened", async () => {
  const dir = tempDir();
  const datadir = join(dir, "a/b/spool");
  const ports = { files: nodeFiles, clock: systemClock, emit: () => {}, lock: () => ({ release() {} }) };
  const options = {
    datadirs: [datadir, `${datadir}/`],
    retention: Infinity,
    scanInterval: 1000,
    periodicTriggerInterval: 1000,
  };
  await (await openSpools(ports, options)).close();
  assert.equal(statSync(datadir).mode & 0o777, 0o700);
  chmodSync(datadir, 0o755);
  const events: string[] = [];
  await (await openSpools({ ...ports, emit: ({ name }) => events.push(name) }, options)).close();
  assert.equal(statSync(datadir).mode & 0o777, 0o700);
  assert.deepEqual(events, ["datadir-tightened"]);
});

test("what is no directory, and what another process holds, is a start failure", async () => {
  const dir = tempDir();
  write(join(dir, "spool"));
  await assert.rejects(finding({ dir }), StartFailure);
});

test("leftovers of a crash are swept at each step of an adoption", async () => {
  const dir = tempDir();
  const source = write(join(dir, "log/a.log"), "content\n");
  mkdirSync(join(dir, "spool"), { mode: 0o700 });
  // Died after the temporary link: adopted anew. Died after the stable one: that name is kept.
  linkSync(source, join(dir, "spool/.tmp-1"));
  const first = await finding({ dir });
  assert.deepEqual(readdirSync(join(dir, "spool")), []);
  await first.stop();
  linkSync(source, join(dir, "spool/.tmp-1"));
  linkSync(source, join(dir, "spool/stable"));
  const second = await finding({ dir });
  assert.deepEqual([...second.held.keys()], ["stable"]);
  await second.discovery.scanOnce();
  assert.deepEqual(readdirSync(join(dir, "spool")), ["stable"]);
  assert.deepEqual(told(second), ["leftovers-swept"]);
  await second.stop();
});

test("a spool of the original is taken over under its plain names, nested ones too", async () => {
  const dir = tempDir();
  write(join(dir, "spool/messages.1400000000000"), "old\n");
  write(join(dir, "spool/sudo-io/00/00/01/log"), "io\n");
  const source = write(join(dir, "log/a.log"), "a\n");
  linkSync(source, join(dir, "spool/log.1"));
  const found = await finding({ dir });
  await found.discovery.scanOnce();
  assert.deepEqual([...found.held.keys()].sort(), ["log.1", "messages.1400000000000", "sudo-io/00/00/01/log"]);
  assert.equal(found.held.get("log.1")?.entry.source, source);
  await found.stop();
});

test("two plain names of one inode: one is delivered, the other is told of and left alone", async () => {
  const dir = tempDir();
  const first = write(join(dir, "spool/b"), "x\n");
  linkSync(first, join(dir, "spool/a"));
  const found = await finding({ dir, retention: 0 });
  found.spools.attach({ comparesBytes: () => false, isDelivered: () => true, reached: () => [] });
  assert.deepEqual([...found.held.keys()], ["a"]);
  assert.ok(told(found).includes("second-name-in-datadir"));
  assert.equal(await found.spools.retain(), 0, "while it has another name it stays");
  assert.ok(existsSync(first));
  await found.stop();
});

test("generations are read back from their names, and each ends where a later one starts", async () => {
  const dir = tempDir();
  const one = write(join(dir, "spool/a"), "0123456789");
  linkSync(one, join(dir, "spool/a.g2-from-6"));
  linkSync(one, join(dir, "spool/a.g3-from-4"));
  const found = await finding({ dir });
  const spans = [...(found.held.values() as Iterable<Generation>)].map(({ number, start, end }) => [
    number,
    start,
    end,
  ]);
  assert.deepEqual(spans.sort(), [
    [1, 0, 4],
    [2, 6, 4],
    [3, 4, undefined],
  ]);
  assert.equal(found.spools.counts().entries, 1);
  await found.stop();
});

test("links and odd files in a data directory are told of and never read", async () => {
  const dir = tempDir();
  mkdirSync(join(dir, "spool"), { mode: 0o700 });
  symlinkSync("/etc/passwd", join(dir, "spool/passwd"));
  writeFileSync(join(dir, "spool/.hidden"), "ours");
  const found = await finding({ dir });
  assert.equal(found.held.size, 0);
  assert.deepEqual(told(found), ["odd-file-in-datadir"]);
  await found.stop();
});

test("nothing is announced before the directory is durable, and never where that failed", async (t) => {
  const found = await finding({ patterns: (log) => [pattern(`${log}/*.log`, { rename: "d/{name}.{ino}" })] });
  write(join(found.log, "a.log"));
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const sync = t.mock.method(directoryMethods(), "sync", () => gate);
  const scan = found.discovery.scanOnce();
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(readdirSync(join(found.spool, "d")).length === 1);
  assert.equal(found.held.size, 0);
  letGo();
  await scan;
  assert.equal(found.held.size, 1);
  assert.equal(sync.mock.callCount(), 2, "the new directory and the one that it was made in");
  sync.mock.mockImplementation(() => Promise.reject(errno("EIO")));
  write(join(found.log, "b.log"));
  await found.discovery.scanOnce();
  sync.mock.restore();
  write(join(found.log, "c.log"));
  await found.discovery.scanOnce();
  assert.equal(found.held.size, 1, "a failed fsync is not tried again, and nothing later is believed");
  assert.ok(told(found).includes("datadir-sync-failed"));
  await found.stop();
});
