// Who was let in can be put out: revoked, expired or of a CA that is trusted no more, he is cut off at once, also
// where he is idle, in the middle of a body, or comes back with a session from before. The others just connect anew.

import assert from "node:assert/strict";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { TLSSocket } from "node:tls";
import { Authority, type Issued, noOpenssl } from "../support/certificates.ts";
import { type Connection, head, putHead } from "../support/raw-http.ts";
import { SecureServer } from "../support/secure-server.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;

/** A connection that has been used, and the session that it was given. */
async function used(
  secure: SecureServer,
  client: Issued,
  version: "TLSv1.2" | "TLSv1.3",
  target: string,
): Promise<{ connection: Connection; session: Buffer }> {
  const connection = await secure.connect(client, { minVersion: version, maxVersion: version });
  let session: Buffer | undefined;
  connection.socket.on("session", (got: Buffer) => {
    session = got;
  });
  await connection.send(head("HEAD", target));
  assert.notEqual((await connection.answer(true))?.status, 401);
  // TLS 1.2 gives it inside the handshake, 1.3 behind it.
  const early = version === "TLSv1.2" ? (connection.socket as TLSSocket).getSession() : undefined;
  const got = await until(() => early ?? session, "a session");
  return { connection, session: got };
}

test("a session is resumed with the identity that it had", { skip }, async () => {
  const secure = await SecureServer.start();
  const client = secure.client("host-a");
  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    const { session, connection } = await used(secure, client, version, "/host-a/f");
    connection.close();
    const again = await secure.connect(client, { minVersion: version, maxVersion: version, session });
    assert.equal((again.socket as TLSSocket).isSessionReused(), true, version);
    for (const [target, status] of [
      ["/host-a/f", 404],
      ["/host-b/f", 403],
    ] as const) {
      await again.send(head("HEAD", target));
      assert.equal((await again.answer(true))?.status, status);
    }
    again.close();
  }
  assert.equal(await secure.server.stop(), 0);
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`${version}: revoked, he is cut off, idle or at work, and his sessions are worth nothing`, {
    skip,
  }, async () => {
    const secure = await SecureServer.start({ crl: true });
    const { server, authority } = secure;
    const [bad, good] = [secure.client("host-a"), secure.client("host-b")];
    const idle = await used(secure, bad, version, "/host-a/f");
    const busy = await secure.connect(bad, { minVersion: version, maxVersion: version });
    await busy.send(`${putHead("/host-a/f", 0, 6)}abc`);
    const file = path.join(server.datadir, "host-a/f");
    await until(() => fs.existsSync(file) && fs.statSync(file).size === 3, "the first bytes");

    authority.revoke(bad);
    secure.replace("crl.pem", authority.crl());
    // Nobody tells the server: it looks by itself.
    await Promise.all([idle, { connection: busy }].map(({ connection }) => closed(connection)));
    await server.says(/INFO tls-reloaded Certificates were read anew.*every connection has to prove anew who it is/);

    const resumed = await secure.connect(bad, { minVersion: version, maxVersion: version, session: idle.session });
    await resumed.send(head("HEAD", "/host-a/f"));
    assert.equal((await resumed.answer(true))?.status, 401);
    resumed.close();
    assert.equal(await secure.put(bad, "/host-a/f", 3, "def"), 401);
    await server.says(/client-refused .* of "host-a" is revoked/);
    assert.equal(fs.readFileSync(file, "utf8"), "abc", "what came is kept, and nothing is added");
    assert.equal(await secure.put(good, "/host-b/f", 0, "abc"), 201);
    assert.equal(await server.stop(), 0);
  });
}

test("a CA that is trusted no more takes its clients along, and a new one brings its own", { skip }, async () => {
  const secure = await SecureServer.start();
  const { server } = secure;
  const next = new Authority(tempDir(), "next authority");
  const [old, fresh] = [secure.client("host-a"), next.issue("host-a", { usage: "clientAuth" })];
  const { connection, session } = await used(secure, old, "TLSv1.3", "/host-a/f");
  assert.equal(await secure.head(fresh, "/host-a/f"), 401);
  secure.replace("ca.pem", next.cert);
  server.kill("SIGHUP");
  await closed(connection);
  const resumed = await secure.connect(old, { session });
  await resumed.send(head("HEAD", "/host-a/f"));
  assert.equal((await resumed.answer(true))?.status, 401);
  resumed.close();
  assert.equal(await secure.put(fresh, "/host-a/f", 0, "abc"), 201);
  assert.equal(await server.stop(), 0);
});

test("a certificate that ends while its connection is open ends its requests too", { skip }, async () => {
  const secure = await SecureServer.start();
  const seconds = 1 / 86_400;
  const client = secure.authority.issue("host-a", { usage: "clientAuth", to: 4 * seconds });
  const { connection, session } = await used(secure, client, "TLSv1.3", "/host-a/f");
  const status = await until(async () => {
    await connection.send(head("HEAD", "/host-a/f"));
    const answer = await connection.answer(true);
    return answer?.status === 404 ? undefined : answer?.status;
  }, "the end of the certificate");
  assert.equal(status, 401);
  await secure.server.says(/client-refused .* of "host-a" has expired/);
  const resumed = await secure.connect(client, { session });
  await resumed.send(head("HEAD", "/host-a/f"));
  assert.equal((await resumed.answer(true))?.status, 401);
  resumed.close();
  assert.equal(await secure.server.stop(), 0);
});

async function closed({ socket }: Connection): Promise<void> {
  if (!socket.destroyed) await once(socket, "close", { signal: AbortSignal.timeout(20_000) });
}
