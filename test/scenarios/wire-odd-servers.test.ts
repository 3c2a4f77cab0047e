// Servers that keep to HTTP in unusual ways: they close after each answer, speak slowly or with interim answers, are
// reached through an environment that names a proxy, refuse before they have read, or tell sizes beyond belief.

import assert from "node:assert/strict";
import fs from "node:fs";
import type { TestContext } from "node:test";
import { describe, test } from "node:test";
import { type Asked, FakeServer, type Reaction } from "../support/fake-server.ts";
import { pace } from "../support/pace.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { openWire } from "../support/wire.ts";

const LIFE = "Shaftlog-Start: fake-life\r\n";

/** How a request that a strict server would answer with `status` is answered instead. */
type Manner = (status: number, size: number | undefined) => Reaction;

const MANNERS: Readonly<Record<string, Manner>> = {
  "closes after each answer and says so": (status, size) => ({
    raw: `HTTP/1.1 ${status} X\r\n${LIFE}Connection: close\r\n${sized(size)}\r\n`,
    end: true,
  }),
  "closes after each answer and does not say so": (status, size) => ({
    raw: `HTTP/1.1 ${status} X\r\n${LIFE}${sized(size)}\r\n`,
    end: true,
  }),
  "speaks HTTP/1.0": (status, size) => ({ raw: `HTTP/1.0 ${status} X\r\n${sized(size)}\r\n`, end: true }),
  "sends interim answers": (status, size) => ({
    raw: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 ${status} X\r\n${LIFE}${sized(size)}\r\n`,
  }),
  "speaks slowly": (status, size) => ({ raw: `HTTP/1.1 ${status} X\r\n${LIFE}${sized(size)}\r\n`, slowly: 5 }),
  "sends bodies in chunks": (status, size) => ({
    raw:
      status === 204 || size !== undefined
        ? `HTTP/1.1 ${status} X\r\n${LIFE}${sized(size)}\r\n`
        : `HTTP/1.1 ${status} X\r\n${LIFE}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  }),
};

describe("a server that", { concurrency: 3 }, () => {
  for (const [how, manner] of Object.entries(MANNERS)) {
    test(`${how}: all is delivered, each range once`, async (t) => {
      const { scene, server, end } = await open(t);
      server.script = (asked) => {
        const [status, size] = strictly(server, asked);
        // No answer to HEAD has a body.
        return asked.method === "HEAD" && status === 404
          ? { raw: `HTTP/1.1 404 X\r\n${LIFE}Content-Length: 0\r\n\r\n` }
          : manner(status, size);
      };
      fs.writeFileSync(scene.log("big.log"), Buffer.alloc(1_500_000, "a line of a backlog\n"));
      await scene.startClient();
      for (let i = 1; i <= 5; i++) {
        fs.appendFileSync(scene.log("a.log"), `line ${i}\n`);
        await scene.until(`append ${i}`, () => server.files.get("/a.log")?.length === i * 7);
      }
      await scene.until("the backlog", () => server.files.get("/big.log")?.length === 1_500_000, 40_000);
      await end();
    });
  }

  test("ends the connection in the middle of what is pipelined: what was behind is asked about", async (t) => {
    const { scene, server, end } = await open(t);
    server.script = (asked) => {
      const [status, size] = strictly(server, asked);
      const closes = asked.method === "PUT" && server.puts(asked.target).length % 7 === 0;
      return closes
        ? { raw: `HTTP/1.1 ${status} X\r\n${LIFE}Connection: close\r\n\r\n`, end: true }
        : { status, fields: sized(size).trimEnd().split("\r\n").filter(Boolean) };
    };
    fs.writeFileSync(scene.log("big.log"), Buffer.alloc(30_000_000, "a line of a backlog\n"));
    await scene.startClient();
    await scene.until("the backlog", () => server.files.get("/big.log")?.length === 30_000_000);
    assert.ok(server.puts("/big.log").length > 14);
    for (const [i, { method, range }] of server.about("/big.log").entries()) {
      const before = server.about("/big.log")[i - 1];
      const isRepeated = method === "PUT" && before?.method === "PUT" && range?.start !== before.range?.end;
      assert.ok(!isRepeated, `range ${range?.start} behind ${before?.range?.start} without a question`);
    }
    await end();
  });

  test("tells a size beyond belief: said, and nothing is sent", async (t) => {
    const { scene, server } = await open(t);
    server.script = ({ method }) =>
      method === "HEAD" ? { status: 200, fields: [`Content-Length: ${Number.MAX_SAFE_INTEGER}`] } : undefined;
    fs.writeFileSync(scene.log("a.log"), "a line\n");
    await scene.startClient();
    await scene.until("it is said", () => scene.client.events("remote-ahead").length === 1);
    fs.appendFileSync(scene.log("a.log"), "another\n");
    await pace(1_000); // in which nothing should be sent
    assert.deepEqual(server.puts("/a.log"), []);
    assert.match(
      scene.client.events("remote-ahead")[0]?.text ?? "",
      new RegExp(`${server.url} has 9007199254740991 bytes of "a.log"`),
    );
    await scene.client.stop();
  });

  test("is reached directly, whatever proxy the environment names", async (t) => {
    const { scene, server, end } = await open(t);
    const wrong = await FakeServer.open(t);
    const proxy = wrong.url;
    fs.writeFileSync(scene.log("a.log"), "a line\n");
    const env = { http_proxy: proxy, HTTP_PROXY: proxy, ALL_PROXY: proxy, NODE_USE_ENV_PROXY: "1" };
    await scene.startClient({ env });
    await scene.until("it is there", () => server.files.has("/a.log"));
    assert.equal(wrong.connections, 0);
    await end();
  });
});

test("a refusal that comes before a large body is read is told as what it is, and is no outage", async (t) => {
  const { scene, proxy, end } = await openWire(t);
  fs.writeFileSync(scene.log("not allowed.log"), Buffer.alloc(20_000_000, "a line of a backlog\n"));
  fs.writeFileSync(scene.log("good.log"), "a line\n");
  await scene.startClient();
  const said = await scene.client.logged("file-denied");
  assert.match(said.text, /"not allowed.log" .*: 400, the server refuses the name/);
  fs.appendFileSync(scene.log("good.log"), "another\n");
  await scene.until("the good one", () => scene.text("good.log") === "a line\nanother\n");
  assert.deepEqual(scene.client.events("destination-unreachable"), []);
  assert.ok(proxy.puts("/not%20allowed.log").length <= 8);
  await scene.client.stop();
  fs.rmSync(`${scene.spool}/not allowed.log`);
  await end({ errors: ["file-denied"] });
});

interface Opened {
  readonly scene: Scene;
  readonly server: FakeServer;
  readonly end: () => Promise<void>;
}

async function open(t: TestContext): Promise<Opened> {
  const scene = await openScene(t);
  const server = await FakeServer.open(t);
  scene.configure({ destinations: [server.url] });
  const end = async () => {
    server.writeTo(scene.store);
    await scene.end({ errors: ["destination-unreachable", "file-denied"] });
  };
  return { scene, server, end };
}

/** Does what a strict server does; its status, and the size where that is told. */
function strictly(
  server: FakeServer,
  { method, target, range, body }: Asked,
): [status: number, size: number | undefined] {
  const file = server.files.get(target);
  if (method === "HEAD") return file === undefined ? [404, undefined] : [200, file.length];
  const size = file?.length ?? 0;
  if (range?.start !== size) return [416, 0];
  server.files.set(target, Buffer.concat([file ?? Buffer.alloc(0), body]));
  return size === 0 ? [201, 0] : [204, undefined];
}

function sized(size: number | undefined): string {
  return size === undefined ? "" : `Content-Length: ${size}\r\n`;
}
