// What `shaftlog check` says of each kind of destination, good and bad, and that no kind of server has a byte more, or a
// file, after it.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { check, checkBeside, finding, findingsOf, levels } from "../support/check.ts";
import { startServer } from "../support/command.ts";
import { byBaseName, type Destination, writeClientConfig } from "../support/configs.ts";
import { FakeServer } from "../support/fake-server.ts";
import { WireProxy } from "../support/proxy.ts";
import { SecureServer } from "../support/secure-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { picture } from "../support/untouched.ts";
import { lacksWebDav, startWebDav } from "../support/webdav.ts";

/** A client's configuration with one file and these destinations. */
function configFor(...destinations: readonly (string | Destination)[]): string {
  const home = tempDir();
  const config = path.join(home, "client.yaml");
  fs.mkdirSync(path.join(home, "logs"));
  fs.writeFileSync(path.join(home, "logs", "app.log"), "a line\n");
  writeClientConfig(config, {
    datadir: path.join(home, "spool"),
    logfile: path.join(home, "client.log"),
    scan_paths: [byBaseName(`${home}/logs/*`)],
    destinations,
  });
  return config;
}

const OF_DESTINATIONS = ["reached", "protocol", "append", "clock", "plain-http"].map((name) => `destination-${name}`);

test("where compression is wanted: whether it is taken", async (t) => {
  const server = await startServer();
  const proxy = await WireProxy.open(t, server.url);
  proxy.hidden = "accept-encoding";
  const urls = [server.url, proxy.url];
  const report = await checkBeside(configFor(...urls.map((url) => ({ url, compression: "zstd" }) as const)));
  const found = findingsOf(report).filter(({ name }) => name === "destination-compression");
  assert.deepEqual(
    found.map(({ level, subject }) => [level, subject]),
    [
      ["ok", server.url],
      ["warning", proxy.url],
    ],
  );
});

test("our own server: digests, an append that is refused, clocks; and nothing of it stays there", async () => {
  const server = await startServer();
  const config = configFor(`${server.url}web1/`);
  // What a server makes of a request for the first time it makes now.
  check(config);
  const before = picture(server.datadir);
  const report = check(config);
  assert.deepEqual(levels(report, ...OF_DESTINATIONS), [
    "ok destination-append",
    "ok destination-clock",
    "ok destination-protocol",
    "ok destination-reached",
  ]);
  assert.match(finding(report, "destination-protocol").text, /with digests/);
  assert.equal(picture(server.datadir), before);
  assert.deepEqual(
    fs.readdirSync(server.datadir).filter((name) => !name.startsWith(".")),
    [],
  );

  // The same where the file is there already.
  fs.mkdirSync(path.join(server.datadir, "web1"));
  fs.writeFileSync(path.join(server.datadir, "web1", "app.log"), "a line\n");
  assert.match(finding(check(config), "destination-reached").text, /answered 200/);
  assert.match(finding(check(config), "destination-protocol").text, /with digests/);
  assert.deepEqual(fs.readdirSync(path.join(server.datadir, "web1")), ["app.log"]);
  assert.equal(fs.readFileSync(path.join(server.datadir, "web1", "app.log"), "utf8"), "a line\n");
  await server.stop();
});

test("a server that does not take our names", async () => {
  const server = await startServer({ config: { validate_regex: "^/web1/[a-z]+$" } });
  const found = finding(check(configFor(`${server.url}web1/`)), "destination-reached");
  assert.equal(found.level, "error");
  assert.match(found.text, /\(400\): see validate_regex/);
  await server.stop();
});

test("a server that takes only names of ours: the append is not tried, and that is no fault", async () => {
  const server = await startServer({ config: { validate_regex: "^/web1/app.log$" } });
  const report = check(configFor(`${server.url}web1/`));
  assert.deepEqual(levels(report, "destination-reached", "destination-append"), [
    "ok destination-append",
    "ok destination-reached",
  ]);
  assert.match(finding(report, "destination-append").text, /not tried/);
  await server.stop();
});

test("a strict server without digests, one that breaks its word, one that answers oddly", async (t) => {
  const fake = await FakeServer.open(t);
  const config = configFor(fake.url);
  assert.match(finding(await checkBeside(config), "destination-protocol").text, /strict server that tells no digests/);
  assert.equal(fake.files.size, 0);
  for (const { method, range } of fake.asked) if (method === "PUT") assert.ok((range?.start ?? 0) > 2 ** 50);
  fake.script = ({ method }) => (method === "PUT" ? { status: 204 } : undefined);
  assert.match(finding(await checkBeside(config), "destination-append").text, /must be answered 416 was answered 204/);
  for (const [status, words] of [
    [301, "redirect"],
    [500, "it answers 500"],
    [409, "is a directory or a link"],
  ] as const) {
    fake.script = () => ({ status });
    const found = finding(await checkBeside(config), "destination-reached");
    assert.equal(found.level, "error");
    assert.ok(found.text.includes(words), found.text);
  }
  fake.script = () => "close";
  assert.match(finding(await checkBeside(config), "destination-reached").text, /not reached/);
});

for (const kind of ["apache", "lighttpd", "nginx"] as const) {
  test(`${kind}: a server that writes wherever it is told to is asked nothing that it could write`, {
    skip: lacksWebDav(kind) ?? false,
  }, async (t) => {
    const dav = await startWebDav(t, kind);
    fs.writeFileSync(path.join(dav.root, "app.log"), "a l");
    const before = picture(dav.root);
    const report = check(configFor(dav.url));
    assert.equal(picture(dav.root), before);
    const found = finding(report, "destination-protocol");
    assert.equal(found.level, "warning");
    assert.match(found.text, kind === "nginx" ? /unknown kind/ : /WebDAV/);
    assert.deepEqual(levels(report, "destination-append"), [], "not tried");
    assert.match(finding(report, "destination-reached").text, /answered 200/);
  });
}

test("the original's server, and a clock that is wrong", async (t) => {
  const fake = await FakeServer.open(t);
  fake.life = undefined;
  fake.script = ({ method }) =>
    method === "HEAD"
      ? { status: 404, fields: [`Date: ${new Date(Date.now() + 3_600_000).toUTCString()}`] }
      : { status: 405, fields: ["Allow: HEAD, PUT"] };
  const report = await checkBeside(configFor(fake.url));
  assert.match(finding(report, "destination-protocol").text, /the original protocol/);
  assert.match(finding(report, "destination-clock").text, /differ by (3599|3600|3601) s/);
  assert.deepEqual(
    fake.asked.map(({ method }) => method),
    ["HEAD", "OPTIONS"],
  );
});

test("several at once: each is told of by itself, a dead one and one that nobody can look up", async () => {
  const server = await startServer();
  const [dead, unknown] = ["http://127.0.0.1:9/", "http://no-such-host.invalid/x/"];
  const report = check(configFor(dead, `${server.url}web1/`, unknown));
  assert.match(finding(report, "destination-reached", dead).text, /connection refused/);
  assert.match(finding(report, "destination-reached", unknown).text, /not reached: host name/);
  assert.equal(finding(report, "destination-reached", server.url).level, "ok");
  assert.equal(finding(report, "destination-plain-http").subject, unknown, "the others do not leave this host");
  assert.match(findingsOf(report).find(({ subject }) => subject === dead)?.remedy ?? "", /^curl -sSI http:/);
  await server.stop();
});

test("TLS: a good one, no certificate, another's path, an unknown CA, files that cannot be used or end soon", {
  skip: noOpenssl,
}, async () => {
  const secure = await SecureServer.start();
  const { authority, server } = secure;
  const own = authority.issue("web1", { usage: "clientAuth", to: 100 });
  const url = `https://127.0.0.1:${server.port}`;
  const tls = { ca: authority.cert, ...own };
  const at = (where: string, more: Partial<Destination["tls"]> = {}) =>
    configFor({ url: `${url}${where}`, tls: { ...tls, ...more } });

  const good = check(at("/web1/"));
  assert.deepEqual(levels(good, ...OF_DESTINATIONS), [
    "ok destination-append",
    "ok destination-clock",
    "ok destination-protocol",
    "ok destination-reached",
  ]);
  // The test's authority holds for 30 days.
  assert.match(finding(good, "certificate-expires").text, /expires in 29 days|expires in 30 days/);

  // Its server's for ten.
  assert.match(finding(good, "destination-certificate").text, /trusted, has its name, and ends in (9|10) days/);

  const foreign = check(at("/web2/"));
  assert.match(finding(foreign, "destination-reached").text, /\(403\)/);
  const nobody = configFor({ url: `${url}/web1/`, tls: { ca: authority.cert } });
  assert.match(finding(check(nobody), "destination-reached").text, /\(401\)/);
  const untrusted = configFor({ url: `${url}/web1/`, tls: own });
  assert.match(finding(check(untrusted), "destination-reached").text, /CA that is not trusted/);
  const misnamed = check(at("/web1/", { server_name: "elsewhere.example" }));
  assert.match(finding(misnamed, "destination-reached").text, /not for elsewhere\.example/);

  const expired = authority.issue("web1", { usage: "clientAuth", from: -9, to: -1 });
  assert.match(finding(check(at("/web1/", expired)), "certificate-expires", "has expired").level, /error/);
  fs.chmodSync(own.key, 0o644);
  const open = finding(check(at("/web1/")), "certificate");
  assert.equal(open.level, "error");
  assert.match(open.text, /chmod 600/);
  fs.chmodSync(own.key, 0o600);
  const mixed = path.join(tempDir(), "mixed.pem");
  fs.writeFileSync(mixed, fs.readFileSync(own.cert, "utf8") + fs.readFileSync(expired.cert, "utf8"));
  assert.equal(finding(check(at("/web1/", { cert: mixed })), "certificate-chain").level, "error");
  await server.stop();
});
