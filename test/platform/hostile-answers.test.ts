// Answers that no honest server gives: too early, without end, too many, too slow. Each ends its connection with a
// cause in words, and nothing grows meanwhile; honest ones over full pipes are believed.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import type { HttpOutcome } from "../../src/platform/http.ts";
import { SocketWatch } from "../../src/platform/socket-watch.ts";
import { undiciHttp } from "../../src/platform/undici-http.ts";

const BODY = 24 * 1024 * 1024;

/** Sends `count` requests with large bodies to a peer that does `serve` with each connection. */
async function ask(serve: (socket: net.Socket) => void, count = 1, size = BODY): Promise<HttpOutcome[]> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const connection = undiciHttp({ noProgress: 10_000 }).connect(`http://127.0.0.1:${port}`, { pipelining: count });
  const body = Buffer.alloc(size);
  const request = { method: "PUT", path: "/f", headers: [], body } as const;
  const outcomes = await Promise.all(Array.from({ length: count }, () => connection.send(request)));
  connection.destroy();
  server.close();
  return outcomes;
}

function causeOf(outcome: HttpOutcome | undefined): string {
  return outcome?.kind === "failure" ? String((outcome.error as Error).message) : `${outcome?.kind}`;
}

const OK = "HTTP/1.1 204 No Content\r\n\r\n";

test("a 2xx before the body was sent is not believed; a refusal then is an answer", async () => {
  const early = (answer: string) => (socket: net.Socket) => {
    socket.once("readable", () => socket.write(answer));
  };
  const [believed] = await ask(early(OK));
  assert.match(causeOf(believed), /answered 204 before the request was sent/);
  const [refused] = await ask(early("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n"));
  assert.equal(refused?.kind === "answer" && refused.status, 416);
});

test("in a pipeline, a 2xx for what is still queued is not believed", async () => {
  const outcomes = await ask((socket) => socket.once("readable", () => socket.write(OK.repeat(4))), 4, BODY / 4);
  assert.ok(outcomes.some((outcome) => causeOf(outcome).includes("before the request was sent")));
});

test("honest answers are believed however full the pipe is", async () => {
  for (const size of [1, 70_000, 3_000_000]) {
    const outcomes = await ask(
      (socket) => {
        let left = -1;
        socket.on("data", (chunk: Buffer) => {
          let rest = chunk;
          while (rest.length > 0) {
            if (left < 0) {
              const head = rest.indexOf("\r\n\r\n");
              if (head < 0) return socket.destroy(new Error("a head in two pieces"));
              rest = rest.subarray(head + 4);
              left = size;
            }
            const taken = Math.min(left, rest.length);
            left -= taken;
            rest = rest.subarray(taken);
            if (left === 0) {
              socket.write(OK);
              left = -1;
            }
          }
          return undefined;
        });
      },
      4,
      size,
    );
    assert.deepEqual(
      outcomes.map((outcome) => (outcome.kind === "answer" ? outcome.status : causeOf(outcome))),
      [204, 204, 204, 204],
    );
  }
});

test("intermediate answers, header fields and reason phrases without end", async () => {
  const flood = (first: string, piece: string) => (socket: net.Socket) => {
    socket.resume();
    socket.once("readable", () => {
      socket.write(first);
      const more = () => {
        while (!socket.destroyed && socket.write(piece));
      };
      socket.on("drain", more);
      more();
    });
  };
  const [many] = await ask(flood("", "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n".repeat(1000)), 1, 1);
  assert.match(causeOf(many), /intermediate answers without end/);
  const [wide] = await ask(flood("HTTP/1.1 204 No Content\r\n", `X-Field: ${"v".repeat(1000)}\r\n`), 1, 1);
  assert.match(causeOf(wide), /Headers Overflow/i);
  const [long] = await ask(flood("HTTP/1.1 204 ", "reason ".repeat(10_000)), 1, 1);
  assert.match(causeOf(long), /does not end/);
  const [blank] = await ask(flood("", "\r\n".repeat(10_000)), 1, 1);
  assert.match(causeOf(blank), /does not end/);
});

test("an answer that drips is given up 30 s after its first byte, one that does not come after 10", () => {
  const socket = { bytesRead: 0, bytesWritten: 500, _handle: { bytesRead: 0, bytesWritten: 500, writeQueueSize: 0 } };
  const drip = () => {
    socket.bytesRead++;
    socket._handle.bytesRead++;
  };
  const watch = new SocketWatch(10_000);
  watch.opened(socket as unknown as net.Socket);
  watch.begin(0);
  let now = 0;
  const from = 5_000;
  while (watch.look(now) === undefined) {
    now += 1_000;
    if (now >= from && now % 4_000 === 0) drip();
    assert.ok(now < 60_000);
  }
  assert.ok(now - from <= 35_000 && now - from >= 30_000, `${now}`);
  assert.match(watch.look(now) ?? "", /took longer/);
  watch.begin(now);
  assert.equal(watch.look(now + 9_999), undefined);
  assert.equal(watch.look(now + 10_000), "no progress");
});
