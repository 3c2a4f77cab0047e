// Requests and answers over TLS, where the bytes that the kernel takes are not those that were written: what came too
// early is not believed all the same, and honest answers are, however full the pipe is and however slowly it drains.

import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import type net from "node:net";
import { type TestContext, test } from "node:test";
import tls from "node:tls";
import type { HttpConnection } from "../../src/platform/http.ts";
import { HttpsClient } from "../../src/platform/https-client.ts";
import { Authority, noOpenssl } from "../support/certificates.ts";
import { tempDir } from "../support/temp-dir.ts";

const skip = noOpenssl;
const OK = "HTTP/1.1 204 No Content\r\n\r\n";

async function connected(
  t: TestContext,
  maxVersion: tls.SecureVersion,
  pipelining: number,
  serve: (socket: tls.TLSSocket) => void,
): Promise<HttpConnection> {
  const authority = new Authority(tempDir());
  const { cert, key } = authority.issue("server", { san: "IP:127.0.0.1" });
  const server = tls.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key), maxVersion }, (socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const paths = { ca: authority.cert, cert: undefined, key: undefined };
  const client = new HttpsClient({ noProgress: 10_000, paths, serverName: undefined });
  const { port } = server.address() as net.AddressInfo;
  const connection = client.connect(`https://127.0.0.1:${port}`, { pipelining });
  t.after(() => connection.destroy());
  return connection;
}

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`${version}: a 2xx before the body was sent is not believed`, { skip }, async (t) => {
    const connection = await connected(t, version, 1, (socket) => {
      socket.once("data", () => {
        socket.pause();
        socket.write(OK);
      });
    });
    const body = Buffer.alloc(48 * 1024 * 1024);
    const outcome = await connection.send({ method: "PUT", path: "/f", headers: [], body });
    assert.match(String(outcome.kind === "failure" && outcome.error), /answered 204 before the request was sent/);
  });

  test(`${version}: honest answers are believed, each as soon as its request was read`, { skip }, async (t) => {
    for (const size of [1, 20_000, 3_000_000]) {
      const connection = await connected(t, version, 4, (socket) => answerEach(socket, size));
      const body = Buffer.alloc(size);
      const requests = Array.from({ length: 24 }, () =>
        connection.send({ method: "PUT", path: "/f", headers: [], body }),
      );
      for (const outcome of await Promise.all(requests)) {
        assert.equal(outcome.kind === "answer" ? outcome.status : String(outcome.error), 204);
      }
    }
  });
}

/** Answers each PUT of `size` bytes at its last byte; pauses now and then, so that all buffers fill up. */
function answerEach(socket: tls.TLSSocket, size: number): void {
  let left = 0;
  let head = "";
  let chunks = 0;
  socket.on("data", (chunk: Buffer) => {
    for (let rest = chunk; rest.length > 0; ) {
      if (left > 0) {
        const taken = Math.min(left, rest.length);
        left -= taken;
        rest = rest.subarray(taken);
        if (left === 0) socket.write(OK);
        continue;
      }
      head += String.fromCharCode(rest[0] as number);
      rest = rest.subarray(1);
      if (!head.endsWith("\r\n\r\n")) continue;
      head = "";
      left = size;
    }
    if (++chunks % 200 !== 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), 2);
  });
}
