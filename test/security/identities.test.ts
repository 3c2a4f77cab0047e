// Everybody in his own corner: what a client's certificate or token opens, the tricks that lead nowhere, and answers
// that tell nothing of what others have.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { startServer } from "../support/command.ts";
import { Connection, head, putHead, request } from "../support/raw-http.ts";
import { SecureServer } from "../support/secure-server.ts";
import { canary, tempDir } from "../support/temp-dir.ts";
import { filesBelow } from "../support/trees.ts";

const skip = noOpenssl === false ? false : `skipped: ${noOpenssl}`;
/** Takes whatever can be a path: prefixes must hold without its help. */
const ANY = "^/.*$";

test("host-a is neither host-ab nor Host-A nor anything that only looks like it", { skip }, async () => {
  const secure = await SecureServer.start({ config: { validate_regex: ANY } });
  const { server } = secure;
  const [a, ab] = [secure.client("host-a"), secure.client("host-ab")];
  const untouched = canary(path.dirname(server.datadir), path.basename(server.datadir), "server.yaml");
  assert.equal(await secure.put(ab, "/host-ab/f", 0, "of ab"), 201);
  assert.equal(await secure.put(a, "/host-a/f", 0, "of a"), 201);
  assert.equal(await secure.put(a, "/%68ost%2Da/sub/g", 0, "of a"), 201, "another spelling of the same path");
  for (const target of [
    "/host-ab/f",
    "/host-ab",
    "/host-a",
    "/Host-A/f",
    "/HOST-A/f",
    "/host-a%00/f",
    "/host-a%2ff",
    "/host-a%2Fsub%2Fg",
    "/host-a//f",
    "/host-a/./f",
    "/host-a/../host-ab/f",
    "/host-a/%2e%2e/host-ab/f",
    "/host-a/%2E./host-ab/f",
    "/host-a/..%2fhost-ab/f",
    "/host-a%5c../host-ab/f",
    "/host-a\\..\\host-ab\\f",
    "/host-a%20/f",
    "/host-a./f",
    "/host-a%E2%80%8B/f",
    "/hos%C2%ADt-a/f",
    "/%ef%bc%a8ost-a/f",
    "//host-a/f",
    "/./host-a/f",
    "/../host-a/f",
    "/x/host-a/f",
    "/.lock",
    "/",
    "*",
    "https://127.0.0.1/host-a/f",
    "host-a/f",
  ]) {
    const status = await secure.put(a, target, 0, "stolen");
    assert.ok(status === 403 || status === 400, `PUT ${target}: ${status}`);
    const asked = await secure.head(a, target);
    assert.ok(asked === 403 || asked === 400, `HEAD ${target}: ${asked}`);
  }
  const all = fs.readdirSync(server.datadir, { recursive: true, encoding: "utf8" }).sort();
  const listed = all.filter((name) => name !== ".acknowledged" && name !== ".status.sock");
  assert.deepEqual(listed, [".lock", "host-a", "host-a/f", "host-a/sub", "host-a/sub/g", "host-ab", "host-ab/f"]);
  assert.equal(fs.readFileSync(path.join(server.datadir, "host-ab/f"), "utf8"), "of ab");
  await server.says(
    /ERROR client-denied Denied PUT "\/host-ab\/f" to "host-a" at 127.0.0.1: it may touch "\/host-a\/"/,
  );
  assert.ok(untouched());
  assert.equal(await server.stop(), 0);
});

test("outside of one's prefix the answer is the same for what is there and for what is not", { skip }, async () => {
  const secure = await SecureServer.start();
  const { server } = secure;
  const [a, b] = [secure.client("host-a"), secure.client("host-b")];
  assert.equal(await secure.put(b, "/host-b/there", 0, "secret"), 201);
  fs.mkdirSync(path.join(server.datadir, "host-b/directory"));
  fs.symlinkSync("/etc/passwd", path.join(server.datadir, "host-b/link"));
  for (const client of [a, undefined]) {
    const seen = new Set<string>();
    for (const name of ["there", "not-there", "there/below", "directory", "directory/f", "link"]) {
      for (const bytes of [
        head("HEAD", `/host-b/${name}`),
        `${putHead(`/host-b/${name}`, 0, 1)}x`,
        `${putHead(`/host-b/${name}`, 6, 1)}x`,
        putHead(`/host-b/${name}`, 6, 1),
      ]) {
        const answer = await secure.ask(client, bytes);
        const fields = [...(answer?.fields ?? [])].filter(([field]) => field !== "date");
        const toHead = bytes.startsWith("HEAD");
        seen.add(JSON.stringify([toHead, answer?.status, fields, answer?.body]));
      }
    }
    assert.equal(seen.size, 2, `one answer to HEAD and one to PUT: ${[...seen].join("\n")}`);
    assert.doesNotMatch([...seen].join(), /upload-offset|content-range|host-b/);
  }
  assert.equal(await secure.head(b, "/host-b/there"), 200);
  assert.equal(await server.stop(), 0);
});

test("names that are no names are refused by the server as a whole, not cleaned up", { skip }, async () => {
  const secure = await SecureServer.start({ config: { validate_regex: ANY } });
  const { server } = secure;
  for (const [name, reason] of [
    ["*", "holds a star"],
    ["..", "begins with a dot"],
    [".lock", "begins with a dot"],
    ["a\\/b", "holds a slash"],
    ["host-a/CN=host-b", "has 2 common names"],
  ] as const) {
    const client = secure.client(name);
    for (const target of ["/a/f", "/b/f", "/host-a/f", "/host-b/f", "/f"]) {
      assert.equal(await secure.put(client, target, 0, "x"), 401, `${name} ${target}`);
    }
    await server.says(new RegExp(`WARN client-refused [^\n]*${reason}`));
  }
  assert.deepEqual([...filesBelow(server.datadir).keys()], []);
  assert.equal(await server.stop(), 0);
});

test("the first DNS name, where client_prefix asks for it", { skip }, async () => {
  const secure = await SecureServer.start({ config: { client_prefix: "/hosts/{san}/" } });
  const client = secure.authority.issue("anything", { usage: "clientAuth", san: "IP:10.0.0.1,DNS:host-a,DNS:host-b" });
  assert.equal(await secure.put(client, "/hosts/host-a/f", 0, "x"), 201);
  assert.equal(await secure.put(client, "/hosts/host-b/f", 0, "x"), 403);
  assert.equal(await secure.put(client, "/hosts/anything/f", 0, "x"), 403);
  assert.equal(await secure.put(secure.client("no-san"), "/hosts/no-san/f", 0, "x"), 401);
  assert.equal(await secure.server.stop(), 0);
});

test("who did what is in the status lines", { skip }, async () => {
  const secure = await SecureServer.start({ config: { status_interval: 200 } });
  assert.equal(await secure.put(secure.client("host-a"), "/host-a/f", 0, "abc"), 201);
  await secure.server.says(/INFO identity-status "host-a": last seen \S+Z, 1 requests, 3 bytes appended/);
  assert.equal(await secure.server.stop(), 0);
});

test("tokens: each opens its prefix, the file is read anew, and what is wrong with it lets nobody in", async () => {
  const file = path.join(tempDir(), "tokens");
  const [one, two] = [randomBytes(32).toString("hex"), randomBytes(32).toString("base64")];
  const line = (prefix: string, token: string) => `${prefix} ${createHash("sha256").update(token).digest("hex")}\n`;
  fs.writeFileSync(file, line("/host-a/", one), { mode: 0o600 });
  const server = await startServer({ debug: true, config: { tokens_file: file } });
  const ask = async (target: string, ...fields: readonly string[]) => {
    const lines = ["Host: x", ...fields].map((field) => `${field}\r\n`).join("");
    return (await request(server.port, `HEAD ${target} HTTP/1.1\r\n${lines}\r\n`))?.status;
  };
  const bearer = (token: string) => `Authorization: Bearer ${token}`;
  assert.equal(await ask("/host-a/f", bearer(one)), 404);
  assert.equal(await ask("/host-ab/f", bearer(one)), 403);
  assert.equal(await ask("/host-a/f"), 401);
  assert.equal(await ask("/host-a/f", bearer(two)), 401);
  assert.equal(await ask("/host-a/f", bearer(one), bearer(one)), 401);
  fs.appendFileSync(file, line("/host-b/", two));
  await server.says(/INFO tokens-reloaded Tokens were read anew: 2 hold/);
  assert.equal(await ask("/host-b/f", bearer(two)), 404);
  fs.writeFileSync(file, "nonsense\n");
  server.kill("SIGHUP");
  await server.says(/ERROR tls-reload-failed .*line 1: the prefix "nonsense"/);
  assert.equal(await ask("/host-a/f", bearer(one)), 404);
  // Open connections are judged by what holds when they ask.
  const connection = await Connection.open(server.port);
  await connection.send(head("HEAD", "/host-b/f", { Authorization: `Bearer ${two}` }));
  assert.equal((await connection.answer(true))?.status, 404);
  fs.writeFileSync(file, line("/host-a/", one));
  server.kill("SIGHUP");
  await server.says(/INFO tokens-reloaded Tokens were read anew: 1 hold/);
  await connection.send(head("HEAD", "/host-b/f", { Authorization: `Bearer ${two}` }));
  assert.equal((await connection.answer(true))?.status, 401);
  connection.close();
  assert.ok(!server.output.includes(one) && !server.output.includes(two), "no token is ever printed");
  assert.equal(await server.stop(), 0);
});
