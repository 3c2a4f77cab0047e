// The range contract as a property: Content-Range × Content-Length × the body that really comes × the size that
// is there. 2xx exactly when all agree, and then the file grows by exactly that. docs/PROTOCOL.md, section 5.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Random } from "../support/random.ts";
import { head } from "../support/raw-http.ts";
import { until } from "../support/until.ts";
import { target } from "./target.ts";

const SEED = Number(process.env.SEED ?? 20_260_102);
const CASES = 300;

test(`a PUT is taken exactly when range, length, body and end agree (SEED=${SEED})`, async () => {
  const random = new Random(SEED);
  let path = target.fresh();
  let size = 0;
  const seen = new Map<number, number>();
  for (let i = 0; i < CASES; i++) {
    if (i % 25 === 0) {
      path = target.fresh();
      size = 0;
    }
    const start = Math.max(0, random.pick([size, size, size, size - 1, size + 1, 0, size + random.below(100)]));
    const length = random.pick([1, 2, 1 + random.below(2000), 511, 65_536, 65_537, 200_000]);
    const declared = Math.max(0, random.pick([length, length, length, length, length - 1, length + 1, 0]));
    const sent = random.pick([declared, declared, declared, declared, Math.floor(declared / 2), 0]);
    const total = random.pick<number | "*">([
      "*",
      "*",
      start + length,
      start + length + random.below(1000),
      start + length - 1,
    ]);
    const what = `case ${i}: size ${size}, bytes ${start}-${start + length - 1}/${total}, Content-Length ${declared}, ${sent} sent`;

    const connection = await target.connect();
    const range = `bytes ${start}-${start + length - 1}/${total}`;
    await connection.send(head("PUT", path, { "Content-Range": range, "Content-Length": declared }));
    await connection.send(Buffer.alloc(sent, 65 + (i % 26)));
    const malformed = declared !== length || (total !== "*" && total < start + length);
    const whole = sent === declared;
    const decidable = malformed || start !== size || whole;
    if (!decidable) connection.end();
    const answer = await connection.answer();
    connection.close();
    const status = answer?.status ?? 0;
    seen.set(status, (seen.get(status) ?? 0) + 1);

    const expected = malformed ? 400 : start !== size ? 416 : !whole ? 0 : size === 0 ? 201 : 204;
    assert.equal(status, expected, what);
    if (status === 416) assert.equal(answer?.fields.get("upload-offset"), String(size), what);
    if (status === 201 || status === 204) size += length;
    if (status === 0) {
      // Torn: what arrived is kept, and is published without being asked for.
      size += sent;
      await until(async () => ((await target.size(path)) ?? 0) === size, what);
    }
    assert.equal((await target.size(path)) ?? 0, size, what);
  }
  for (const status of [0, 201, 204, 400, 416]) assert.ok((seen.get(status) ?? 0) > 5, `${status} came up too rarely`);
});

test("malformed ranges and lengths are 400 and write nothing", async () => {
  const path = target.fresh();
  const malformed = [
    "",
    "bytes",
    "bytes 0-2",
    "bytes 0-2/",
    "bytes 0-2/2",
    "bytes 2-0/3",
    "bytes -2/3",
    "bytes 0-/3",
    "bytes */3",
    "bytes 0-2/3, 0-2/3",
    "bytes=0-2/3",
    "bytes 00-2/3",
    "bytes 0-02/3",
    "bytes 0-2/03",
    "bytes 0 - 2/3",
    "bytes  0-2/3",
    "bytes 0-2/3 ",
    "lines 0-2/3",
    "bytes 0x0-2/3",
    "bytes +0-2/3",
    "bytes 0-2/-3",
    "bytes 0-2/**",
    "bytes 1e0-3/4",
    "bytes 9007199254740991-9007199254740993/*",
    "bytes 0-2/9007199254740993",
    "bytes 99999999999999999999-99999999999999999999/*",
    "0-2/3",
    "bytes:0-2/3",
    "bytes\t0-2/3",
    "bytes 0–2/3",
  ];
  for (const range of malformed) {
    if (range.endsWith(" ")) continue; // a parser strips it: the well-formed range
    const answer = await target.ask(
      Buffer.from(`${head("PUT", path, { "Content-Range": range, "Content-Length": 3 })}abc`),
    );
    assert.equal(answer?.status, 400, range);
  }
  for (const length of ["3x", "+3", "0x3", "3.0", "-3", " ", "3,3", "3, 3", "03", "99999999999999999999"]) {
    const answer = await target.ask(
      `${head("PUT", path, { "Content-Range": "bytes 0-2/3", "Content-Length": length })}abc`,
    );
    assert.equal(answer?.status, 400, `Content-Length ${length}`);
  }
  assert.equal((await target.ask(`${head("PUT", path, { "Content-Length": 3 })}abc`))?.status, 400);
  assert.equal(await target.size(path), undefined);
  assert.equal(
    (await target.ask(`${head("PUT", path, { "Content-Range": "BYTES 0-2/3", "Content-Length": 3 })}abc`))?.status,
    201,
  );
});
