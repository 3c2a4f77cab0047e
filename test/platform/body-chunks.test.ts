// The chunks of a body at the server: what the reader gives back takes no memory any more, at once.

import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import type { Exchange } from "../../src/platform/http-server.ts";
import { nodeHttpServer } from "../../src/platform/node-http-server.ts";

const SIZE = 4 * 1024 * 1024;

test("chunks that were released are empty, others and all their bytes stay", async (t) => {
  const body = Buffer.alloc(SIZE, "0123456789abcde");
  const kept: { readonly at: number; readonly chunk: Uint8Array }[] = [];
  const released: Uint8Array[] = [];
  let sum = 0;
  const handle = (exchange: Exchange) => {
    exchange.read({
      data(chunk) {
        const at = sum;
        sum += chunk.byteLength;
        // Every other one, so that those that stay lie between those that go.
        if ((kept.length + released.length) % 2 === 0) kept.push({ at, chunk });
        else {
          released.push(chunk);
          exchange.release([chunk]);
        }
      },
      arrived: () => {},
      end: () => exchange.answer(204, [], undefined, true),
      broken: () => {},
    });
    exchange.resume();
  };
  const listener = await nodeHttpServer.listen(
    {
      address: "127.0.0.1",
      port: 0,
      fields: [],
      limits: {
        connections: 10,
        connectionsPerKey: 10,
        headerSize: 16_384,
        idleTimeout: 60_000,
        minBodyRate: 0,
      },
      tls: undefined,
      keyOf: () => "",
      noticed: () => {},
    },
    handle,
  );
  t.after(() => listener.destroy());
  await new Promise<void>((resolve, reject) => {
    const request = http.request({ port: listener.port, method: "PUT", path: "/a" }, (answer) => {
      answer.resume().on("end", resolve);
    });
    request.on("error", reject).end(body);
  });
  await listener.close();
  assert.equal(sum, SIZE);
  const large = released.length - released.filter((chunk) => chunk.byteLength === 0).length;
  assert.ok(released.length > 2 * large, `${large} of ${released.length} released chunks still hold memory`);
  for (const { at, chunk } of kept) {
    assert.ok(chunk.byteLength > 0 && body.subarray(at, at + chunk.byteLength).equals(chunk));
  }
});
