// Seeing what is written, by whatever name and with or without watches (src/spool/growth.ts, watches.ts), and
// what becomes of a file that is truncated (go-on.ts).

import assert from "node:assert/strict";
import {
  appendFileSync,
  closeSync,
  openSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Generation } from "../../src/spool/entry.ts";
import { markOf } from "../../src/spool/mark.ts";
import { contentOf, directoryMethods, errno, finding, started, told, write } from "../support/finding.ts";
import { until } from "../support/until.ts";

/** Well below the scan interval of 60 s: only a watch can be so quick. */
const QUICK = 2000;

test("a writer is followed through rename, move out of sight and deletion", async () => {
  const found = await started();
  const path = join(found.log, "a.log");
  const fd = openSync(path, "a");
  const { entry } = await found.at(path);
  let size = 0;
  const append = async (what: string) => {
    size += writeSync(fd, `${what}\n`);
    await until(() => entry.size === size, what, QUICK);
  };
  await append("under its first name");
  renameSync(path, `${path}.1`);
  await append("after the rotation");
  renameSync(`${path}.1`, join(found.dir, "elsewhere"));
  await append("where no directory is watched");
  unlinkSync(join(found.dir, "elsewhere"));
  await append("deleted");
  assert.equal(found.held.size, 1);
  closeSync(fd);
  await found.stop();
});

test("a file known from before is followed at once after a restart, though its owner deleted it", async () => {
  const first = await finding();
  const path = write(join(first.log, "a.log"));
  const fd = openSync(path, "a");
  await first.discovery.scanOnce();
  await first.stop();
  unlinkSync(path);
  const found = await started({ dir: first.dir });
  writeSync(fd, "more\n");
  const [{ entry }] = [...found.held.values()] as [Generation];
  await until(() => entry.size === 10, "the line is seen", QUICK);
  closeSync(fd);
  await found.stop();
});

test("without watches everything is found by scan and sweep, and the operator is told once", async (t) => {
  for (const [code, remedy] of [
    ["ENOSPC", "max_user_watches"],
    ["EMFILE", "max_user_instances"],
  ] as const) {
    const methods = directoryMethods();
    const fail = () => {
      throw errno(code);
    };
    const mocks = [t.mock.method(methods, "watch", fail), t.mock.method(methods, "watchFile", fail)];
    const found = await started({ scanInterval: 100 });
    const paths = Array.from({ length: 20 }, (_, i) => write(join(found.log, `${i}.log`)));
    await until(() => found.held.size === 20, "the scan finds them");
    for (const path of paths) appendFileSync(path, "more\n");
    await until(() => [...found.held.values()].every(({ entry }) => entry.size === 10), "the sweep sees the lines");
    assert.deepEqual(told(found).filter((name) => name === "watches-exhausted").length, 1);
    assert.ok(found.events.some(({ text }) => text.includes(remedy)));
    for (const { mock } of mocks) mock.restore();
    await found.stop();
  }
});

test("truncation: what was delivered stays, what is written then goes to a generation, lines are not mixed", async () => {
  const found = await started();
  const path = write(join(found.log, "a.log"), "old 1\nold 2\n");
  const other = write(join(found.log, "b.log"));
  const first = await found.at(path);
  await found.at(other);
  found.spools.attach({
    comparesBytes: () => false,
    isDelivered: () => false,
    reached: () => [{ destination: "http://one/", acknowledged: 6 }],
  });
  found.spools.acknowledged(first, markOf(Buffer.from("old 1\n"), 6));
  truncateSync(path, 0);
  const name = `${first.name}.g2-from-0`;
  const second = await until(() => found.held.get(name), "a generation is made");
  assert.equal(first.end, 0);
  appendFileSync(path, "new\n");
  await until(() => second.entry.size === 4, "the new line is seen");
  assert.equal(contentOf(found, second), "new\n");
  await until(() => !found.held.has(first.name), "nothing of the old one is left to send");
  const event = found.events.find(({ name: one }) => one === "file-shrunk");
  assert.match(event?.text ?? "", /held 12 bytes and holds 0.*6 to 12 at http:\/\/one\//);
  assert.equal(found.held.size, 2, "the other file goes on as it was");
  assert.equal(statSync(path).nlink, 2);
  writeFileSync(path, "");
  await until(() => found.held.has(`${first.name}.g3-from-0`), "and again");
  await found.stop();
});

test("a generation that cannot be linked is made at a later look; nothing is sent meanwhile", async (t) => {
  const found = await started({ scanInterval: 100 });
  const path = write(join(found.log, "a.log"), "old old\n");
  const first = await found.at(path);
  const link = t.mock.method(directoryMethods(), "link", () => {
    throw errno("ENOSPC");
  });
  writeFileSync(path, "new\n");
  await until(() => first.end === 0, "the old generation ends");
  link.mock.restore();
  const second = await until(() => found.held.get(`${first.name}.g2-from-0`), "it is made");
  assert.equal(contentOf(found, second), "new\n");
  assert.ok(told(found).includes("generation-not-made"));
  await found.stop();
});

test("without descriptors or rights nothing is seen for a while, and nothing breaks", async (t) => {
  for (const code of ["EMFILE", "EACCES"]) {
    const found = await started({ scanInterval: 100 });
    const path = write(join(found.log, "a.log"));
    const { entry } = await found.at(path);
    // Its owner takes it away, so that it is looked at through our own link.
    const fd = openSync(path, "a");
    unlinkSync(path);
    let failures = 0;
    const mocks = (["lstat", "again"] as const).map((method) =>
      t.mock.method(directoryMethods(), method, () => {
        failures++;
        throw errno(code === "EACCES" && method === "again" ? "EMFILE" : code);
      }),
    );
    writeSync(fd, "more\n");
    await until(() => failures > 20, "it is tried again and again");
    for (const { mock } of mocks) mock.restore();
    await until(() => entry.size === 10, "the line is seen");
    closeSync(fd);
    await found.stop();
  }
});

test("two destinations that find a file rewritten make one generation of it", async () => {
  const found = await started();
  const path = write(join(found.log, "a.log"), "0123456789\n");
  const { entry } = await found.at(path);
  found.spools.rewritten(entry);
  found.spools.rewritten(entry);
  await until(() => found.added.length === 2, "it is announced");
  await found.spools.sweep();
  assert.equal(entry.generations.length, 1);
  assert.equal(found.added.length, 2);
  await found.stop();
});
