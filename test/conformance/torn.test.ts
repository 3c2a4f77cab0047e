// Bodies that break off: what arrived is a prefix, is kept, and becomes durable though nobody asks; and nothing
// of a body that stalls is held back. docs/PROTOCOL.md, section 5.

import assert from "node:assert/strict";
import { test } from "node:test";
import { putHead } from "../support/raw-http.ts";
import { until } from "../support/until.ts";
import { target } from "./target.ts";

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, i) => 33 + (i % 90)));

for (const cut of [0, 1, 511, 65_536, 65_537, 299_999, 300_000]) {
  test(`cut by FIN after ${cut} of ${BODY.length} bytes`, async () => {
    const path = target.fresh();
    await target.put(path, 0, "first\n");
    const connection = await target.connect();
    await connection.send(putHead(path, 6, BODY.length));
    await connection.send(BODY.subarray(0, cut));
    connection.end();
    const answer = await connection.answer();
    assert.equal(answer?.status, cut === BODY.length ? 204 : undefined);
    await until(async () => (await target.size(path)) === 6 + cut, `${6 + cut} bytes`);
    await finish(path, 6, cut);
  });

  test(`cut by RST after ${cut} of ${BODY.length} bytes`, async () => {
    const path = target.fresh();
    await target.put(path, 0, "first\n");
    const connection = await target.connect();
    await connection.send(putHead(path, 6, BODY.length));
    await connection.send(BODY.subarray(0, cut));
    connection.reset();
    // A reset may overtake bytes: what is kept is a prefix of what was sent, and it stays as it is.
    const kept = await settled(path);
    assert.ok(kept >= 6 && kept <= 6 + cut, `${kept} bytes`);
    await finish(path, 6, kept - 6);
  });
}

test("the first bytes of a file torn: nothing or a prefix, and the file goes on from there", async () => {
  for (const cut of [0, 1, 5]) {
    const path = target.fresh();
    const connection = await target.connect();
    await connection.send(`${putHead(path, 0, 10)}${"0123456789".slice(0, cut)}`);
    connection.end();
    await connection.answer();
    await until(async () => ((await target.size(path)) ?? 0) === cut, `${cut} bytes`);
    assert.equal((await target.put(path, cut, "0123456789".slice(cut)))?.status, cut === 0 ? 201 : 204);
    assert.equal(await target.size(path), 10);
  }
});

/** Appends what is missing of BODY, which is accepted only if what is there ends where it is said to end. */
async function finish(path: string, offset: number, cut: number): Promise<void> {
  if (cut < BODY.length) assert.equal((await target.put(path, offset + cut, BODY.subarray(cut)))?.status, 204);
  assert.equal(await target.size(path), offset + BODY.length);
}

/** The size once the torn request is over: from then on another PUT is judged at once. */
async function settled(path: string): Promise<number> {
  const answer = await target.put(path, 2 ** 50, "x");
  assert.equal(answer?.status, 416);
  return Number(answer.fields.get("upload-offset"));
}
