// Mutated requests on raw sockets: whatever comes, the server lives, answers in whole and never with a 5xx, writes
// nothing but what a path may name, and serves the next honest request.

import assert from "node:assert/strict";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { startServer } from "../support/command.ts";
import { fuzz } from "../support/fuzz.ts";
import type { Random } from "../support/random.ts";
import { append, Connection, head, putHead, sizeOf } from "../support/raw-http.ts";
import { peakMemory } from "../support/resources.ts";
import { canary } from "../support/temp-dir.ts";
import { filesBelow } from "../support/trees.ts";

const ROUNDS = 200;
const AT_ONCE = 16;
/** The default validate_regex, and so all that may ever be on disk. */
const ALLOWED = /^(\/([a-zA-Z0-9_-][a-zA-Z0-9._-]*)){1,}$/;

const SEEDS: readonly string[] = [
  `${putHead("/host/f", 0, 5)}hello`,
  `${putHead("/host/a%2Db/c", 0, 5, 9)}hello${putHead("/host/a-b/c", 5, 4, 9)}bye\n`,
  `${head("HEAD", "/host/f")}${head("HEAD", "/host/g")}`,
  head("PUT", "/host/e", { Expect: "100-continue", "Content-Length": 3, "Content-Range": "bytes 0-2/*" }),
  "PUT /host/t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Range: bytes 0-4/5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  head("OPTIONS", "*"),
  "HEAD /host/f HTTP/1.0\r\n\r\n",
];

const TOKENS: readonly string[] = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  ":",
  "/",
  "//",
  "..",
  "/../",
  "%2e%2e/",
  "%2f",
  "%00",
  "%",
  "?",
  "#",
  "\x80",
  "\xff",
  "-1",
  "00",
  "99999999999999999999",
  "9007199254740992",
  "bytes 0-0/1",
  "Content-Length: 7\r\n",
  "Content-Range: bytes 1-2/3\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Content-Encoding: zstd\r\n",
  "Host: y\r\n",
  "Connection: close\r\n",
  "Upgrade: h2c\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET /host/f HTTP/1.1\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "x".repeat(5000),
];

function mutate(random: Random): string {
  let text = random.pick(SEEDS);
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(text.length + 1);
    const to = Math.min(text.length, at + random.below(12));
    const [before, middle, after] = [text.slice(0, at), text.slice(at, to), text.slice(to)];
    switch (random.below(6)) {
      case 0:
        text = before + String.fromCharCode(random.below(256)) + text.slice(at + 1);
        break;
      case 1:
        text = before + after;
        break;
      case 2:
        text = before + random.pick(TOKENS) + text.slice(at);
        break;
      case 3:
        text = before + middle.repeat(1 + random.below(20)) + after;
        break;
      case 4:
        text = before + random.pick(SEEDS).slice(random.below(40));
        break;
      default:
        text = before + random.bytes(random.below(30)).toString("latin1") + after;
    }
  }
  return text;
}

/** All that the server says to `bytes`, sent in one or two pieces and followed by the end of the stream. */
async function answersTo(port: number, bytes: string, split: number): Promise<string> {
  const connection = await Connection.open(port);
  await connection.send(bytes.slice(0, split));
  await connection.send(bytes.slice(split));
  connection.end();
  if (!connection.socket.destroyed) await once(connection.socket, "close", { signal: AbortSignal.timeout(20_000) });
  return connection.received;
}

function check(received: string): void {
  // Bodies are ours and short; what is no answer shows as a line that is no status line.
  for (const answer of received.split(/(?=HTTP\/1\.1 \d{3} )/)) {
    if (answer === "") continue;
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
    assert.ok(status >= 100 && status < 500, answer);
    assert.match(answer, /\r\n\r\n/, "an answer in whole");
    if (status !== 100) assert.match(answer, /\r\nShaftlog-Start: [\w-]+\r\n/);
  }
}

const server = await startServer();
const untouched = canary(path.dirname(server.datadir), path.basename(server.datadir), "server.yaml");
assert.equal(await append(server.port, "/honest/f", 0, "abc"), 201);
const before = peakMemory(server.pid);

fuzz("mutations of requests, 16 at once", ROUNDS, async (random) => {
  const requests = Array.from({ length: AT_ONCE }, () => mutate(random));
  await Promise.all(
    requests.map(async (bytes) => {
      try {
        check(await answersTo(server.port, bytes, random.below(bytes.length + 1)));
      } catch (error) {
        const shown = JSON.stringify(bytes.slice(0, 2000));
        throw new Error(`${(error as Error).message} to ${shown}`, { cause: error });
      }
    }),
  );
  assert.equal(server.over, undefined, "the server lives");
});

test("afterwards only what a path may name is on disk, the honest file is whole, and memory is bounded", async () => {
  for (const name of filesBelow(server.datadir).keys()) assert.match(`/${name}`, ALLOWED);
  assert.ok(untouched());
  assert.equal(await sizeOf(server.port, "/honest/f"), 3);
  assert.ok(peakMemory(server.pid) - before < 256 * 2 ** 20, "memory");
  assert.doesNotMatch(server.output, / ERROR /);
  assert.equal(await server.stop(), 0);
});
