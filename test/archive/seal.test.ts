// One file is sealed, on the real file system: what is remembered of it, which digests are told of it as long as its copy is
// there and afterwards, what it refuses, and what becomes of it when it ends halfway.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { readLeavesOf, writeRecord } from "../../src/archive/record.ts";
import { recover } from "../../src/archive/recover.ts";
import { identityOf, type SealParts, seal } from "../../src/archive/seal.ts";
import { SealedFiles } from "../../src/archive/sealed-files.ts";
import { beginUnderWay } from "../../src/archive/under-way.ts";
import type { Event } from "../../src/base/events.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { zstd } from "../../src/platform/node-zstd.ts";
import { LEAF, TreeHash } from "../../src/protocol/tree-hash.ts";
import { look } from "../../src/store/tree.ts";
import { tempDir } from "../support/temp-dir.ts";
import { filesBelow } from "../support/trees.ts";

const newHash = () => createHash("sha256");
const SIZE = 2 * LEAF + 4321;
/** Half of it cannot be compressed: frames of many lengths. */
const CONTENT = Buffer.concat([randomBytes(SIZE / 2), Buffer.alloc(SIZE, "a line\n")]).subarray(0, SIZE);

function digestOf(bytes: Uint8Array): Buffer {
  const hash = new TreeHash(newHash);
  hash.update(bytes);
  return Buffer.from(hash.digest());
}

function setUp(t: TestContext) {
  const home = tempDir();
  const root = nodeFiles.open(home, true);
  t.after(() => root.close());
  fs.mkdirSync(path.join(home, "h"));
  const file = path.join(home, "h/a.log");
  fs.writeFileSync(file, CONTENT);
  const events: Event[] = [];
  const emit = (event: Event) => void events.push(event);
  const sealed = () => new SealedFiles({ root, newHash, codec: zstd, emit });
  const parts: SealParts = {
    root,
    newHash,
    codec: zstd,
    now: () => 1_000,
    rest: async () => {},
    room: () => Number.POSITIVE_INFINITY,
    claim: () => () => {},
    fatal: (cause) => assert.fail(String(cause)),
  };
  const names = () => [...filesBelow(home).keys()].sort();
  return { home, root, file, events, emit, sealed, parts, names };
}

const always = () => true;

test("a sealed file is its copy and its record; zstdcat reads it; sizes and digests are told as before", async (t) => {
  const { file, sealed, parts, names } = setUp(t);
  const before = sealed();
  assert.equal(before.find("h/a.log"), undefined);
  const outcome = await seal("h/a.log", parts, always);
  assert.deepEqual(outcome, {
    kind: "sealed",
    path: "h/a.log",
    size: SIZE,
    copySize: fs.statSync(`${file}.zst`).size,
  });
  assert.deepEqual(names(), ["h/a.log.zst"]);
  const { stdout, status } = spawnSync("zstdcat", [`${file}.zst`], { maxBuffer: 2 * SIZE });
  assert.equal(status, 0);
  assert.ok(stdout.equals(CONTENT));

  const files = sealed();
  const facts = files.find("h/a.log");
  assert.ok(facts !== undefined && facts !== "unreadable");
  assert.equal(facts.size, SIZE);
  for (const size of [0, 1, LEAF - 1, LEAF, LEAF + 1, 2 * LEAF, SIZE - 1, SIZE, SIZE + 9]) {
    const told = await files.prefix(facts, size);
    assert.equal(told.size, Math.min(size, SIZE));
    assert.deepEqual(Buffer.from(told.digest), digestOf(CONTENT.subarray(0, size)), `${size}`);
  }
  assert.ok(files.isCopy("h/a.log.zst"));
  assert.ok(!files.isCopy("h/b.log.zst"));
});

test("without the copy, or where it is damaged, digests are told of whole leaves and of the whole", async (t) => {
  const { file, sealed, parts } = setUp(t);
  await seal("h/a.log", parts, always);
  const files = sealed();
  const facts = files.find("h/a.log");
  assert.ok(facts !== undefined && facts !== "unreadable");
  const check = async () => {
    for (const [size, told] of [
      [5, 0],
      [LEAF, LEAF],
      [2 * LEAF + 7, 2 * LEAF],
      [SIZE, SIZE],
    ] as const) {
      const prefix = await files.prefix(facts, size);
      assert.equal(prefix.size, told);
      assert.deepEqual(Buffer.from(prefix.digest), digestOf(CONTENT.subarray(0, told)));
    }
  };
  fs.writeFileSync(`${file}.zst`, Buffer.alloc(facts.copySize, "x"));
  await check();
  fs.unlinkSync(`${file}.zst`);
  await check();
  assert.ok(!files.isCopy("h/a.log.zst"));
});

test("an append is told where the file ended, that it differs, or that it is sealed", async (t) => {
  const { sealed, parts, events } = setUp(t);
  await seal("h/a.log", parts, always);
  const files = sealed();
  const range = (start: number) => ({ start, end: start + 1, size: undefined });
  const [digest, other] = [digestOf(CONTENT), digestOf(Buffer.from("x"))];
  const refuse = (start: number, believed: Uint8Array | undefined) => {
    const outcome = files.refuse("h/a.log", { range: range(start), believed });
    return outcome && "size" in outcome ? [outcome.kind, outcome.size] : outcome;
  };
  assert.deepEqual(refuse(0, digestOf(Buffer.alloc(0))), ["not-at-end", SIZE]);
  assert.deepEqual(refuse(SIZE + 1, other), ["not-at-end", SIZE]);
  assert.deepEqual(refuse(SIZE, other), ["diverged", SIZE]);
  assert.deepEqual(refuse(SIZE, digest), ["sealed", SIZE]);
  assert.deepEqual(refuse(SIZE, undefined), ["sealed", SIZE]);
  assert.equal(files.refuse("h/b.log", { range: range(0), believed: undefined }), undefined);
  assert.deepEqual(
    events.map(({ name }) => name),
    ["archive-late-append", "archive-late-append"],
  );
});

test("what is not sealed stays as it was", async (t) => {
  const { home, file, parts, names } = setUp(t);
  const is = async (kind: string, changed: Partial<SealParts> = {}, wanted = always) => {
    assert.equal((await seal("h/a.log", { ...parts, ...changed }, wanted)).kind, kind);
    assert.ok(fs.readFileSync(file).equals(CONTENT));
    assert.ok(!fs.existsSync(path.join(home, "h/.shaftlog-compressing")));
    assert.ok(!fs.existsSync(path.join(home, ".archive/under-way")));
  };
  await is("in-use", {}, () => false);
  await is("in-use", { claim: () => undefined });
  await is("no-room", { room: () => SIZE - 1 });
  fs.writeFileSync(`${file}.zst`, "an operator's own");
  await is("taken");
  // Found taken at the last moment only.
  fs.unlinkSync(`${file}.zst`);
  await is("taken", {
    claim: () => {
      fs.writeFileSync(`${file}.zst`, "an operator's own");
      return () => {};
    },
  });
  assert.equal(fs.readFileSync(`${file}.zst`, "utf8"), "an operator's own");
  fs.unlinkSync(`${file}.zst`);
  let rests = 0;
  const rest = async () => {
    if (++rests === 2) throw new Error("stopped");
  };
  await assert.rejects(seal("h/a.log", { ...parts, rest }, always), /stopped/);
  await is("in-use", {}, () => false);
  assert.deepEqual(names(), ["h/a.log"]);
  fs.writeFileSync(path.join(home, "h/empty"), "");
  assert.equal((await seal("h/empty", parts, always)).kind, "nothing");
  assert.equal((await seal("h/none", parts, always)).kind, "nothing");
});

test("a file that is written to meanwhile goes on as it is", async (t) => {
  const { file, parts, names, sealed } = setUp(t);
  const claim = () => {
    fs.appendFileSync(file, "late");
    return () => {};
  };
  assert.equal((await seal("h/a.log", { ...parts, claim }, always)).kind, "in-use");
  assert.deepEqual(names(), ["h/a.log"]);
  assert.equal(sealed().find("h/a.log"), undefined);
  assert.equal(fs.statSync(file).size, SIZE + 4);
});

test("a record that is damaged is no file that is not there", async (t) => {
  const { home, sealed, parts, events } = setUp(t);
  await seal("h/a.log", parts, always);
  const [directory = ""] = fs.readdirSync(path.join(home, ".archive"));
  const [name = ""] = fs.readdirSync(path.join(home, ".archive", directory));
  const record = path.join(home, ".archive", directory, name);
  const bytes = fs.readFileSync(record);
  bytes[40] = (bytes[40] as number) ^ 1;
  fs.writeFileSync(record, bytes);
  assert.deepEqual(sealed().tell("h/a.log", undefined), { kind: "failed", size: undefined });
  fs.writeFileSync(record, "shaftlog-archive 2\n");
  assert.equal(
    sealed().refuse("h/a.log", { range: { start: 0, end: 1, size: 1 }, believed: undefined })?.kind,
    "failed",
  );
  assert.ok(events.every(({ level, name }) => level === "error" && name === "archive-record-unreadable"));
});

test("what was cut off before the file was removed is finished, or undone where the file was changed", async (t) => {
  for (const changed of [false, true]) {
    const { file, root, parts, names, events, emit, sealed } = setUp(t);
    await seal("h/a.log", parts, always);
    const facts = sealed().find("h/a.log");
    assert.ok(facts !== undefined && facts !== "unreadable");
    // As a power cut leaves it: all is durable but the removal.
    fs.writeFileSync(file, CONTENT);
    const found = look(root, "h/a.log");
    assert.ok(found.kind === "file");
    await writeRecord(
      root,
      { ...facts, original: identityOf(found.stat) },
      readLeavesOf(root, facts, newHash),
      newHash,
    );
    await beginUnderWay(root, "h/a.log", newHash);
    if (changed) fs.appendFileSync(file, "more");
    await recover(root, newHash, emit);
    assert.deepEqual(names(), changed ? ["h/a.log"] : ["h/a.log.zst"]);
    const told = events.map(({ name, text }) => `${name} ${/finished|undone/.exec(text)?.[0]}`);
    assert.deepEqual(told, [`archive-recovered ${changed ? "undone" : "finished"}`]);
    assert.equal(sealed().find("h/a.log") === undefined, changed);
    await recover(root, newHash, emit);
    assert.equal(events.length, 1);
  }
});
