// The client against a server that wants more than logs, or wants it to hang: over plain HTTP and over TLS. What it
// answers goes nowhere but to the log, where it cannot forge a line, and costs neither time nor memory of others.
// (Answers that come too early or drip: test/platform/hostile-answers.test.ts; lies: test/transfer/lying-server.test.ts.)

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { type Asked, FakeServer, type Reaction } from "../support/fake-server.ts";
import { openScene } from "../support/scene.ts";
import { sync } from "../support/sync-once.ts";
import { TlsScene } from "../support/tls-scene.ts";

const skip = noOpenssl;

test("redirects of every kind are not followed: the other host gets nothing", { skip }, async (t) => {
  const stage = await TlsScene.open(t);
  const { scene } = stage;
  const elsewhere = await FakeServer.open(t);
  const securely = await stage.server();
  const good = await FakeServer.open(t);
  const redirecting = new Map<FakeServer, string>();
  for (const status of [301, 302, 303, 307, 308]) {
    for (const server of [await FakeServer.open(t), await stage.server()]) {
      const to = status % 2 === 0 ? elsewhere.url : securely.url;
      server.script = ({ target }) => ({ status, fields: [`Location: ${to}${target.slice(1)}`] });
      redirecting.set(server, `${status}, a redirect, which is never followed`);
    }
  }
  // The way from https to http is not one either, nor what other fields point to.
  const pointing = await FakeServer.open(t);
  pointing.script = () => ({
    status: 503,
    fields: [
      `Alt-Svc: http/1.1="${new URL(elsewhere.url).host}"`,
      `Content-Location: ${elsewhere.url}`,
      `Refresh: 0; url=${elsewhere.url}`,
      `Link: <${elsewhere.url}>; rel=preconnect`,
      "Proxy-Authenticate: Basic",
    ],
  });
  const plain = [...redirecting.keys()].filter(({ url }) => url.startsWith("http:"));
  const tls = [...redirecting.keys()].filter(({ url }) => url.startsWith("https:"));
  const trust = { ca: stage.authority.cert };
  scene.configure({
    destinations: [
      good.url,
      pointing.url,
      ...plain.map(({ url }) => url),
      ...tls.map(({ url }) => ({ url, tls: trust })),
    ],
  });
  await scene.startClient();
  await stage.has(good, stage.write("a.log"));
  for (const [{ url }, words] of redirecting) {
    await scene.until(`${url}: ${words}`, () =>
      scene.client.events("file-denied").some(({ text }) => text.includes(url) && text.includes(words)),
    );
  }
  await scene.client.logged("destination-unavailable", pointing.url);
  assert.equal(elsewhere.connections + securely.connections, 0);
  await scene.client.stop();
});

const NAUGHTY = "\u001b[31mred\u001b[0m\u0007\u2028\u202eesrever\u0085";

test("what a server says cannot forge a line, and answers without end do not hold up others", async (t) => {
  const scene = await openScene(t, { client: { status_interval: "200ms" } });
  const good = await FakeServer.open(t);
  const reactions: Record<string, (asked: Asked) => Reaction> = {
    naughty: () => ({ raw: `HTTP/1.1 404 ${NAUGHTY}\r\nX: ${NAUGHTY}\r\nContent-Length: 0\r\n\r\n` }),
    life: () => ({ status: 404, fields: [`Shaftlog-Start: \u001b[31m${"x".repeat(10)}`] }),
    forged: () => ({ raw: "HTTP/1.1 200 OK\n2026-01-01T00:00:00.000Z ERROR forged line\r\n\r\n" }),
    garbage: () => ({ raw: `${NAUGHTY.repeat(100)}\r\n\r\n` }),
    wide: () => ({ raw: `HTTP/1.1 200 OK\r\n${`X-Field: ${"v".repeat(990)}\r\n`.repeat(40)}` }),
    many: () => ({ raw: "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100_000) }),
    negative: () => ({ status: 200, fields: ["Content-Length: -5"] }),
    doubled: () => ({ status: 200, fields: ["Content-Length: 5", "Content-Length: 7"] }),
    huge: () => ({ status: 200, fields: ["Content-Length: 99999999999999999999999"] }),
    beyond: () => ({ status: 200, fields: ["Content-Length: 9007199254740993"] }),
    fraction: () => ({ status: 200, fields: ["Content-Length: 1.5"] }),
    bomb: () => ({ raw: `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n` }),
    switching: () => ({ raw: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" }),
    later: () => ({ status: 503, fields: ["Retry-After: 99999999"] }),
    nothing: () => "nothing",
  };
  const bad: FakeServer[] = [];
  for (const reaction of Object.values(reactions)) {
    const server = await FakeServer.open(t);
    server.script = reaction;
    bad.push(server);
  }
  scene.configure({ destinations: [good.url, ...bad.map(({ url }) => url)] });
  await scene.startClient();
  for (let i = 0; i < 20; i++) {
    const name = `${i}.log`;
    fs.writeFileSync(scene.log(name), `line ${i}\n`);
    await scene.until(name, () => good.files.has(`/${name}`), 5_000);
  }
  for (const server of bad) await scene.until(`${server.url} was asked`, () => server.asked.length > 0);
  await scene.until("a status of each", () => scene.client.events("destination-status").length > 3 * bad.length);
  const text = fs.readFileSync(scene.clientConfig.logfile, "utf8");
  for (const line of text.trimEnd().split("\n")) {
    assert.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARN|ERROR) [a-z0-9-]+ \S/, "one event, one line");
    assert.doesNotMatch(line, /[\p{Cc}\u2028-\u202e]/u);
  }
  assert.doesNotMatch(text, /Z ERROR forged/);
  for (const { asked, url } of bad) assert.ok(asked.length < 400, `${asked.length} requests to ${url}`);
  await scene.client.stop();
});

test("plain HTTP beyond this host is an error at each start, also of sync-once; on loopback nothing is said", async (t) => {
  const scene = await openScene(t);
  const loopback = ["http://127.0.0.1:1/", "http://127.8.9.1:1/", "http://[::1]:1/", "http://localhost:1/"];
  const away = ["http://192.0.2.1:1/", "http://[2001:db8::1]:1/", "http://localhost.invalid:1/"];
  fs.writeFileSync(scene.log("a.log"), "a\n");
  scene.configure({ destinations: [...loopback, ...away] });
  const { stderr } = await sync(scene, 1, ["--timeout", "1s"]);
  for (const [urls, told] of [
    [loopback, false],
    [away, true],
  ] as const) {
    for (const url of urls)
      assert.equal(stderr.includes(`ERROR plain-http Delivering to ${url} without TLS`), told, url);
  }
  for (let start = 1; start <= 2; start++) {
    await scene.startClient();
    const told = () => scene.client.events("plain-http");
    await scene.until("it is told", () => told().length === away.length * start);
    assert.ok(told().every(({ level, text }) => level === "ERROR" && text.includes("use an https URL")));
    await scene.client.stop();
  }
});
