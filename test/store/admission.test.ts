// The rules of admission as a table: docs/PROTOCOL.md, sections 5 and 6.

import assert from "node:assert/strict";
import { test } from "node:test";
import { SILENT_WRITER } from "../../src/protocol/fields.ts";
import { admit } from "../../src/store/admission.ts";

const asker = { connection: 2, start: 10, waited: 0 };

test("nobody holds the file: only the end counts", () => {
  assert.deepEqual(admit(10, undefined, asker), { kind: "admit" });
  assert.deepEqual(admit(10, undefined, { ...asker, waited: 60_000 }), { kind: "admit" });
  for (const end of [0, 9, 11, 2 ** 40]) assert.deepEqual(admit(end, undefined, asker), { kind: "not-at-end" });
});

test("a holder that speaks is waited for, at most as long as either may still turn silent or the asker impatient", () => {
  for (const [silentFor, waited, ms] of [
    [0, 0, SILENT_WRITER],
    [500, 0, SILENT_WRITER - 500],
    [0, 500, SILENT_WRITER - 500],
    [500, 700, SILENT_WRITER - 700],
    [SILENT_WRITER - 1, 0, 1],
  ] as const) {
    assert.deepEqual(admit(3, { connection: 1, silentFor }, { ...asker, waited }), { kind: "wait", ms });
  }
});

test("a silent holder is taken over from, however long the asker has waited", () => {
  for (const waited of [0, SILENT_WRITER, 10 * SILENT_WRITER]) {
    const holder = { connection: 1, silentFor: SILENT_WRITER };
    assert.deepEqual(admit(3, holder, { ...asker, waited }), { kind: "take-over" });
  }
});

test("patience ends with a conflict", () => {
  const holder = { connection: 1, silentFor: SILENT_WRITER - 1 };
  assert.deepEqual(admit(3, holder, { ...asker, waited: SILENT_WRITER }), { kind: "conflict" });
});

test("on the holder's own connection there is no hurry", () => {
  const holder = { connection: 2, silentFor: 0 };
  for (const waited of [0, 100 * SILENT_WRITER]) {
    assert.deepEqual(admit(3, holder, { ...asker, waited }), { kind: "wait", ms: Number.POSITIVE_INFINITY });
  }
});
