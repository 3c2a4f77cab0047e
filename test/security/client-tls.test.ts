// Which servers a client delivers to by TLS: only those whose certificate is good in every respect. Each other one is
// told with the reason and what to do, and gets no request.

import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import { type TestContext, test } from "node:test";
import type { TlsOptions } from "node:tls";
import { Authority, type Issue, noOpenssl } from "../support/certificates.ts";
import { FakeServer } from "../support/fake-server.ts";
import { SyncRun } from "../support/sync-once.ts";
import { TlsScene } from "../support/tls-scene.ts";

const skip = noOpenssl;

const OLD: TlsOptions = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" };
const BAD: readonly (readonly [what: string, words: RegExp, issue: Issue, options?: TlsOptions])[] = [
  [
    "another name",
    /certificate is for DNS:elsewhere\.example, not for 127\..*server_name/,
    { san: "DNS:elsewhere.example" },
  ],
  ["expired", /has expired: renew it there.*CERT_HAS_EXPIRED/, { from: -9, to: -1 }],
  ["not yet valid", /not valid yet: is the clock right/, { from: 1, to: 9 }],
  ["a client's certificate", /not made for servers/, { usage: "clientAuth" }],
  ["only TLS 1.1", /neither TLS 1\.2 nor 1\.3/, {}, OLD],
];

/** Speaks plain HTTP where TLS is expected. */
async function plainServer(t: TestContext): Promise<{ readonly url: string; readonly requests: number }> {
  const plain = { url: "", requests: 0 };
  const server = http.createServer((_, response) => {
    plain.requests++;
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  plain.url = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
  return plain;
}

test("a server is believed only with a good certificate; each fault is told, and nothing is sent", {
  skip,
}, async (t) => {
  const stage = await TlsScene.open(t);
  const { scene, authority } = stage;
  const foreign = new Authority(scene.home, "foreign");
  const cases: [server: FakeServer, url: string, words: RegExp][] = [];
  for (const [, words, issue, options] of BAD) {
    const server = await stage.server(options, issue);
    cases.push([server, server.url, words]);
  }
  const selfSigned = await stage.server({}, authority.selfSigned("localhost", "DNS:localhost"));
  cases.push([selfSigned, selfSigned.url, /self-signed and not trusted here.*tls\.ca/]);
  const foreignOne = await stage.server({}, foreign.issue("server", { san: "DNS:localhost" }));
  cases.push([foreignOne, foreignOne.url, /of a CA that is not trusted here.*tls\.ca/]);
  const plain = await plainServer(t);
  const rude = await FakeServer.open(t);
  rude.onConnect = () => "close";
  cases.push([rude, rude.url.replace("http:", "https:"), /closed the connection before its first answer/]);
  const good = await stage.server();
  const old = await stage.server({ maxVersion: "TLSv1.2" });
  stage.deliverTo(good, old, { url: plain.url }, ...cases.map(([, url]) => ({ url })));
  // What the environment says must not weaken anything.
  await scene.startClient({ env: { PATH: process.env.PATH, NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
  const name = stage.write("a.log");
  await stage.has(good, name);
  await stage.has(old, name);
  await stage.complaint(plain.url, /does not speak TLS on that port/);
  assert.equal(plain.requests, 0);
  for (const [server, url, words] of cases) {
    await stage.complaint(url, words);
    assert.deepEqual(server.asked, [], url);
    assert.equal(server.files.size, 0, url);
  }
  assert.ok(good.connections > 0);
  await scene.client.stop();
});

test("server_name is sent and checked; an address is checked and not sent; sessions are resumed", {
  skip,
}, async (t) => {
  const stage = await TlsScene.open(t);
  const named = await stage.server({}, { san: "DNS:log.example.com" });
  const misnamed = await stage.server();
  const plain = await stage.server();
  stage.deliverTo(
    { url: named.url, tls: { server_name: "log.example.com" } },
    { url: misnamed.url, tls: { server_name: "log.example.com" } },
    plain,
  );
  await stage.scene.startClient();
  await stage.has(named, stage.write("a.log"));
  await stage.has(plain, "a.log");
  await stage.complaint(misnamed.url, /certificate is for IP Address:.* not for log\.example\.com/);
  assert.equal(named.greetings[0]?.name, "log.example.com");
  assert.equal(plain.greetings[0]?.name, "");
  assert.equal(misnamed.asked.length, 0);
  // A new connection of the same terms resumes.
  named.breakAll();
  await stage.has(named, stage.write("b.log"));
  await stage.scene.until("a resumed session", () => named.greetings.some(({ resumed }) => resumed));
  await stage.scene.client.stop();
});

test("proxies of the environment are not used, and no plain HTTP is fallen back to", { skip }, async (t) => {
  const stage = await TlsScene.open(t);
  const proxy = await FakeServer.open(t);
  const good = await stage.server();
  const plain = await plainServer(t);
  stage.deliverTo(good, { url: plain.url });
  const names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
  const env = Object.fromEntries([...names.map((name) => [name, proxy.url]), ["NODE_USE_ENV_PROXY", "1"]]);
  await stage.scene.startClient({ env: { PATH: process.env.PATH, ...env } });
  await stage.has(good, stage.write("a.log"));
  await stage.complaint(plain.url, /does not speak TLS/);
  assert.equal(proxy.connections, 0);
  assert.equal(plain.requests, 0);
  await stage.scene.client.stop();
});

test("a handshake that never ends is given up in time", { skip }, async (t) => {
  const stage = await TlsScene.open(t);
  const silent = net.createServer((socket) => socket.on("error", () => {}).resume());
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => silent.close());
  const url = `https://127.0.0.1:${(silent.address() as net.AddressInfo).port}/`;
  stage.deliverTo({ url });
  stage.write("a.log");
  const began = performance.now();
  const { code, stderr } = await new SyncRun(t, ["-f", stage.below("client.yaml"), "--timeout", "12s"]).ended;
  assert.equal(code, 1, stderr);
  assert.match(stderr, /timed out/);
  assert.ok(performance.now() - began < 25_000);
});

test("sync-once by TLS: delivered with a good certificate; with a bad one it ends incomplete and says why", {
  skip,
}, async (t) => {
  const stage = await TlsScene.open(t);
  const good = await stage.server();
  stage.write("a.log");
  const config = ["-f", stage.below("client.yaml")];
  stage.deliverTo(good);
  const first = await new SyncRun(t, config).ended;
  assert.equal(first.code, 0, first.stderr);
  await stage.has(good, "a.log");
  const bad = await stage.server({}, { from: -9, to: -1 });
  stage.deliverTo(bad);
  const second = await new SyncRun(t, [...config, "--timeout", "2s"]).ended;
  assert.equal(second.code, 1, second.stderr);
  assert.match(second.stderr, /has expired: renew it there/);
  assert.equal(bad.asked.length, 0);
});

test("what is wrong with the files is told before anything is started", { skip }, async (t) => {
  const stage = await TlsScene.open(t);
  const { authority, scene } = stage;
  const ours = authority.issue("us", { usage: "clientAuth" });
  const other = authority.issue("other", { usage: "clientAuth" });
  const open = authority.issue("open", { usage: "clientAuth" });
  fs.chmodSync(open.key, 0o644);
  const group = authority.issue("group", { usage: "clientAuth" });
  fs.chmodSync(group.key, 0o640);
  const [junk, directory] = [stage.below("junk"), stage.below("directory")];
  fs.writeFileSync(junk, "junk\n", { mode: 0o600 });
  fs.mkdirSync(directory);
  const damaged = stage.below("damaged");
  fs.writeFileSync(damaged, fs.readFileSync(ours.cert, "utf8").replace(/\nMII..../, "\nAAAAAAA"));
  for (const [tls, words] of [
    [{ ...ours, key: open.key, cert: open.cert }, /can be read or changed by others \(mode 0644\): chmod 600 \//],
    [{ ...ours, key: group.key, cert: group.cert }, /mode 0640/],
    [{ ...ours, key: other.key }, /is not the private key of the certificate in/],
    [{ ...ours, key: junk }, /junk" holds no private key/],
    [{ ...ours, cert: junk }, /junk" holds no certificate/],
    [{ ...ours, cert: damaged }, /damaged" is damaged/],
    [{ ...ours, cert: directory }, /no regular file/],
    [{ ca: "/nowhere/ca.pem" }, /Cannot read "\/nowhere\/ca\.pem": no such file/],
    [{ ca: junk }, /junk" holds no certificate/],
  ] as const) {
    stage.deliverTo({ url: "https://127.0.0.1:1/", tls });
    const { status, stderr } = scene.syncOnce();
    assert.equal(status, 2, stderr);
    assert.match(stderr, words);
    assert.match(stderr, /Cannot deliver to https:\/\/127\.0\.0\.1:1\/: /);
    assert.doesNotMatch(stderr, /PRIVATE|MII|\n +at /);
    assert.ok(!fs.existsSync(scene.spool), "nothing was started");
  }
});
