// Outcomes as answers: statuses and fields as docs/PROTOCOL.md has them, and nothing of the server's insides.

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerToHead, answerToPut, answerToRefusal, SERVER_START, STOPPING } from "../../src/ingest/answers.ts";
import { SERVER_START as START, UPLOAD_OFFSET } from "../../src/protocol/fields.ts";

function fieldsOf(answer: { fields: readonly string[] } | undefined): Record<string, string> {
  const pairs: Record<string, string> = {};
  const fields = answer?.fields ?? [];
  for (let i = 0; i < fields.length; i += 2) pairs[(fields[i] as string).toLowerCase()] = fields[i + 1] as string;
  return pairs;
}

test("the fields are spelled as both halves know them", () => {
  assert.equal(SERVER_START.toLowerCase(), START);
  assert.equal(fieldsOf(answerToHead({ kind: "absent" }))[UPLOAD_OFFSET], "0");
});

test("what every status carries", () => {
  const appended = answerToPut({ kind: "appended", size: 7, first: false, digest: undefined });
  assert.deepEqual([appended?.status, appended?.close, fieldsOf(appended)], [204, false, { [UPLOAD_OFFSET]: "7" }]);
  const notAtEnd = answerToPut({ kind: "not-at-end", size: 7 });
  assert.deepEqual([notAtEnd?.status, notAtEnd?.close], [416, true]);
  assert.equal(fieldsOf(notAtEnd)[UPLOAD_OFFSET], "7");
  assert.equal(fieldsOf(notAtEnd)["content-range"], "bytes */7");
  const sealed = answerToPut({ kind: "sealed", size: 7, digest: new Uint8Array(32) });
  assert.deepEqual([sealed?.status, sealed?.close, fieldsOf(sealed)[UPLOAD_OFFSET]], [410, true, "7"]);
  assert.match(fieldsOf(sealed)["shaftlog-digest"] ?? "", /^tree-sha-256=:A{43}=:;size=7$/);
  assert.equal(fieldsOf(answerToPut({ kind: "held", size: 7 }))[UPLOAD_OFFSET], "7");
  assert.equal(fieldsOf(answerToPut({ kind: "obstructed" }))[UPLOAD_OFFSET], "0");
  assert.equal(fieldsOf(answerToPut({ kind: "no-space", size: 7 }))[UPLOAD_OFFSET], "7");
  assert.equal(fieldsOf(answerToPut({ kind: "failed", size: undefined }))[UPLOAD_OFFSET], undefined);
  assert.match(fieldsOf(answerToPut({ kind: "exhausted" }))["retry-after"] ?? "", /^\d+$/);
  assert.match(fieldsOf(STOPPING)["retry-after"] ?? "", /^\d+$/);
  assert.equal(answerToPut({ kind: "torn" }), undefined);
});

test("an error of a HEAD has no body and keeps the connection; one of a PUT has one and ends it", () => {
  const head = answerToHead({ kind: "obstructed" });
  assert.deepEqual([head.status, head.body, head.close], [409, undefined, false]);
  const put = answerToPut({ kind: "obstructed" });
  assert.deepEqual([put?.status, put?.close], [409, true]);
  assert.equal(fieldsOf(put)["content-length"], String(Buffer.byteLength(put?.body ?? "")));
  assert.equal((JSON.parse(put?.body ?? "") as { status: number }).status, 409);
});

test("405 names the methods", () => {
  assert.equal(fieldsOf(answerToRefusal({ kind: "refused", status: 405, detail: "" })).allow, "HEAD, PUT");
});
