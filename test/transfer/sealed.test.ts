// What a 410 means to the client: a strict server that says with it where the file ends and that it is ours has sealed it,
// and the rest goes on under a further name there; any other is a refusal. Over a fake spool, network and clock.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../src/base/events.ts";
import type { HttpOutcome, HttpRequest } from "../../src/platform/http.ts";
import { reachOf } from "../../src/transfer/progress.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { digest, telling } from "../support/fake-digests.ts";
import { fakeFile } from "../support/fake-entry.ts";
import type { FakeHttp } from "../support/fake-http.ts";

function setUp({ syncSource = false } = {}) {
  const events: Event[] = [];
  /** Where the file is to go on under a further name of its own. */
  const parted: number[] = [];
  const { http, clock, destination } = fakeDestination({
    url: new URL("http://log.test:10655/"),
    syncSource,
    spool: {
      acknowledged: ({ entry }, mark) => {
        entry.acknowledged = mark;
      },
      supersede: ({ generations }, start) => {
        parted.push(start);
        for (const generation of generations) generation.end ??= start;
      },
    },
    emit: (event) => events.push(event),
  });
  telling(http);
  const named = (name: string) => events.filter((event) => event.name === name).map(({ text }) => text);
  return { http, clock, destination, named, parted };
}

/** `/a` is sealed with what it has: PUTs at its end are answered so. */
function sealed(http: FakeHttp, fields: (bytes: Buffer) => Record<string, string>) {
  const before = http.script;
  http.script = (request: HttpRequest): HttpOutcome | undefined | Promise<HttpOutcome | undefined> => {
    const bytes = http.files.get("/a") ?? Buffer.alloc(0);
    const range = request.headers[request.headers.indexOf("content-range") + 1] ?? "";
    if (request.path !== "/a" || request.method !== "PUT" || !range.startsWith(`bytes ${bytes.length}-`)) {
      return before(request);
    }
    return http.answer(410, fields(bytes));
  };
}

const asOurs = (bytes: Buffer) => ({ "upload-offset": `${bytes.length}`, "shaftlog-digest": digest(bytes) });

test("the rest of a sealed file goes on under a further name, and on; all of it counts as delivered", async () => {
  const { http, clock, destination, named, parted } = setUp();
  const file = fakeFile("a", "hello\n");
  http.files.set("/a", Buffer.from("hello\n"));
  sealed(http, asOurs);
  destination.added(file.generation, false);
  await clock.advance(1000);
  assert.deepEqual(named("file-sealed"), []);
  for (const text of ["more\n", "and more\n"]) {
    file.append(text);
    destination.changed(file.entry);
    await clock.advance(1000);
  }
  assert.equal(http.files.get("/a")?.toString(), "hello\n");
  assert.equal(http.files.get("/a.g2-from-6")?.toString(), "more\nand more\n");
  const progress = destination.progressOf(file.generation);
  assert.ok(progress !== undefined && reachOf(progress) === file.bytes.length);
  destination.isDelivered(file.generation);
  await clock.advance(1000);
  assert.equal(destination.isDelivered(file.generation), true);
  assert.match(named("file-sealed").join(), /has sealed "a" .*with 6 bytes: it goes on there as "a.g2-from-6"$/);
  assert.equal(file.entry.continued, 2);
  assert.deepEqual(parted, []);

  // Another life may be an older backup: it is asked from the first name on, and what it lacks is sent.
  http.start = "life-2";
  http.files.set("/a", Buffer.from("hel"));
  const ofSealed = http.script;
  telling(http);
  const ofOpen = http.script;
  http.script = (request) => ((http.files.get("/a")?.length ?? 0) < 6 ? ofOpen(request) : ofSealed(request));
  file.append("end\n");
  destination.changed(file.entry);
  await clock.advance(30_000);
  const whole = `${http.files.get("/a")}${http.files.get("/a.g2-from-6") ?? ""}`;
  assert.ok(whole.startsWith("hello\nmore\nand more\nend\n"), whole);
});

const SEALED = "a first line\na second line\n";

for (const [what, bytes, at] of [
  ["less than was sealed", "a first line\nother\n", 13],
  ["nothing of what was sealed", "other\n", 0],
  ["something else, and longer than before", `${"something else, longer than before\n".repeat(4)}`, 0],
] as const) {
  test(`a file that is truncated to ${what} is compared from its first name on`, async () => {
    const { http, clock, destination, parted } = setUp();
    const file = fakeFile("a", SEALED);
    http.files.set("/a", Buffer.from(SEALED));
    sealed(http, asOurs);
    destination.added(file.generation, false);
    await clock.advance(1000);
    file.append("behind it\n");
    destination.changed(file.entry);
    await clock.advance(1000);
    assert.equal(http.files.get(`/a.g2-from-${SEALED.length}`)?.toString(), "behind it\n");
    file.bytes = Buffer.from(bytes);
    file.entry.size = bytes.length;
    destination.changed(file.entry);
    await clock.advance(5000);
    assert.equal(parted[0], at);
  });
}

test("a file that was truncated while it was told that it is sealed is compared as well", async () => {
  const { http, clock, destination, parted } = setUp();
  const file = fakeFile("a", SEALED);
  http.files.set("/a", Buffer.from(SEALED));
  sealed(http, (bytes) => {
    file.bytes = Buffer.from("other\n");
    file.entry.size = file.bytes.length;
    destination.changed(file.entry);
    return asOurs(bytes);
  });
  destination.added(file.generation, false);
  await clock.advance(1000);
  file.append("behind it\n");
  destination.changed(file.entry);
  await clock.advance(5000);
  assert.equal(parted[0], 0);
});

test("what follows a sealed file, and is cut before it was sent, is delivered as it is then", async () => {
  const { http, clock, destination } = setUp({ syncSource: true });
  const file = fakeFile("a", SEALED);
  const next = `/a.g2-from-${SEALED.length}`;
  http.files.set("/a", Buffer.from(SEALED));
  sealed(http, asOurs);
  const { holder } = file.entry;
  let isCut = false;
  const sync = async () => {
    if (isCut || !http.requests.some(({ path }) => path === next)) return;
    isCut = true;
    file.bytes = Buffer.from(`${SEALED}b\n`);
    file.entry.size = file.bytes.length;
    destination.changed(file.entry);
  };
  Object.assign(file.entry, { holder: { open: () => Object.assign(holder.open(file.entry), { sync }) } });
  destination.added(file.generation, false);
  await clock.advance(1000);
  file.append("behind it\n");
  destination.changed(file.entry);
  await clock.advance(60_000);
  assert.ok(isCut);
  assert.equal(http.files.get(next)?.toString(), "b\n");
});

const FOREIGN: readonly (readonly [string, (bytes: Buffer) => Record<string, string>])[] = [
  ["that says nothing", () => ({})],
  ["that ends elsewhere", (bytes) => ({ ...asOurs(bytes), "upload-offset": "3" })],
  ["of other bytes", (bytes) => ({ ...asOurs(bytes), "shaftlog-digest": digest(Buffer.from("other\n")) })],
  ["without a digest", (bytes) => ({ "upload-offset": `${bytes.length}` })],
];

for (const [what, fields] of FOREIGN) {
  test(`a 410 ${what} is a refusal: told, tried again now and then, and others go on`, async () => {
    const { http, clock, destination, named } = setUp();
    const [file, other] = [fakeFile("a", "hello\nmore\n"), fakeFile("b", "good\n")];
    http.files.set("/a", Buffer.from("hello\n"));
    sealed(http, fields);
    destination.added(file.generation, false);
    destination.added(other.generation, false);
    await clock.advance(60_000);
    assert.match(named("file-denied")[0] ?? "", /^Cannot deliver "a" .*410, sealed there/);
    assert.deepEqual([...http.files.keys()].sort(), ["/a", "/b"]);
    assert.ok(http.requests.filter(({ path }) => path === "/a").length < 30);
  });
}

test("nothing goes on behind a name that has nothing", async () => {
  const { http, clock, destination, named } = setUp();
  const file = fakeFile("a", "hello\n");
  http.files.set("/a", Buffer.alloc(0));
  sealed(http, asOurs);
  destination.added(file.generation, false);
  await clock.advance(60_000);
  assert.equal(named("file-denied").length > 0, true);
  assert.deepEqual([...http.files.keys()], ["/a"]);
});
