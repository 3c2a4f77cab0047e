// A client that is known by a token: it goes with each request to the destination it is for and to no other, over TLS
// or on this host; it is renewed while the client runs, and never told.

import assert from "node:assert/strict";
import fs from "node:fs";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { FakeServer } from "../support/fake-server.ts";
import { TlsScene } from "../support/tls-scene.ts";

const FIRST = "first-token-0123456789abcdef";
const SECOND = "second-token-0123456789abcdef";

test("a token goes where it belongs, is renewed, and is never told", { skip: noOpenssl }, async (t) => {
  const stage = await TlsScene.open(t);
  const { scene, authority } = stage;
  const [secure, local, other] = [await stage.server(), await FakeServer.open(t), await FakeServer.open(t)];
  const file = stage.below("token");
  const put = (token: string, mode = 0o600) => {
    fs.writeFileSync(`${file}.new`, `${token}\n`, { mode });
    fs.renameSync(`${file}.new`, file);
  };
  put(FIRST);
  const authorization = { token_file: file };
  scene.configure({
    destinations: [
      { url: secure.url, authorization, tls: { ca: authority.cert } },
      { url: local.url, authorization },
      { url: other.url },
    ],
  });
  await scene.startClient({ flags: ["-d"] });
  const shown = (server: FakeServer) => /^authorization: (.*)$/im.exec(server.heads.at(-1) ?? "")?.[1];
  const all = async (name: string, token: string) => {
    stage.write(name);
    for (const server of [secure, local, other]) await stage.has(server, name);
    assert.deepEqual([secure, local, other].map(shown), [`Bearer ${token}`, `Bearer ${token}`, undefined]);
  };
  await all("a.log", FIRST);
  put(SECOND);
  await scene.until("both renewed", () => scene.client.events("destination-tls-renewed").length === 2);
  await all("b.log", SECOND);
  put("no token");
  await scene.client.logged("destination-tls-not-renewed", "holds no token");
  put(FIRST, 0o644);
  await scene.client.logged("destination-tls-not-renewed", "can be read or changed by others (mode 0644)");
  await all("c.log", SECOND);
  await scene.client.stop();
  const said = fs.readFileSync(scene.clientConfig.logfile, "utf8") + scene.client.output;
  for (const secret of [FIRST, SECOND, "no token\n"]) assert.ok(!said.includes(secret));
  const { status, stderr } = scene.syncOnce();
  assert.equal(status, 2);
  assert.match(stderr, /The token file ".*" can be read or changed by others \(mode 0644\): chmod 600/);
});
