// Check and use are one: while somebody swaps a directory below the data directory for a link that leads out, again and
// again, no append and no question ever reaches what lies outside.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { startServer } from "../support/command.ts";
import { append, Connection, head, putHead } from "../support/raw-http.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Swaps `real` and `link` at the place `live` until told to stop; in a thread, so that it never pauses. */
const SWAPPER = `
const { workerData, parentPort } = require("node:worker_threads");
const fs = require("node:fs");
const { home, flag } = workerData;
const stop = new Int32Array(flag);
const [live, real] = [home + "/live", home + "/.real"];
// Whatever an append makes in between is put aside.
const attempt = (act) => { try { act(); return true; } catch { return false; } };
let [swaps, aside] = [0, 0];
while (Atomics.load(stop, 0) === 0) {
  fs.renameSync(live, real);
  if (attempt(() => fs.symlinkSync(workerData.outside, live))) fs.unlinkSync(live);
  while (!attempt(() => fs.renameSync(real, live))) attempt(() => fs.renameSync(live, home + "/.made-" + aside++));
  swaps++;
}
parentPort.postMessage(swaps);
`;

test("a directory that is swapped for a link in the middle of requests leads nowhere", async () => {
  const server = await startServer();
  const outside = tempDir();
  fs.writeFileSync(path.join(outside, "known"), "secret of 22 characters");
  assert.equal(await append(server.port, "/live/known", 0, "abc"), 201);
  const flag = new SharedArrayBuffer(4);
  const worker = new Worker(SWAPPER, { eval: true, workerData: { home: server.datadir, outside, flag } });
  const swaps = new Promise<number>((resolve, reject) => worker.once("message", resolve).once("error", reject));
  const seen = new Set<string>();
  await Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      let connection = await Connection.open(server.port);
      for (let i = 0; i < 500; i++) {
        const name = `/live/${worker}-${i}`;
        const asks = i % 2 === 0;
        await connection.send(asks ? head("HEAD", "/live/known") : `${putHead(name, 0, 3)}new`);
        const answer = await connection.answer(asks);
        seen.add(`${asks ? "HEAD" : "PUT"} ${answer?.status} ${asks ? answer?.fields.get("content-length") : ""}`);
        if (answer === undefined || answer.fields.get("connection") === "close") {
          connection.close();
          connection = await Connection.open(server.port);
        }
      }
      connection.close();
    }),
  );
  Atomics.store(new Int32Array(flag), 0, 1);
  assert.ok((await swaps) > 100);
  assert.deepEqual(fs.readdirSync(outside), ["known"]);
  assert.equal(fs.readFileSync(path.join(outside, "known"), "utf8"), "secret of 22 characters");
  for (const one of seen)
    assert.match(one, /^HEAD (200 3|404 |409 |500 )|^PUT (201|409|500|503) /, [...seen].join("; "));
  assert.ok(seen.has("HEAD 200 3"), [...seen].join("; "));
  assert.equal(await server.stop(), 0);
});
