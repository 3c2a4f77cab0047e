// An append that is not at the end is told where the end was when it was judged; the size of a file never seems to shrink,
// though several appends become durable in one go.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Directory } from "../../src/platform/files.ts";
import type { BodyReader, Exchange } from "../../src/platform/http-server.ts";
import { nodeFiles } from "../../src/platform/node-files.ts";
import { Store } from "../../src/store/store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

/** On a file system in memory, too, syncs take a while. */
function onDisk(root: Directory): Directory {
  return new Proxy(root, {
    get(target, key) {
      if (key === "inMemory") return () => false;
      const value = Reflect.get(target, key, target) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A request on connection `connection` whose body is there at once. */
function requestWith(body: string, connection: number): Exchange {
  let reader: BodyReader | undefined;
  return {
    method: "PUT",
    target: "/f",
    version: "1.1",
    fields: [],
    peer: { address: "127.0.0.1", certificate: { kind: "not-asked" } },
    connection,
    read: (one) => {
      reader = one;
    },
    resume: () => {
      reader?.data(Buffer.from(body));
      reader?.arrived(true);
    },
    pause() {},
    release() {},
    working() {},
    answer() {},
    destroy() {},
  };
}

test("a repeated append among others that become durable together", async (t) => {
  const root = nodeFiles.open(tempDir(), true);
  t.after(() => root.close());
  const quota = { files: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  const store = new Store({
    root: onDisk(root),
    clock: new FakeClock(),
    emit: () => {},
    newHash: () => createHash("sha256"),
    mostOpen: 10,
    fsync: true,
    quota,
    minFreeSpace: { bytes: 0 },
    fatal: () => assert.fail("nothing fails"),
  });
  const told: string[] = [];
  const put = (start: number, end: number, connection = 1) => {
    const range = { start, end, size: undefined };
    store.put(
      "f",
      { range, believed: undefined },
      undefined,
      requestWith("x".repeat(end - start), connection),
      (outcome) => told.push(`${outcome.kind} ${"size" in outcome ? outcome.size : ""}`),
    );
  };
  put(0, 5); // its sync begins
  put(5, 10); // these wait for the next one
  put(0, 5, 2);
  put(10, 12);
  put(12, 15);
  await until(() => told.length === 5, "all are told");
  assert.deepEqual(told, ["appended 5", "appended 10", "not-at-end 10", "appended 12", "appended 15"]);
  await store.stop();
});
