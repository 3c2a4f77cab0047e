// A destination that lies: about sizes, digests, its own life. Whatever it says, it is not asked in a tight loop, no
// byte is believed that was not sent, and another file gets its turn.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { HttpOutcome, HttpRequest } from "../../src/platform/http.ts";
import { fakeDestination } from "../support/fake-destination.ts";
import { fakeFile } from "../support/fake-entry.ts";
import type { FakeHttp } from "../support/fake-http.ts";
import { Random } from "../support/random.ts";

const LENGTH = 50_000;
const MINUTE = 60_000;
/** Requests a minute for two files that an operator would not call a loop. */
const MOST = 150;

type Lie = (request: HttpRequest, count: number, http: FakeHttp) => HttpOutcome | undefined;

const random = new Random(3);
const size = (http: FakeHttp, bytes: number | string) => http.answer(200, { "content-length": `${bytes}` });
const digest = () => `sha-256=:${random.bytes(32).toString("base64")}:`;

const LIES: Readonly<Record<string, Lie>> = {
  "a size that grows each time, and never at the end": ({ method }, count, http) =>
    method === "HEAD" ? size(http, count) : http.answer(416),
  "sizes that alternate": ({ method }, count, http) =>
    method === "HEAD" ? size(http, count % 2 === 0 ? 10 : 20_000) : http.answer(416),
  "nothing there, ever, though it takes all": ({ method }, _, http) => http.answer(method === "HEAD" ? 404 : 201),
  "a size that falls each time": ({ method }, count, http) =>
    method === "HEAD" ? size(http, Math.max(0, LENGTH - count)) : http.answer(204),
  "a size beyond ours": ({ method }, count, http) =>
    method === "HEAD" ? size(http, LENGTH * 10 + count) : http.answer(204),
  "a negative size": ({ method }, _, http) => (method === "HEAD" ? size(http, -1) : http.answer(204)),
  "half a byte": ({ method }, _, http) => (method === "HEAD" ? size(http, "1.5") : http.answer(204)),
  "more than a double holds": ({ method }, _, http) => (method === "HEAD" ? size(http, "9007199254740993") : undefined),
  "a size twice": ({ method }) =>
    method === "HEAD"
      ? { kind: "answer", status: 200, headers: { "content-length": ["5", "7"], "shaftlog-start": "a" } }
      : undefined,
  "another life in each answer": (_, count, http) => {
    http.start = `life-${count}`;
    return undefined;
  },
  "two servers behind one name": (_, count, http) => {
    http.start = count % 2 === 0 ? "life-a" : "life-b";
    return undefined;
  },
  "another life in each answer, and no answer that helps": (_, count, http) => {
    http.start = `life-${count}`;
    return http.answer(count % 2 === 0 ? 500 : 403);
  },
  "strict and not strict in turn": (_, count, http) => {
    http.start = count % 2 === 0 ? "life-a" : undefined;
    return undefined;
  },
  "digests that fit nothing": ({ method, path }, _, http) => {
    const length = http.files.get(path)?.length ?? 0;
    const fields = { "repr-digest": digest(), "shaftlog-digest": digest(), "upload-offset": `${length}` };
    return method === "HEAD" && length > 0 ? http.answer(200, { "content-length": `${length}`, ...fields }) : undefined;
  },
  "diverged, always": ({ method }, _, http) => (method === "HEAD" ? size(http, 10) : http.answer(412)),
  "ranges too large, always": ({ method }, _, http) => (method === "HEAD" ? size(http, 10) : http.answer(413)),
  "come back in eleven days": (_, __, http) => http.answer(503, { "retry-after": "999999" }),
  "come back at once": (_, __, http) => http.answer(503, { "retry-after": "0" }),
  "a redirect": (_, __, http) => http.answer(307, { location: "http://elsewhere.test/" }),
  "partial content": (_, __, http) => http.answer(206, { "content-length": "10" }),
};

for (const [name, lie] of Object.entries(LIES)) {
  test(`${name}: no tight loop`, async () => {
    let count = 0;
    const { http, clock, destination } = fakeDestination({ url: new URL("http://log.test/") });
    http.script = (request) => {
      // A loop without a pause would starve this process: from here on nothing is answered.
      if (++count > MOST * 10) return new Promise(() => {});
      return lie(request, count, http);
    };
    for (const file of ["a", "b"]) destination.added(fakeFile(file, "x".repeat(LENGTH)).generation, false);
    for (let minute = 0; minute < 3; minute++) {
      const before = count;
      await clock.advance(MINUTE);
      assert.ok(count - before <= MOST, `${count - before} requests in a minute`);
      if (minute > 0) assert.ok(count > before, "it is asked again now and then");
    }
    const paths = new Set(http.requests.map(({ path }) => path));
    assert.deepEqual([...paths].sort(), ["/a", "/b"]);
    await destination.stop(0);
  });
}
