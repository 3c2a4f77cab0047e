// Durable before it is told: seen by strace at the system calls of the running server, and by killing it. Every 2xx
// follows an fdatasync of its file that began after its last write, and for a new file an fsync of each directory
// that got an entry; nothing found at the start is vouched for before it was synced. docs/PROTOCOL.md, section 5.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Server, startServer } from "../support/command.ts";
import { notRoot, tmpfs } from "../support/mounts.ts";
import { Random } from "../support/random.ts";
import { append, Connection, head, putHead, request, sizeOf } from "../support/raw-http.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const skip = spawnSync("strace", ["-V"]).status === 0 ? false : "skipped: strace is not there";

/** One system call, in the order in which they began or ended. */
interface Call {
  readonly kind: "write" | "sync" | "answer";
  /** Path below the data directory, or the answer's status. */
  readonly what: string;
  readonly phase: "begun" | "done";
}

interface Traced {
  readonly server: Server;
  /** What was called since the start. */
  calls(): Call[];
  /** How many threads made calls like `name`. */
  threads(name: string): number;
  /** How many writes to a connection there were, whatever they held. */
  sends(): number;
}

async function traced(datadir?: string): Promise<Traced> {
  const trace = join(tempDir(), "trace");
  const calls = "trace=write,writev,pwritev,fsync,fdatasync,sendto";
  const wrap = ["strace", "-f", "-y", "-s", "40", "-o", trace, "-e", calls];
  const server = await startServer({ wrap, ...(datadir === undefined ? {} : { datadir }) });
  const text = () => fs.readFileSync(trace, "utf8");
  return {
    server,
    calls: () => parse(text(), server.datadir),
    threads: (name) => new Set(text().match(new RegExp(`^\\d+(?= +(${name})\\()`, "gm"))).size,
    sends: () => text().match(/ (write|writev|sendto)\((?![12]<)\d+<(socket|TCP)/g)?.length ?? 0,
  };
}

/** `123 fdatasync(21</data/host/file> <unfinished ...>`, `123 <... fdatasync resumed>) = 0`. */
function parse(text: string, datadir: string): Call[] {
  const open = new Map<string, Call>();
  const calls: Call[] = [];
  for (const line of text.split("\n")) {
    const resumed = /^(\d+)\s+<\.\.\. \w+ resumed>.*= (-?\d+)/.exec(line);
    if (resumed !== null) {
      const begun = open.get(resumed[1] as string);
      if (begun !== undefined) calls.push({ ...begun, phase: "done" });
      open.delete(resumed[1] as string);
      continue;
    }
    const call = /^(\d+)\s+(\w+)\(\d+<([^>]*)>(.*)$/.exec(line);
    if (call === null) continue;
    const [, thread = "", name = "", path = "", rest = ""] = call;
    const status = /HTTP\/1\.1 (\d{3})/.exec(rest)?.[1];
    if (status === undefined && !path.startsWith(datadir)) continue;
    const kind = status !== undefined ? "answer" : name.includes("sync") ? "sync" : "write";
    const what = status ?? path.slice(datadir.length + 1);
    const begun: Call = { kind, what, phase: "begun" };
    calls.push(begun);
    if (rest.includes("<unfinished")) open.set(thread, begun);
    else calls.push({ ...begun, phase: "done" });
  }
  return calls;
}

/** Where the last call like this lies, -1 where there is none. */
function last(calls: readonly Call[], kind: Call["kind"], what: string, phase: Call["phase"]): number {
  return calls.findLastIndex((call) => call.kind === kind && call.what === what && call.phase === phase);
}

test("the first bytes of a file: written, synced, each new entry synced, then answered", { skip }, async () => {
  const { server, calls } = await traced();
  assert.equal(await append(server.port, "/a/b/file", 0, "abc"), 201);
  await until(() => last(calls(), "answer", "201", "done") >= 0, "the answer in the trace");
  const all = calls();
  const answered = last(all, "answer", "201", "begun");
  const written = last(all, "write", "a/b/file", "done");
  assert.ok(written >= 0 && written < answered);
  assert.ok(last(all, "sync", "a/b/file", "begun") > written, "the sync began after the write");
  for (const directory of ["a/b", "a", ""]) {
    const synced = last(all, "sync", directory, "done");
    assert.ok(synced >= 0 && synced < answered, `${JSON.stringify(directory)} is synced before the answer`);
  }
  assert.ok(last(all, "sync", "a/b/file", "done") < answered);
  await server.stop();
});

test("a further append: one fdatasync after its last write, then the answer; no directory again", {
  skip,
}, async () => {
  const { server, calls } = await traced();
  assert.equal(await append(server.port, "/file", 0, "abc"), 201);
  // Until the directory's change is old enough to be told from another one.
  await until(async () => {
    const before = calls().filter(({ kind, what }) => kind === "sync" && what === "").length;
    await append(server.port, "/file", (await sizeOf(server.port, "/file")) ?? 0, "x");
    return calls().filter(({ kind, what }) => kind === "sync" && what === "").length === before;
  }, "a directory that is known to be clean");
  const size = (await sizeOf(server.port, "/file")) ?? 0;
  const before = calls().length;
  const body = Buffer.alloc(3_000_000);
  assert.equal(await append(server.port, "/file", size, body), 204);
  await until(() => last(calls().slice(before), "answer", "204", "done") >= 0, "the answer in the trace");
  const all = calls().slice(before);
  const answered = last(all, "answer", "204", "begun");
  assert.ok(last(all, "sync", "file", "begun") > last(all, "write", "file", "done"));
  assert.ok(last(all, "sync", "file", "done") < answered);
  assert.equal(last(all, "sync", "", "begun"), -1);
  await server.stop();
});

test("in memory: the same calls before the answer, made by the one thread that answers", {
  skip: skip || notRoot,
}, async () => {
  const { server, calls, threads } = await traced(tmpfs("size=8m"));
  for (const [first, status] of [
    [0, "201"],
    [3, "204"],
  ] as const) {
    const before = calls().length;
    assert.equal(await append(server.port, "/a/file", first, "abc"), Number(status));
    await until(() => last(calls(), "answer", status, "done") >= 0, "the answer in the trace");
    const all = calls().slice(before);
    assert.ok(last(all, "sync", "a/file", "begun") > last(all, "write", "a/file", "done"));
    assert.ok(last(all, "sync", "a/file", "done") < last(all, "answer", status, "begun"));
    const directory = last(all, "sync", "a", "done");
    assert.ok(first > 0 || (directory >= 0 && directory < last(all, "answer", status, "begun")));
  }
  assert.equal(threads("fdatasync"), 1);
  assert.equal(threads("fdatasync|writev"), 1);
  await server.stop();
});

test("what is found at the start is synced, file and directories, before its size is told", { skip }, async () => {
  for (const ask of ["HEAD", "a PUT that is not at the end"]) {
    const datadir = tempDir();
    fs.mkdirSync(join(datadir, "a/b"), { recursive: true });
    fs.writeFileSync(join(datadir, "a/b/file"), "found");
    const { server, calls } = await traced(datadir);
    const status = ask === "HEAD" ? "200" : "416";
    if (ask === "HEAD") assert.equal(await sizeOf(server.port, "/a/b/file"), 5);
    else assert.equal(await append(server.port, "/a/b/file", 9, "x"), 416);
    await until(() => last(calls(), "answer", status, "done") >= 0, "the answer in the trace");
    const all = calls();
    const answered = last(all, "answer", status, "begun");
    for (const what of ["a/b/file", "a/b", "a", ""]) {
      const synced = last(all, "sync", what, "done");
      assert.ok(synced >= 0 && synced < answered, `${ask}: ${JSON.stringify(what)} is synced before the answer`);
    }
    await server.stop();
  }
});

test("a torn body is synced though nobody asks", { skip }, async () => {
  const { server, calls } = await traced();
  const connection = await Connection.open(server.port);
  await connection.send(`${putHead("/file", 0, 100)}abc`);
  connection.end();
  await until(() => {
    const all = calls();
    return last(all, "sync", "file", "done") > last(all, "write", "file", "done");
  }, "a sync of what arrived");
  await server.stop();
});

test("appends to one file that wait at the same time share their syncs", { skip }, async () => {
  const { server, calls } = await traced();
  const connection = await Connection.open(server.port);
  const count = 50;
  let bytes = "";
  for (let i = 0; i < count; i++) bytes += `${putHead("/file", i * 3, 3)}abc`;
  await connection.send(bytes);
  for (let i = 0; i < count; i++) assert.equal((await connection.answer())?.status, i === 0 ? 201 : 204);
  connection.close();
  const syncs = calls().filter(({ kind, what, phase }) => kind === "sync" && what === "file" && phase === "begun");
  assert.ok(syncs.length < count / 2, `${syncs.length} syncs for ${count} appends`);
  await server.stop();
});

test("an answer leaves in one piece, body included", { skip }, async () => {
  const { server, sends } = await traced();
  for (const target of ["/file", "/file/below"]) await append(server.port, target, 0, "abc");
  await request(server.port, head("HEAD", "/file"));
  await until(() => sends() >= 3, "three answers in the trace");
  await server.stop();
  assert.equal(sends(), 3);
});

test("SIGKILL between writes, again and again: HEAD goes on from a prefix, and no acknowledged byte is missing", async () => {
  const random = new Random(Number(process.env.SEED ?? 7));
  const datadir = tempDir();
  const content = random.bytes(4_000_000);
  let acknowledged = 0;
  for (let round = 0; round < 12; round++) {
    const server = await startServer({ datadir });
    const size = (await sizeOf(server.port, "/file")) ?? 0;
    assert.ok(size >= acknowledged, `round ${round}: ${size} of ${acknowledged} acknowledged`);
    assert.deepEqual(
      fs.existsSync(join(datadir, "file")) ? fs.readFileSync(join(datadir, "file")) : Buffer.alloc(0),
      content.subarray(0, size),
    );
    let at = size;
    const connection = await Connection.open(server.port);
    const killAt = random.below(8);
    for (let i = 0; i < 8 && at < content.length; i++) {
      const length = Math.min(1 + random.below(120_000), content.length - at);
      void connection.send(
        Buffer.concat([Buffer.from(putHead("/file", at, length)), content.subarray(at, at + length)]),
      );
      if (i === killAt) break;
      const answer = await connection.answer();
      assert.ok(answer?.status === 201 || answer?.status === 204, `${answer?.status}`);
      at += length;
      acknowledged = at;
    }
    await server.stop("SIGKILL");
    connection.close();
  }
});
