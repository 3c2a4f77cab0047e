// Both built halves with certificates on each side: everything arrives once, each client reaches its own part and
// no other, and one whose certificate was revoked goes on where it was as soon as it has a new one.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { openScene } from "../support/scene.ts";
import { SecureServer } from "../support/secure-server.ts";
import { sync } from "../support/sync-once.ts";

const skip = noOpenssl;

test("a client and a server with certificates: delivered once, revoked, renewed, and on from there", {
  skip,
}, async (t) => {
  const secure = await SecureServer.start({ crl: true });
  const scene = await openScene(t);
  const base = `https://127.0.0.1:${secure.server.port}`;
  const [cert, key] = [path.join(scene.home, "cert.pem"), path.join(scene.home, "key.pem")];
  const own = (from: { cert: string; key: string }) => {
    fs.copyFileSync(from.key, key);
    fs.chmodSync(key, 0o600);
    fs.copyFileSync(from.cert, cert);
  };
  const first = secure.client("host-a");
  own(first);
  const tls = { ca: secure.authority.cert, cert, key };
  scene.configure({
    destinations: [
      { url: `${base}/host-a/`, tls },
      { url: `${base}/host-ab/`, tls },
    ],
  });
  const store = path.join(secure.server.datadir, "host-a");
  const lines = new Lines();
  const file = scene.log("app.log");
  const arrived = () => fs.existsSync(`${store}/app.log`) && fs.readFileSync(`${store}/app.log`, "utf8");
  const settled = () => scene.until("all lines are there", () => arrived() === fs.readFileSync(file, "utf8"));
  lines.append(file, 200);
  fs.writeFileSync(scene.log("big.log"), Buffer.alloc(20_000_000, "0123456789abcdef\n"));
  await scene.startClient();
  await settled();
  await scene.until(
    "the big file",
    () => fs.statSync(`${store}/big.log`, { throwIfNoEntry: false })?.size === 20_000_000,
  );
  assert.match((await scene.client.logged("file-denied", "/host-ab/")).text, /403/);
  assert.deepEqual(
    fs.readdirSync(secure.server.datadir).filter((name) => !name.startsWith(".")),
    ["host-a"],
  );

  secure.authority.revoke(first);
  secure.replace("crl.pem", secure.authority.crl());
  await secure.server.says(/reloaded/);
  lines.append(file, 10);
  await scene.client.logged("file-denied", "401");
  assert.notEqual(arrived(), fs.readFileSync(file, "utf8"));
  own(secure.client("host-a"));
  await scene.client.logged("destination-tls-renewed");
  lines.append(file, 10);
  await settled();
  await scene.client.stop();
  assertExactlyOnce([["app.log", String(arrived())]], lines.count);
  scene.configure({ destinations: [{ url: `${base}/host-a/`, tls }] });
  lines.append(file, 10);
  await sync(scene, 0);
  await settled();
  await secure.server.stop();
});
