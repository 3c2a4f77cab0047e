// The spool's memory over restarts (src/spool/memory.ts): kept, judged by, torn, lost, newer.

import assert from "node:assert/strict";
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { StartFailure } from "../../src/base/errors.ts";
import type { Generation } from "../../src/spool/entry.ts";
import type { HeldEntry } from "../../src/spool/held.ts";
import { markOf } from "../../src/spool/mark.ts";
import { contentOf, type Finding, finding, told, write } from "../support/finding.ts";
import { until } from "../support/until.ts";

const OLD = `${"the first line of the old content ".repeat(3)}\n`;

/** A data directory whose only file was acknowledged to its end. */
async function delivered(content: string): Promise<{ dir: string; path: string; name: string }> {
  const found = await finding();
  const path = write(join(found.log, "a.log"), content);
  await found.discovery.scanOnce();
  const [generation] = found.held.values() as Iterator<Generation> & Iterable<Generation>;
  assert.ok(generation !== undefined);
  found.spools.acknowledged(generation, markOf(Buffer.from(content), content.length));
  await found.stop();
  return { dir: found.dir, path, name: generation.name };
}

function only({ held }: Finding): Generation {
  assert.equal(held.size, 1);
  return [...held.values()][0] as Generation;
}

test("what was acknowledged is known after a restart, and where the file was seen", async () => {
  const { dir, path } = await delivered(OLD);
  const found = await finding({ dir });
  const { entry } = only(found);
  const { offset, tail, head } = markOf(Buffer.from(OLD), OLD.length);
  assert.deepEqual(entry.acknowledged, { offset, tail });
  assert.deepEqual(entry.mark, { offset, tail });
  assert.equal((entry as HeldEntry).head, head);
  assert.equal(entry.source, path);
  await found.stop();
});

test("truncated and written anew while the client was stopped: a new generation, and the old one ends", async () => {
  const { dir, path, name } = await delivered(OLD);
  writeFileSync(path, "new\n");
  const found = await finding({ dir });
  await found.spools.sweep(); // nobody tells digests here: judged by its first bytes at the first look
  await until(() => found.held.has(`${name}.g2-from-0`), "the new generation is announced");
  await until(() => found.held.size === 1, "the old one is released");
  assert.equal(contentOf(found, only(found)), "new\n");
  assert.equal(only(found).entry.acknowledged, undefined);
  assert.ok(told(found).includes("file-shrunk"));
  assert.equal(found.spools.counts().shrunk, 1);
  await found.stop();
});

test("a lost tail is no truncation: nothing but a warning, and what is written then is judged", async () => {
  const { dir, path, name } = await delivered(OLD);
  truncateSync(path, 80);
  const found = await finding({ dir });
  assert.deepEqual(told(found), ["file-shorter-than-delivered"]);
  appendFileSync(path, "x");
  await found.spools.sweep();
  assert.equal(only(found).name, name);
  await found.stop();
});

test("emptied while the client was stopped: judged by the first bytes that come", async () => {
  const { dir, path, name } = await delivered(OLD);
  truncateSync(path, 0);
  const found = await finding({ dir });
  assert.deepEqual(told(found), ["file-shorter-than-delivered"]);
  writeFileSync(path, "new\n");
  await found.spools.sweep();
  await until(() => found.held.has(`${name}.g2-from-0`), "it goes on under a new name");
  await found.stop();
});

test("a torn last line and damaged lines cost what they said, nothing else", async () => {
  const { dir } = await delivered(OLD);
  const file = join(dir, "spool/.memory");
  const whole = readFileSync(file);
  for (const bytes of [
    Buffer.concat([whole, Buffer.from('1234abcd ["x"')]),
    Buffer.concat([whole, Buffer.from("\0\0\0\0\n\n12345678 {}\n")]),
    Buffer.from("shaftlog-mem"),
    Buffer.alloc(0),
  ]) {
    writeFileSync(file, bytes);
    const found = await finding({ dir });
    assert.equal(only(found).entry.acknowledged !== undefined, bytes.length > whole.length);
    await found.stop();
  }
});

test("what an end out of order left of the memory counts for less, also after an end in order that learnt nothing", async () => {
  const { dir } = await delivered(OLD);
  rmSync(join(dir, "spool/.clean"));
  for (const life of ["after the power cut", "and after the next end"]) {
    const found = await finding({ dir });
    assert.equal(only(found).entry.acknowledged?.loaded, true, life);
    await found.stop();
  }
});

test("a memory or a list of released names of a newer version is refused", async () => {
  const { dir } = await delivered(OLD);
  for (const [file, header] of [
    [".memory", "shaftlog-memory 2\n"],
    [".released", "shaftlog-released 2\n"],
  ] as const) {
    const path = join(dir, "spool", file);
    writeFileSync(path, header);
    await assert.rejects(finding({ dir }), StartFailure);
    writeFileSync(path, "");
  }
});
