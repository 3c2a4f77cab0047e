// Private keys and the authority: keys that others can read are refused at start; `shaftlog pki` makes what a server
// and a client can use as it is, keeps keys to their owner, and overwrites nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parseClientConfig } from "../../src/config/client.ts";
import { parseServerConfig } from "../../src/config/server.ts";
import { noOpenssl } from "../support/certificates.ts";
import { launchServer, startServer } from "../support/command.ts";
import { run } from "../support/processes.ts";
import { Connection, head } from "../support/raw-http.ts";
import { SecureServer } from "../support/secure-server.ts";
import { tempDir } from "../support/temp-dir.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;
const noCurl = spawnSync("curl", ["--version"]).status === 0 ? skip : "skipped: curl is not installed";

test("a key that others can read keeps the server from starting, and the remedy is told", { skip }, async () => {
  const { server, files } = await SecureServer.start();
  await server.stop();
  const tls = { cert: path.join(files, "cert.pem"), key: path.join(files, "key.pem") };
  for (const mode of [0o604, 0o640, 0o644, 0o660, 0o601, 0o777]) {
    fs.chmodSync(tls.key, mode);
    const refused = launchServer({ config: { tls } });
    assert.equal(await refused.ended(), 2);
    assert.match(
      refused.output,
      /^The private key "[^"]*key\.pem" can be read.* \(mode 0[0-7]{3}\): chmod 600 \S*key\.pem/,
    );
    assert.equal(refused.output.split("\n").length, 2, "one line");
    assert.doesNotMatch(refused.output, /BEGIN|PRIVATE KEY-/);
  }
  if (process.getuid?.() === 0) {
    fs.chmodSync(tls.key, 0o600);
    fs.chownSync(tls.key, 12_345, 0);
    const refused = launchServer({ config: { tls } });
    assert.equal(await refused.ended(), 2);
    assert.match(refused.output, /key\.pem" belongs to user 12345, who can read it: chown 0 /);
    fs.chownSync(tls.key, 0, 0);
  }
  for (const mode of [0o600, 0o400]) {
    fs.chmodSync(tls.key, mode);
    await (await startServer({ config: { tls } })).stop();
  }
});

test("what cannot be used at start: exit 2, one line that names the file", { skip }, async () => {
  const { server, files, authority } = await SecureServer.start();
  await server.stop();
  const at = (name: string) => path.join(files, name);
  fs.writeFileSync(at("empty"), "");
  const good = { cert: at("cert.pem"), key: at("key.pem"), client_ca: at("ca.pem") };
  for (const [tls, words] of [
    [{ ...good, cert: at("nowhere") }, /nowhere": no such file/],
    [{ ...good, cert: at("empty") }, /empty" holds no certificate/],
    [{ ...good, key: at("cert.pem") }, /cert\.pem"/],
    [{ ...good, key: authority.issue("other").key }, /is not the private key/],
    [{ ...good, client_ca: at("cert.pem") }, /no CA/],
    [{ ...good, crl: at("empty") }, /empty" holds no revocation list/],
    [{ ...good, key: "/dev/null" }, /no regular file/],
  ] as const) {
    const refused = launchServer({ config: { tls } });
    assert.equal(await refused.ended(), 2, JSON.stringify(tls));
    assert.match(refused.output, words);
    assert.match(refused.output, /^[^\n]+\n$/);
  }
});

test("an authority, a server and a client in one command each, and curl delivers", { skip: noCurl }, async () => {
  const dir = path.join(tempDir(), "pki");
  const pki = (...args: readonly string[]) => {
    const { status, stdout, stderr } = run(["pki", ...args, "--dir", dir]);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  pki("init");
  const forServer = pki("issue", "--server", "log1.example.com,localhost,127.0.0.1,::1");
  const forClient = pki("issue", "--client", "host-a");

  const client = parseClientConfig(`${forClient}scan_paths: [{name: a, pattern: /a}]\n`, "c");
  assert.ok("config" in client, JSON.stringify(client));
  assert.equal(client.config.destinations[0]?.url, "https://SERVER:10655/host-a/");
  const parsed = parseServerConfig(forServer, "s");
  assert.ok("config" in parsed, JSON.stringify(parsed));
  assert.equal(parsed.config.clientPrefix, "/{cn}/");
  const { cert, key, clientCa, crl } = parsed.config.tls ?? assert.fail();

  const server = await startServer({ config: { tls: { cert, key, client_ca: clientCa, crl } } });
  const curl = (target: string, ...args: readonly string[]) => {
    const own = [
      "--cert",
      `${dir}/client-host-a.crt`,
      "--key",
      `${dir}/client-host-a.key`,
      "--cacert",
      `${dir}/ca.crt`,
    ];
    const common = ["-sS", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", ...own, ...args];
    return spawnSync("curl", [...common, `https://localhost:${server.port}${target}`], { encoding: "utf8" }).stdout;
  };
  const put = ["-X", "PUT", "-H", "Content-Range: bytes 0-4/5", "--data-binary", "hello"];
  assert.equal(curl("/host-a/f", ...put), "201");
  assert.equal(curl("/host-b/f", ...put), "403");
  pki("revoke", "--client", "host-a");
  await server.says(/tls-reloaded/);
  // As one would have them who had copied them before.
  for (const name of fs.readdirSync(dir)) {
    const match = /^(client-host-a\.(?:crt|key))\.revoked-[0-9A-F]+$/.exec(name);
    if (match !== null) fs.renameSync(path.join(dir, name), path.join(dir, match[1] as string));
  }
  assert.equal(curl("/host-a/f", "-I"), "401");
  await server.says(/client-refused .* of "host-a" is revoked/);
  assert.equal(await server.stop(), 0);
});

test("what is secret is its owner's, whatever the umask", { skip }, () => {
  const dir = path.join(tempDir(), "pki");
  const lax = ["sh", "-c", 'umask 0; exec "$@"', "sh"];
  for (const args of [["init"], ["issue", "--server", "log1"], ["issue", "--client", "a"]]) {
    assert.equal(run(["pki", ...args, "--dir", dir], lax).status, 0);
  }
  assert.equal(fs.statSync(dir).mode & 0o777, 0o700);
  for (const name of fs.readdirSync(dir)) {
    const { mode } = fs.statSync(path.join(dir, name));
    assert.equal(mode & 0o022, 0, name);
    if (name.endsWith(".key")) assert.equal(mode & 0o777, 0o600, name);
  }
});

test("nothing is overwritten, and what cannot be a name makes nothing", { skip }, () => {
  const dir = path.join(tempDir(), "pki");
  const pki = (...args: readonly string[]) => run(["pki", ...args, "--dir", dir]);
  assert.equal(pki("issue", "--client", "a").status, 2, "without an authority");
  assert.equal(pki("init", "--name", "Example Logs").status, 0);
  assert.equal(pki("issue", "--client", "a").status, 0);
  const before = snapshotOf(dir);
  for (const args of [
    ["init"],
    ["issue", "--client", "a"],
    ["issue", "--client", "../a"],
    ["issue", "--client", "a/CN=b"],
    ["issue", "--client", ".a"],
    ["issue", "--client", "a,b"],
    ["issue", "--client", "*"],
    ["issue", "--client", ""],
    ["issue", "--server", "log1,DNS:evil"],
    ["issue", "--server", "log1,"],
    ["issue", "--client", "a", "--server", "b"],
    ["issue"],
    ["issue", "--client", "b", "--days", "0"],
    ["issue", "--client", "b", "--days", "1e3"],
    ["revoke", "--client", "b"],
  ]) {
    const { status, stdout, stderr } = pki(...args);
    assert.equal(status, 2, args.join(" "));
    assert.equal(stdout, "");
    assert.match(stderr, /^[^\n]+\n(Try '[^\n]+\n)?$/, args.join(" "));
    assert.deepEqual(snapshotOf(dir), before, args.join(" "));
  }
});

test("without openssl: one line that says what to install, and nothing is made", () => {
  const dir = path.join(tempDir(), "pki");
  const { status, stderr } = run(["pki", "init", "--dir", dir], ["env", "PATH=/nonexistent"]);
  assert.equal(status, 2);
  assert.match(stderr, /^Cannot run the program openssl: install the package openssl/);
  assert.equal(fs.existsSync(dir), false);
});

test("plain HTTP beyond loopback is said at each start as an error, with the remedy; on loopback it is not", async () => {
  const open = await startServer({ config: { bind_address: "0.0.0.0" } });
  const [line] = await open.says(/ERROR plain-http Listening on 0\.0\.0\.0:\d+ without TLS: .*set tls.*/);
  assert.match(line, /bind_address: 127\.0\.0\.1/);
  await open.stop();
  for (const address of ["127.0.0.1", "127.1.2.3"]) {
    const local = await startServer({ config: { bind_address: address } });
    assert.doesNotMatch(local.output, /plain-http/);
    const connection = await Connection.open(local.port, address);
    await connection.send(head("HEAD", "/f"));
    assert.equal((await connection.answer(true))?.status, 404);
    connection.close();
    await local.stop();
  }
});

function snapshotOf(dir: string): [string, number][] {
  return fs.readdirSync(dir).map((name) => [name, fs.statSync(path.join(dir, name)).mtimeMs]);
}
