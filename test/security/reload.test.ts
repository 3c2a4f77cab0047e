// New certificates without a restart: under load, by link, one after the other, and bad ones that change nothing.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { type Issued, noOpenssl } from "../support/certificates.ts";
import { HonestClient } from "../support/honest-client.ts";
import { install, SecureServer } from "../support/secure-server.ts";
import { until } from "../support/until.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;

function serverCertificate(secure: SecureServer, to = 10): Issued {
  return secure.authority.issue("server", { san: "IP:127.0.0.1", to });
}

/** The serial number that the server shows now. */
async function shown(secure: SecureServer): Promise<string> {
  const connection = await secure.connect(undefined);
  const { serialNumber } = (connection.socket as TLSSocket).getPeerCertificate();
  connection.close();
  return serialNumber;
}

function reloads(secure: SecureServer): number {
  return secure.server.output.split(" tls-reloaded ").length - 1;
}

test("certificates are swapped five times under a client that appends without a pause", { skip }, async () => {
  const secure = await SecureServer.start({ crl: true });
  const { server, authority } = secure;
  const client = secure.client("host-a");
  const honest = new HonestClient(() => secure.connect(client), "/host-a/f");
  for (let round = 1; round <= 5; round++) {
    const sizeBefore = honest.size;
    // Whom we trust changes in the third and the fifth round: those cut connections, the others do not.
    if (round === 3) secure.replace("crl.pem", authority.crl());
    if (round === 5) fs.appendFileSync(path.join(secure.files, "ca.pem"), fs.readFileSync(authority.cert));
    install(secure.files, serverCertificate(secure));
    if (round % 2 === 0) server.kill("SIGHUP");
    await until(
      () => reloads(secure) >= round && honest.size > sizeBefore + 100,
      `reload ${round}, and appends behind it`,
    );
  }
  await honest.finish(path.join(server.datadir, "host-a/f"));
  assert.ok(honest.connections <= 3, `${honest.connections} connections`);
  assert.deepEqual(
    [...honest.refusals.keys()].filter((status) => status !== 0),
    [],
  );
  assert.equal(await server.stop(), 0);
});

test("a link on the way is swapped, as those who renew certificates do", { skip }, async () => {
  const secure = await SecureServer.start();
  const releases = [1, 2].map((n) => {
    const files = path.join(secure.files, `release-${n}`);
    fs.mkdirSync(files);
    install(files, serverCertificate(secure));
    return files;
  });
  const live = path.join(secure.files, "live");
  const point = (to: string | undefined) => {
    fs.symlinkSync(to ?? "", `${live}.new`);
    fs.renameSync(`${live}.new`, live);
  };
  point(releases[0]);
  for (const name of ["cert.pem", "key.pem"]) {
    fs.rmSync(path.join(secure.files, name));
    fs.symlinkSync(path.join("live", name), path.join(secure.files, name));
  }
  await until(() => reloads(secure) === 1, "the first release");
  const before = await shown(secure);
  point(releases[1]);
  await until(() => reloads(secure) === 2, "the second release");
  assert.notEqual(await shown(secure), before);
  assert.equal(await secure.server.stop(), 0);
});

test("new files that cannot be used leave the old in force, and the event names the file and the reason", {
  skip,
}, async () => {
  const secure = await SecureServer.start({ crl: true });
  const { server, files, authority } = secure;
  const client = secure.client("host-a");
  const serial = await shown(secure);
  const other = serverCertificate(secure);
  const kept = new Map(["cert.pem", "key.pem", "ca.pem", "crl.pem"].map((name) => [name, read(name)]));
  function read(name: string): Buffer {
    return fs.readFileSync(path.join(files, name));
  }
  const spoil: readonly (readonly [RegExp, () => void])[] = [
    [/cert\.pem" holds no certificate/, () => fs.writeFileSync(path.join(files, "cert.pem"), "nonsense")],
    [/key\.pem" is not the private key/, () => fs.copyFileSync(other.cert, path.join(files, "cert.pem"))],
    [/key\.pem" can be read.*chmod 600/, () => fs.chmodSync(path.join(files, "key.pem"), 0o644)],
    [/key\.pem": no such file/, () => fs.rmSync(path.join(files, "key.pem"))],
    [/ca\.pem" holds a certificate that is no CA/, () => fs.copyFileSync(other.cert, path.join(files, "ca.pem"))],
    [/crl\.pem" holds no revocation list/, () => fs.writeFileSync(path.join(files, "crl.pem"), "")],
    [
      /crl\.pem" is not taken by the TLS library/,
      () => fs.writeFileSync(path.join(files, "crl.pem"), "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
    ],
  ];
  for (const [words, act] of spoil) {
    act();
    server.kill("SIGHUP");
    await server.says(new RegExp(`ERROR tls-reload-failed Cannot take the new files: .*${words.source}`));
    assert.equal(await shown(secure), serial);
    assert.equal(await secure.head(client, "/host-a/f"), 404);
    for (const [name, bytes] of kept) fs.writeFileSync(path.join(files, name), bytes);
    fs.chmodSync(path.join(files, "key.pem"), 0o600);
  }
  assert.equal(await secure.head(secure.authority.selfSigned("x", "DNS:x"), "/x/f"), 401);
  assert.ok(fs.existsSync(authority.cert));
  assert.equal(await server.stop(), 0);
});

test("a certificate that ends within 30 days is warned of, and the status line counts the days", { skip }, async () => {
  const secure = await SecureServer.start({ config: { status_interval: 200 } });
  const { server } = secure;
  await server.says(/WARN tls-expiring The certificate of "CN=server" in "[^"]*cert\.pem" expires in 9 days/);
  await server.says(/INFO server-status .*; certificates hold for 9 days/);
  // The authority's own holds for 30 days.
  install(secure.files, serverCertificate(secure, 100));
  await server.says(/INFO server-status .*; certificates hold for 29 days/);
  install(secure.files, serverCertificate(secure, -0.5));
  await server.says(/ERROR tls-reload-failed .*cert\.pem" has expired or is not valid yet; what was read before/);
  assert.equal(await server.stop(), 0);
});
