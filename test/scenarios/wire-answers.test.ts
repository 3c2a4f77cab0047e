// A server that answers one file oddly, again and again: an event that names the file, the destination and the cause,
// no more tries than the back-off allows, no redirect followed, other files go on, and all is delivered once the
// answers are good. `PUT 500` is the file whose PUTs are answered with 500.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { type Asked, FakeServer, type Reaction } from "../support/fake-server.ts";
import { pace } from "../support/pace.ts";
import { openScene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

interface Case {
  readonly reaction: Reaction | ((asked: Asked) => Reaction | undefined);
  /** What the event says. */
  readonly says: RegExp;
  /** Tried again soon, with a back-off up to 10 s; else each 10 s. */
  readonly passing?: boolean;
}

/** ms of watching the tries. */
const WATCHED = 12_000;
/** 0, 0.5, 1, 2, 4, 8 s with jitter, until it is clear whose trouble it is, and on behalf of all. */
const MOST_TRIES = 16;
/** One each 10 s, and it may be asked about on behalf of all. */
const MOST_LASTING_TRIES = 4;
/** ms in which a file is tried again once the server is good. */
const RECOVERY = 20_000;

const put = (status: number, says: RegExp, passing = false, fields: readonly string[] = []): Case => ({
  reaction: ({ method }) => (method === "PUT" ? { status, fields } : undefined),
  says,
  passing,
});
const head = (reaction: Reaction, says: RegExp, passing = false): Case => ({
  reaction: ({ method }) => (method === "HEAD" ? reaction : undefined),
  says,
  passing,
});

function cases(elsewhere: string): Readonly<Record<string, Case>> {
  return {
    "put-202": put(202, /unexpected answer 202/, true),
    "put-206": put(206, /unexpected answer 206/, true),
    "put-301": put(301, /301, a redirect, which is never followed/, false, [`Location: ${elsewhere}put-301.log`]),
    "put-307": put(307, /307, a redirect, which is never followed/, false, [`Location: ${elsewhere}put-307.log`]),
    "put-400": put(400, /400, the server refuses the name or the range/),
    "put-401": put(401, /401, the server wants an identity/),
    "put-403": put(403, /403, this identity may not write there/),
    "put-404": put(404, /404, nothing takes a PUT at that URL/),
    "put-405": put(405, /405, not a server that can be appended to/),
    "put-409": put(409, /409: another writer holds the file there/, true),
    "put-411": put(411, /411, the server wants a Content-Length/),
    "put-412": put(412, /412, its copy does not begin with our bytes/),
    "put-413": put(413, /413, the server takes no range/),
    "put-415": put(415, /415, the server does not take the coding/),
    "put-416": put(416, /416: it says that it is not at the end/, true),
    "put-500": put(500, /500, it failed there/, true),
    "put-501": put(501, /501, the server cannot append/),
    "head-301": head({ status: 301, fields: [`Location: ${elsewhere}head-301.log`] }, /301, a redirect/),
    "head-403": head({ status: 403 }, /403, this identity/),
    "head-500": head({ status: 500 }, /500, it failed there/, true),
    "head-without-length": head({ status: 200 }, /200, but without a valid Content-Length/),
    "head-beyond-2-53": head(length("9007199254740993"), /200, but without a valid Content-Length/),
    "head-double-length": head(length("5", "7"), /does not match/, true),
    "head-negative-length": head(length("-5"), /does not match/, true),
    "head-endless-length": head(length("9".repeat(30)), /does not match/, true),
    "head-garbage": head({ raw: "SIP/2.0 what?\r\n\r\n" }, /does not match/, true),
    "put-garbage": {
      reaction: ({ method }) => (method === "PUT" ? { raw: "\0\0\0 what?\r\n\r\n" } : undefined),
      says: /does not match/,
      passing: true,
    },
    "put-close": {
      reaction: ({ method }) => (method === "PUT" ? "close" : undefined),
      says: /connection closed by the other side/,
      passing: true,
    },
  };
}

test("one file is answered oddly: said, paced, and no other file's trouble", async (t) => {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  const elsewhere = await FakeServer.open(t);
  const odd = cases(elsewhere.url);
  let good = false;
  server.script = (asked) => {
    const { reaction } = odd[asked.target.slice(1, -".log".length)] ?? {};
    return good || reaction === undefined ? undefined : typeof reaction === "function" ? reaction(asked) : reaction;
  };
  for (const name of Object.keys(odd)) fs.writeFileSync(scene.log(`${name}.log`), `content of ${name}\n`);
  fs.writeFileSync(scene.log("good.log"), "a line\n");
  scene.configure({ destinations: [server.url] });
  // Found by a client that reaches nobody: the next one knows of no file what the server has of it, and asks.
  server.goAway();
  await scene.startClient();
  await scene.until("all are held", () => filesBelow(scene.spool).size === Object.keys(odd).length + 1);
  await scene.client.stop();
  await server.comeBack();
  await scene.startClient();
  await scene.until("the good file", () => server.files.has("/good.log"));

  // Appends to a good file arrive soon all the while.
  const began = performance.now();
  const waits: number[] = [];
  while (performance.now() - began < WATCHED) {
    fs.appendFileSync(scene.log("good.log"), "another line\n");
    const appended = performance.now();
    const size = fs.statSync(scene.log("good.log")).size;
    await scene.until("the good file goes on", () => server.files.get("/good.log")?.length === size);
    waits.push(performance.now() - appended);
    await pace(50);
  }
  const median = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? Number.NaN;
  assert.ok(median < 500, `half of the appends to the good file took more than ${median.toFixed(0)} ms`);

  const denied = scene.client.events("file-denied");
  for (const [name, { says, passing }] of Object.entries(odd)) {
    const [said, ...again] = denied.filter(({ text }) => text.includes(`"${name}.log"`));
    assert.ok(said, `${name}: an event`);
    assert.match(said.text, says, name);
    for (const part of [scene.log(`${name}.log`), server.url]) assert.ok(said.text.includes(part), `${name}: ${part}`);
    assert.equal(said.level, "ERROR");
    assert.deepEqual(again, [], `${name}: said once a minute`);
    const most = passing ? MOST_TRIES : MOST_LASTING_TRIES;
    for (const method of ["HEAD", "PUT"]) {
      const tries = server.about(`/${name}.log`).filter((asked) => asked.method === method).length;
      assert.ok(tries <= most, `${name}: ${tries} tries in ${WATCHED} ms`);
    }
    assert.equal(server.files.has(`/${name}.log`), false);
  }
  assert.equal(elsewhere.connections, 0, "no redirect was followed");

  good = true;
  const there = () => Object.keys(odd).every((name) => server.files.has(`/${name}.log`));
  await scene.until("all files are delivered once the answers are good", there, RECOVERY);
  server.writeTo(scene.store);
  await scene.end({ errors: ["file-denied", "destination-unreachable"] });
});

test("ranges that are too long for the server are made smaller", async (t) => {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  server.script = ({ method, body }) => (method === "PUT" && body.length > 100_000 ? { status: 413 } : undefined);
  scene.configure({ destinations: [server.url] });
  fs.writeFileSync(scene.log("a.log"), Buffer.alloc(3_000_000, "a line of a backlog\n"));
  await scene.startClient();
  await scene.until("it is there", () => server.files.get("/a.log")?.length === 3_000_000);
  assert.ok(server.puts("/a.log").filter(({ body }) => body.length > 100_000).length <= 20, "the limit is learnt");
  assert.deepEqual(scene.client.events("file-denied"), []);
  server.writeTo(scene.store);
  await scene.end();
});

test("any 2xx of a finished append is one: 200, 201 and 204 in any place", async (t) => {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  scene.configure({ destinations: [server.url] });
  server.script = (asked) => {
    if (asked.method !== "PUT") return undefined;
    const { length } = server.puts(asked.target);
    server.files.set(asked.target, Buffer.concat([server.files.get(asked.target) ?? Buffer.alloc(0), asked.body]));
    return { status: [200, 201, 204][length % 3] ?? 200, body: length % 3 === 2 ? "" : "taken" };
  };
  await scene.startClient();
  for (let i = 1; i <= 7; i++) {
    fs.appendFileSync(scene.log("a.log"), `line ${i}\n`);
    await scene.until(`append ${i}`, () => server.files.get("/a.log")?.length === i * 7);
  }
  assert.equal(server.puts("/a.log").length, 7);
  server.writeTo(scene.store);
  await scene.end();
});

function length(...values: readonly string[]): Reaction {
  return { status: 200, fields: values.map((value) => `Content-Length: ${value}`) };
}
