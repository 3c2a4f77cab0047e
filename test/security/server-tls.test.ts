// Who gets in: every kind of certificate against a server that asks for one. Each refusal comes before any file is
// touched, and the reason is in the server's log.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Authority, type Issued, noOpenssl } from "../support/certificates.ts";
import { head } from "../support/raw-http.ts";
import { SecureServer } from "../support/secure-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { filesBelow } from "../support/trees.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;
const noSslscan = spawnSync("sslscan", ["--version"]).status === 0 ? skip : "skipped: sslscan is not installed";

test("the certificates of clients: one is taken, the others are told 401 before any file is touched", {
  skip,
}, async () => {
  const secure = await SecureServer.start({ crl: true });
  const { server, authority } = secure;
  const foreign = new Authority(tempDir());
  const revoked = secure.client("revoked");
  authority.revoke(revoked);
  secure.replace("crl.pem", authority.crl());
  server.kill("SIGHUP");
  await server.says(/tls-reloaded/);

  const refusals: readonly (readonly [reason: RegExp, client: Issued | undefined])[] = [
    [/it shows no client certificate/, undefined],
    [/of "host-a" is of a CA that client_ca does not hold/, foreign.issue("host-a", { usage: "clientAuth" })],
    [/of "host-a" is self-signed/, authority.selfSigned("host-a", "DNS:host-a")],
    [/of "old" has expired/, authority.issue("old", { usage: "clientAuth", from: -3, to: -1 })],
    [/of "new" is not valid yet/, authority.issue("new", { usage: "clientAuth", from: 1, to: 3 })],
    [/of "log1" is not for clients \(extended key usage\)/, authority.issue("log1", { usage: "serverAuth" })],
    [/of "revoked" is revoked/, revoked],
  ];
  for (const [reason, client] of refusals) {
    for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
      const answer = await secure.ask(client, head("HEAD", "/host-a/file"), { maxVersion: version });
      assert.equal(answer?.status, 401, `${reason}`);
      assert.equal(answer.fields.has("upload-offset"), false);
    }
    assert.equal(await secure.put(client, "/host-a/file", 0, "abc"), 401, `${reason}`);
    const line = /^.* client-refused .*$/gm;
    assert.match(server.output.match(line)?.at(-1) ?? "", reason);
  }
  assert.deepEqual([...filesBelow(server.datadir).keys()], []);

  const good = secure.client("host-a");
  assert.equal(await secure.put(good, "/host-a/file", 0, "abc"), 201);
  await server.says(/DEBUG server-request PUT "\/host-a\/file" "bytes 0-2\/\*" from "host-a" at 127.0.0.1: 201/);
  assert.equal(await server.stop(), 0);
});

test("below TLS 1.2, without forward secrecy, or without TLS nobody gets in, and the log says so", {
  skip,
}, async () => {
  const secure = await SecureServer.start();
  const { server } = secure;
  const client = secure.client("host-a");
  for (const maxVersion of ["TLSv1", "TLSv1.1"] as const) {
    const old = { minVersion: "TLSv1" as const, maxVersion, ciphers: "DEFAULT:@SECLEVEL=0" };
    await assert.rejects(secure.connect(client, old), maxVersion);
  }
  await server.says(/client-handshake-failed No connection with 127.0.0.1: it offers neither TLS 1.2 nor 1.3/);
  for (const ciphers of ["AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"]) {
    await assert.rejects(secure.connect(client, { maxVersion: "TLSv1.2", ciphers }), ciphers);
  }
  await server.says(/No connection with 127.0.0.1: it offers no cipher with forward secrecy/);
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/host-a/file`));
  await server.says(/No connection with 127.0.0.1: it speaks plain HTTP/);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const connection = await secure.connect(client, { maxVersion });
    await connection.send(head("HEAD", "/host-a/file"));
    assert.equal((await connection.answer(true))?.status, 404);
    connection.close();
  }
  assert.equal(await server.stop(), 0);
});

test("a client cannot renegotiate", { skip }, async () => {
  const secure = await SecureServer.start();
  const args = ["s_client", "-connect", `127.0.0.1:${secure.server.port}`, "-tls1_2", "-legacy_renegotiation"];
  const { stderr, stdout } = spawnSync("openssl", args, { input: "R\n", encoding: "utf8", timeout: 20_000 });
  assert.match(`${stdout}${stderr}`, /RENEGOTIATING/);
  assert.match(`${stdout}${stderr}`, /no renegotiation/);
  assert.equal(await secure.server.stop(), 0);
});

test("sslscan finds nothing", { skip: noSslscan }, async () => {
  const secure = await SecureServer.start();
  const args = ["--no-colour", "--show-certificate", `127.0.0.1:${secure.server.port}`];
  const { stdout } = spawnSync("sslscan", args, { encoding: "utf8", timeout: 60_000 });
  for (const version of ["SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1"]) {
    assert.match(stdout, new RegExp(`^${version.replace(".", "\\.")} +disabled$`, "m"), stdout);
  }
  for (const version of ["TLSv1.2", "TLSv1.3"]) assert.match(stdout, new RegExp(`^${version} +enabled$`, "m"), stdout);
  assert.match(stdout, /renegotiation not supported/i, stdout);
  assert.doesNotMatch(stdout, /compression enabled|(?<!not )vulnerable to heartbleed/i, stdout);
  const ciphers = [...stdout.matchAll(/^(?:Preferred|Accepted) +TLSv1\.\d +\d+ bits +(\S+)/gm)].map(([, name]) => name);
  assert.ok(ciphers.length >= 4, stdout);
  for (const name of ciphers) assert.match(name ?? "", /^TLS_(AES|CHACHA20)|^ECDHE-.*(GCM|CHACHA20)/, stdout);
  assert.equal(await secure.server.stop(), 0);
});
