// The client's own certificate: shown to a server that asks, each refusal told in words, renewed while the client
// runs, and kept where what is new cannot be used.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import { type TestContext, test } from "node:test";
import { Authority, type Issued, noOpenssl } from "../support/certificates.ts";
import type { FakeServer } from "../support/fake-server.ts";
import { pem, TlsScene } from "../support/tls-scene.ts";
import { until } from "../support/until.ts";

const skip = noOpenssl;

/** A server that wants certificates of `authority`. */
async function wanting(stage: TlsScene, more: object = {}): Promise<FakeServer> {
  const ca = fs.readFileSync(stage.authority.cert);
  return await stage.server({ requestCert: true, rejectUnauthorized: true, ca, ...more });
}

/** `openssl s_server`, which sends the alerts that the standard has; its URL. */
async function openssl(t: TestContext, stage: TlsScene, ...more: readonly string[]): Promise<string> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  const { cert, key } = stage.authority.issue("server", { san: "IP:127.0.0.1" });
  const files = ["-cert", cert, "-key", key, "-CAfile", stage.authority.cert];
  const args = ["s_server", "-accept", `127.0.0.1:${port}`, ...files, "-Verify", "2", "-verify_return_error", ...more];
  const child = spawn("openssl", [...args, "-www"], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await until(() => said.includes("ACCEPT"), "openssl s_server listens");
  return `https://127.0.0.1:${port}/`;
}

test("a server that asks gets the certificate; its refusals are told with what to do", { skip }, async (t) => {
  const stage = await TlsScene.open(t);
  const { authority, scene } = stage;
  const client = (name: string, of: Authority = authority, more = {}): Issued =>
    of.issue(name, { usage: "clientAuth", ...more });
  const good = client("host-a");
  const foreign = client("host-a", new Authority(scene.home, "foreign"));
  const expired = client("host-a", authority, { from: -9, to: -1 });
  const revoked = client("host-a");
  authority.revoke(revoked);
  const list = ["-CRL", authority.crl(), "-crl_check"];
  const cases: [url: string, tls: Issued | undefined, words: RegExp][] = [];
  for (const version of ["-tls1_3", "-tls1_2"]) {
    const modern = version === "-tls1_3";
    const url = () => openssl(t, stage, version, ...list);
    const wanted = modern ? /wants a client certificate: set tls\.cert/ : /or the server wants a certificate/;
    cases.push([await url(), undefined, wanted]);
    cases.push([await url(), foreign, /refuses our certificate: it is of a CA that the server does not trust/]);
    cases.push([await url(), expired, /refuses our certificate: it has expired; renew it/]);
    cases.push([await url(), revoked, /refuses our certificate: it is revoked/]);
    cases.push([await url(), authority.issue("x"), /refuses our certificate: it is of the wrong kind/]);
  }
  const strict = await wanting(stage);
  cases.push([strict.url, undefined, /wants a client certificate/]);
  const silent = await wanting(stage, { maxVersion: "TLSv1.2" });
  cases.push([silent.url, foreign, /closed the connection before its first answer: it may not take our certificate/]);
  const welcoming = await wanting(stage);
  stage.deliverTo({ url: welcoming.url, tls: good }, ...cases.map(([url, tls]) => ({ url, tls: tls ?? {} })));
  await scene.startClient();
  await stage.has(welcoming, stage.write("a.log"));
  assert.equal(welcoming.greetings[0]?.client, "host-a");
  for (const [url, , words] of cases) await stage.complaint(url, words);
  assert.equal(strict.asked.length + silent.asked.length, 0);
  const expiry = scene.client.events("destination-certificate-expired");
  assert.equal(expiry.length, 2, "told at start, for both destinations that have it");
  assert.ok(expiry.every(({ level }) => level === "ERROR"));
  await scene.client.stop();
});

test("files that change, also by a link, are used without a restart; bad ones are told and not used", {
  skip,
}, async (t) => {
  const stage = await TlsScene.open(t, { client: { status_interval: "300ms" } });
  const { authority, scene } = stage;
  const server = await wanting(stage);
  const issued = (name: string, to = 90) => authority.issue(name, { usage: "clientAuth", to });
  const link = stage.below("current");
  const swapTo = (name: string, { cert, key }: Issued) => {
    const directory = stage.below(name);
    fs.mkdirSync(directory);
    fs.copyFileSync(cert, `${directory}/cert.pem`);
    fs.copyFileSync(key, `${directory}/key.pem`);
    fs.symlinkSync(directory, `${link}.new`);
    fs.renameSync(`${link}.new`, link);
  };
  const shown = () => server.greetings.at(-1)?.client;
  swapTo("one", issued("first"));
  stage.deliverTo({ url: server.url, tls: { cert: `${link}/cert.pem`, key: `${link}/key.pem` } });
  await scene.startClient();
  await stage.has(server, stage.write("a.log"));
  assert.equal(shown(), "first");
  await scene.client.logged("destination-status", "our certificate expires in 89 days");
  assert.deepEqual(scene.client.events("destination-certificate-expires"), []);

  swapTo("two", issued("second", 20));
  await scene.client.logged("destination-tls-renewed", server.url);
  await stage.has(server, stage.write("b.log"));
  assert.equal(shown(), "second");
  await scene.client.logged("destination-status", "our certificate expires in 19 days");

  // The key of another certificate: what works stays, and is used for new connections.
  swapTo("three", { cert: issued("third").cert, key: issued("other").key });
  const { level } = await scene.client.logged("destination-tls-not-renewed", "is not the private key of");
  assert.equal(level, "ERROR");
  swapTo("four", authority.issue("fourth", { usage: "clientAuth", from: -9, to: -1 }));
  await scene.client.logged("destination-tls-not-renewed", "has expired");
  fs.chmodSync(stage.below("four/key.pem"), 0o644);
  await scene.client.logged("destination-tls-not-renewed", "can be read or changed by others");
  server.breakAll();
  await stage.has(server, stage.write("c.log"));
  assert.equal(shown(), "second");

  // Each file by itself, the key a while after the certificate; SIGHUP does not wait for the next look.
  const fifth = issued("fifth");
  fs.copyFileSync(fifth.cert, stage.below("four/cert.pem"));
  fs.rmSync(stage.below("four/key.pem"));
  fs.copyFileSync(fifth.key, stage.below("four/key.pem"));
  scene.client.child.kill("SIGHUP");
  await scene.until("renewed again", () => scene.client.events("destination-tls-renewed").length === 2);
  await stage.has(server, stage.write("d.log"));
  assert.equal(shown(), "fifth");
  await scene.client.stop();
});

test("a server's certificate and the CA behind it, changed under way: nothing is lost, nothing is restarted", {
  skip,
}, async (t) => {
  const stage = await TlsScene.open(t);
  const { scene } = stage;
  const server = await stage.server();
  const ca = stage.below("ca.pem");
  fs.copyFileSync(stage.authority.cert, ca);
  stage.deliverTo({ url: server.url, tls: { ca } });
  await scene.startClient();
  await stage.has(server, stage.write("a.log"));
  // First the clients trust both authorities, then the server changes over.
  const next = new Authority(scene.home, "next");
  fs.appendFileSync(ca, fs.readFileSync(next.cert));
  await scene.client.logged("destination-tls-renewed");
  server.use(pem(next.issue("server", { san: `IP:${server.address}` })));
  server.breakAll();
  await stage.has(server, stage.write("b.log"));
  // Now only the old one is trusted: the server's certificate is none any more.
  fs.copyFileSync(stage.authority.cert, ca);
  await scene.until("renewed", () => scene.client.events("destination-tls-renewed").length === 2);
  stage.write("c.log");
  await stage.complaint(server.url, /of a CA that is not trusted here/);
  assert.equal(server.files.has("/c.log"), false);
  fs.appendFileSync(ca, fs.readFileSync(next.cert));
  await stage.has(server, "c.log");
  assert.equal(server.files.get("/a.log")?.toString(), "a line of a.log\n", "once");
  await scene.client.stop();
});
