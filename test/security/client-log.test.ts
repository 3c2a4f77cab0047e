// The client's own log: one event one line, nothing in it that acts on a terminal, whatever files are called, and no
// secret. The same names reach the one configured host and no other, however much they look like URLs.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { noOpenssl } from "../support/certificates.ts";
import { FakeServer } from "../support/fake-server.ts";
import { oddBytes } from "../support/fuzz.ts";
import { Random } from "../support/random.ts";
import { openScene } from "../support/scene.ts";
import { pem, TlsScene } from "../support/tls-scene.ts";

const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARN|ERROR) [a-z0-9-]+ \S.*$/u;
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

function assertHarmless(text: string): string[] {
  const lines = text.split("\n");
  assert.equal(lines.pop(), "", "the last line is whole");
  for (const line of lines) {
    assert.match(line, LINE);
    assert.doesNotMatch(line, ACTING, line);
  }
  return lines;
}

const NAMES = [
  "\u001b[2J\u001b]0;owned\u0007",
  "a\n2026-01-01T00:00:00.000Z ERROR forged by a name",
  "\r\rback",
  "\u202egol.exe",
  "\u2028\u2029\u0085",
  "\u{e0041}\u{e0042}\ufeff\u200b\u061c",
  '"; rm -rf / #',
  "%0a%0d%1b[31m",
  "\\x1b\\u202e",
  "$(id)`id`",
  "..\\..\\evil",
  "@evil.example.com",
  "\\\\evil.example.com\\share",
  ":80@evil.example.com",
  "http:evil.example.com",
  "a?b=c",
  "a#b",
  "a;b=c",
  "%2e%2e%2f",
  "-rf",
  " ",
  "\t",
];

test("names of every kind: each line whole and harmless; each file under its own target on the one host", async (t) => {
  const server = await FakeServer.open(t);
  const other = await FakeServer.open(t);
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_interval: 200,
      status_interval: 200,
      // Whole paths, so that directories' names come with them; and one whose template makes odd names of its own.
      scan_paths: [
        { name: "odd", pattern: `${logs}/files/**`, regex_from: "^.*?/files/", regex_to: "" },
        {
          name: "\u202eodd\u001b",
          pattern: `${logs}/other/*`,
          regex_from: "^.*/other/",
          regex_to: "//evil.example.com/",
        },
      ],
      destinations: [`${server.url}tenant/`],
    }),
  });
  const random = new Random(7);
  const names = new Set(NAMES.map((name) => Buffer.from(name).toString("latin1")));
  while (names.size < 250) names.add(oddBytes(random, 60));
  const files = Buffer.from(`${scene.log("files")}/`);
  fs.mkdirSync(files);
  fs.mkdirSync(scene.log("other"));
  fs.writeFileSync(scene.log("other/evil"), "evil\n");
  let made = 0;
  for (const bytes of names) {
    if (bytes === "" || bytes.startsWith(".") || /[\0/]/.test(bytes)) continue;
    const name = Buffer.from(bytes, "latin1");
    // In a directory of that name every other time.
    if (made % 2 === 1) {
      fs.mkdirSync(Buffer.concat([files, name]));
      fs.writeFileSync(Buffer.concat([files, name, Buffer.from("/inner")]), `inner ${made++}\n`);
    } else fs.writeFileSync(Buffer.concat([files, name]), `line ${made++}\n`);
  }
  fs.symlinkSync(other.url, Buffer.concat([files, Buffer.from("link\u001b[31m\n")]));
  await scene.startClient({ flags: ["-d"] });
  await scene.until(`${made} files`, () => server.files.size >= made, 30_000);
  await scene.client.logged("name-refused", "evil.example.com");
  await scene.client.stop();
  assert.equal(server.files.size, made);
  const bodies = new Set([...server.files.values()].map(String));
  assert.equal(bodies.size, made, "each content once");
  for (const { target } of server.asked) assert.match(target, /^\/tenant\/[A-Za-z0-9\-._~%]+(\/inner)?$/);
  for (const head of server.heads) assert.match(head, new RegExp(`^host: ${new URL(server.url).host}$`, "im"));
  assert.equal(other.connections, 0);
  const lines = assertHarmless(fs.readFileSync(scene.clientConfig.logfile, "utf8"));
  assert.ok(lines.length > made, "each was spoken of");
  assert.ok(!lines.some((line) => / ERROR forged/.test(line.slice(0, 40))));
});

test("no secret gets into a log: keys and certificates at level debug, a password in a URL", {
  skip: noOpenssl,
}, async (t) => {
  const stage = await TlsScene.open(t);
  const { scene, authority } = stage;
  const ours = authority.issue("host-a", { usage: "clientAuth" });
  const ca = fs.readFileSync(authority.cert);
  const server = await stage.server({ requestCert: true, rejectUnauthorized: true, ca });
  const bad = await stage.server({}, { from: -9, to: -1 });
  stage.deliverTo({ url: server.url, tls: ours }, { url: bad.url, tls: ours });
  await scene.startClient({ flags: ["-d"] });
  await stage.has(server, stage.write("a.log"));
  await stage.complaint(bad.url, /has expired/);
  fs.writeFileSync(ours.key, fs.readFileSync(authority.issue("other").key));
  await scene.client.logged("destination-tls-not-renewed");
  await scene.client.stop();
  const text = fs.readFileSync(scene.clientConfig.logfile, "utf8") + scene.client.output;
  assertHarmless(text);
  const secrets = Object.values(pem(ours)).flatMap((one) => one.toString().split("\n"));
  for (const line of secrets) if (line.length > 20) assert.ok(!text.includes(line.slice(0, 20)), line.slice(0, 20));

  for (const url of ["http://user:hunter2@log.example.com/", "http://user:hunter2 @log.example.com/"]) {
    fs.writeFileSync(
      path.join(scene.home, "client.yaml"),
      `scan_paths: [{name: a, pattern: /a}]\ndestinations: [{url: "${url}"}, "${url}"]\n`,
    );
    const { status, stderr } = scene.syncOnce();
    assert.equal(status, 2);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});
