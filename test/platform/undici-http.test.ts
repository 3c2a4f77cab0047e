// The HTTP client against a peer that reads and answers raw bytes: what goes on the wire, and what never does.

import assert from "node:assert/strict";
import net from "node:net";
import { afterEach, describe, test } from "node:test";
import type { HttpConnection } from "../../src/platform/http.ts";
import { undiciHttp } from "../../src/platform/undici-http.ts";

interface Peer {
  readonly origin: string;
  /** All bytes received, by connection. */
  readonly received: string[];
  close(): void;
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** `onData` sees all that came on this connection so far. */
async function peer(onData: (socket: net.Socket, received: string, index: number) => void): Promise<Peer> {
  const received: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    const index = received.push("") - 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received[index] += chunk.toString("latin1");
      onData(socket, received[index] as string, index);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  closing.push(close);
  return { origin: `http://127.0.0.1:${port}`, received, close };
}

function connect(origin: string, pipelining = 1, noProgress = 10_000): HttpConnection {
  const connection = undiciHttp({ noProgress }).connect(origin, { pipelining });
  closing.push(() => connection.destroy());
  return connection;
}

const put = (connection: HttpConnection, body: string) =>
  connection.send({ method: "PUT", path: "/f", headers: ["content-range", "x"], body: Buffer.from(body) });

const NO_CONTENT = "HTTP/1.1 204 No Content\r\n\r\n";

describe("the HTTP client", () => {
  test("keeps a connection over HEAD and PUT", async () => {
    const { origin, received } = await peer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Odd: a\r\nX-Odd: b\r\n\r\n"),
    );
    const connection = connect(origin);
    for (let i = 0; i < 3; i++) {
      const outcome = await connection.send({ method: "HEAD", path: "/f", headers: [] });
      assert.equal(outcome.kind === "answer" && outcome.status, 200);
      assert.deepEqual(outcome.kind === "answer" && outcome.headers["x-odd"], ["a", "b"]);
    }
    await put(connection, "x");
    assert.equal(received.length, 1);
  });

  test("has several requests on the wire where asked to, and one at a time elsewhere", async () => {
    for (const pipelining of [1, 4]) {
      const { origin, received } = await peer((socket, all) => {
        if (all.split("PUT ").length - 1 === pipelining) socket.write(NO_CONTENT.repeat(pipelining));
      });
      const connection = connect(origin, pipelining);
      const outcomes = await Promise.all(Array.from({ length: pipelining }, () => put(connection, "body")));
      assert.ok(outcomes.every((outcome) => outcome.kind === "answer" && outcome.status === 204));
      assert.equal(received.length, 1);
    }
  });

  test("writes at once what goes out together, also on a connection that was idle", async () => {
    let chunks = 0;
    let answered = 0;
    const { origin } = await peer((socket, all) => {
      chunks++;
      const due = Math.floor((all.split("PUT ").length - 1) / 4) * 4;
      if (due > answered) socket.write(NO_CONTENT.repeat(due - answered));
      answered = due;
    });
    const connection = connect(origin, 4);
    for (let turn = 0; turn < 3; turn++) {
      await Promise.all(Array.from({ length: 4 }, () => put(connection, "body")));
    }
    // Four small requests on loopback are one chunk where they were one write, four where they were not.
    assert.ok(chunks <= 6, `${chunks} chunks of 12 requests`);
  });

  test("never repeats what was behind a failed request", async () => {
    for (const how of ["reset", "end", "garbage"] as const) {
      const { origin, received } = await peer((socket, all, index) => {
        if (index > 0 || all.split("PUT ").length - 1 < 4) return;
        if (how === "reset") socket.resetAndDestroy();
        else if (how === "end") socket.end();
        else socket.write("SIP/2.0 nonsense\r\n\r\n");
      });
      const connection = connect(origin, 4);
      const outcomes = await Promise.all(Array.from({ length: 4 }, (_, i) => put(connection, `body${i}`)));
      assert.ok(
        outcomes.every(({ kind }) => kind === "failure"),
        how,
      );
      assert.equal(connection.usable, false);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(received.join("").split("PUT ").length - 1, 4, `${how}: nothing was sent again`);
    }
  });

  test("what was behind an answer that ends the connection has failed, and is not sent again", async () => {
    for (const after of [1, 2]) {
      const { origin, received } = await peer((socket, all) => {
        if (all.split("PUT ").length - 1 < 4) return;
        socket.end(`${NO_CONTENT.repeat(after - 1)}HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n`);
      });
      const connection = connect(origin, 4);
      const outcomes = await Promise.all(Array.from({ length: 4 }, (_, i) => put(connection, `body${i}`)));
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        Array.from({ length: 4 }, (_, i) => (i < after ? "answer" : "failure")),
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(received.join("").split("PUT ").length - 1, 4, "nothing was sent again");
    }
  });

  test("a connection that ended with an answer is opened anew for the next request", async () => {
    const { origin, received } = await peer((socket) =>
      socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"),
    );
    const connection = connect(origin);
    for (let i = 0; i < 3; i++) assert.equal((await put(connection, "x")).kind, "answer");
    assert.equal(received.length, 3);
  });

  test("destroyed at a refusal, it sends no more and reports the rest as failed", async () => {
    const { origin, received } = await peer((socket, all) => {
      if (all.split("PUT ").length - 1 === 4)
        socket.write("HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n");
    });
    const connection = connect(origin, 4);
    const [first, ...rest] = Array.from({ length: 4 }, (_, i) => put(connection, `body${i}`));
    const outcome = await first;
    assert.equal(outcome?.kind === "answer" && outcome.status, 416);
    connection.destroy();
    for (const other of rest) assert.equal((await other).kind, "failure");
    assert.equal((await put(connection, "late")).kind, "failure");
    assert.equal(received.join("").split("PUT ").length - 1, 4);
  });

  test("a peer that falls silent is given up", async () => {
    const { origin } = await peer((socket) => socket.pause());
    const connection = connect(origin, 1, 2_000);
    const began = performance.now();
    const outcome = await connection.send({
      method: "PUT",
      path: "/f",
      headers: [],
      body: Buffer.alloc(64 * 1024 * 1024),
    });
    assert.equal(outcome.kind, "failure");
    assert.ok(performance.now() - began < 10_000);
  });

  test("an answer without an end is given up", async () => {
    const { origin } = await peer((socket) => {
      socket.write("HTTP/1.1 500 Oops\r\nContent-Length: 100000000\r\n\r\n");
      socket.write("x".repeat(1_000_000));
    });
    const outcome = await put(connect(origin), "x");
    assert.equal(outcome.kind, "failure");
  });

  test("nobody there is a failure that says so", async () => {
    const { origin, close } = await peer(() => {});
    close();
    const outcome = await put(connect(origin), "x");
    assert.equal(outcome.kind === "failure" && (outcome.error as { code?: string }).code, "ECONNREFUSED");
  });
});
