// Names on the wire: whatever a file may be called, it is one remote file of exactly that name or it is refused with one
// error; and a destination's path is the beginning of every request, as it is written.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { addServer } from "../support/more-servers.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene } from "../support/scene.ts";
import { at, filesBelow } from "../support/trees.ts";
import { openWire } from "../support/wire.ts";

/** Any path at all, line feeds included. */
const ANY = "^/[\\s\\S]+$";

const NAMES = [
  "two words.log",
  " begins and ends with a space.log ",
  "100%.log",
  "%41.log",
  "%2e%2e%2fescape.log",
  "a#fragment.log",
  "a?query=1&b=2.log",
  "a;parameter.log",
  "C:drive.log",
  "back\\slash.log",
  "up\\..\\..\\up.log",
  "line\nfeed.log",
  "carriage\r\nreturn: header.log",
  "tab\there.log",
  "bell\x07 and delete\x7f.log",
  "-rf.log",
  "--config=x.log",
  "~tilde.log",
  "$(id).log",
  "`id`.log",
  "'single' and \"double\".log",
  "[brackets] {braces} (parens).log",
  "*star*.log",
  "plus+and&.log",
  "<angle>.log",
  "a|pipe.log",
  "caf\u00e9 composed.log",
  "cafe\u0301 composed.log",
  "日本語.log",
  "\u{1f4a9}.log",
  "\u202eright-to-left.log",
  "\ufeffbom.log",
  `${"x".repeat(251)}.log`,
  `${"é".repeat(125)}y.log`,
];

describe("names on the wire", { concurrency: 3 }, () => {
  test("any name is its own remote file where the server takes it", async (t) => {
    const { scene, proxy, end } = await openWire(t, { server: { validate_regex: ANY } });
    for (const name of NAMES) fs.writeFileSync(scene.log(name), `content of ${name}\n`);
    await scene.startClient();
    await scene.delivered(...NAMES.map((name) => scene.log(name)));
    for (const name of NAMES) fs.appendFileSync(scene.log(name), "and more\n");
    await scene.delivered(...NAMES.map((name) => scene.log(name)));
    const expected = NAMES.map((name) => Buffer.from(name).toString("latin1")).toSorted();
    assert.deepEqual([...filesBelow(scene.store).keys()].toSorted(), expected);
    for (const name of NAMES) {
      const content = fs.readFileSync(path.join(scene.store, name), "utf8");
      assert.equal(content, `content of ${name}\nand more\n`, JSON.stringify(name));
    }
    assert.ok(proxy.exchanges.every(({ target }) => /^\/[A-Za-z0-9\-._~%]+$/.test(target)));
    await end();
  });

  test("the default expression refuses what it does not know, with one error each, and takes the others", async (t) => {
    const { scene, proxy, end } = await openWire(t);
    const odd = NAMES.filter((name) => !/^[a-zA-Z0-9_-][a-zA-Z0-9._-]*$/.test(name));
    const good = [...NAMES.filter((name) => !odd.includes(name)), "plain.log"];
    for (const name of [...odd, ...good]) fs.writeFileSync(scene.log(name), `content of ${name}\n`);
    await scene.startClient();
    const denied = () => scene.client.events("file-denied");
    await scene.until("all odd ones are refused", () => denied().length === odd.length);
    for (let i = 0; i < 3; i++) {
      fs.appendFileSync(scene.log("plain.log"), "another line\n");
      const size = fs.statSync(scene.log("plain.log")).size;
      await scene.until("others go on", () => filesBelow(scene.store).get("plain.log")?.size === size);
    }
    for (const { text } of denied()) {
      assert.match(text, /^Cannot deliver ".*" \(".*"\) to http:\/\/\S+: 400, the server refuses the name/);
      assert.ok(text.includes(proxy.url));
    }
    assert.equal(new Set(denied().map(({ text }) => text)).size, odd.length, "one for each");
    assert.deepEqual([...filesBelow(scene.store).keys()].toSorted(), good.toSorted());
    assert.ok(proxy.puts().length <= NAMES.length * 2 + 10, `${proxy.puts().length} PUTs`);
    // What was refused is not there, as it should be; the rest is equal.
    await scene.client.stop();
    for (const name of odd) fs.rmSync(path.join(scene.spool, name));
    await end({ errors: ["file-denied"] });
  });

  test("a name that is no UTF-8 is refused with one error, or one remote file", async (t) => {
    const { scene, end } = await openWire(t, { server: { validate_regex: ANY } });
    const raw = "caf\xe9.log";
    fs.writeFileSync(at(scene.logs, raw), "content\n");
    fs.writeFileSync(scene.log("good.log"), "content\n");
    await scene.startClient();
    const isSaid = () =>
      scene.client.events().some(({ level, text }) => level === "ERROR" && text.includes("caf\\xe9.log"));
    const isThere = () => filesBelow(scene.store).size === 2;
    await scene.until("it is said or delivered", () => isSaid() || isThere());
    await scene.until("the good one", () => filesBelow(scene.store).has("good.log"));
    assert.ok(isSaid() !== isThere());
    await scene.client.stop();
    if (isSaid())
      for (const name of filesBelow(scene.spool).keys()) if (name !== "good.log") fs.rmSync(at(scene.spool, name));
    await end({ errors: ["file-denied", "file-refused", "name-refused"] });
  });

  for (const [url, below] of [
    ["host-1/logs/", "host-1/logs"],
    ["a%20b/%C3%A4/%7Etilde/100%25/", "a b/ä/~tilde/100%"],
    ["semi;colon/at@/and&+/(x)/", "semi;colon/at@/and&+/(x)"],
  ] as const) {
    test(`a destination at ${url}`, async (t) => {
      const scene = await openScene(t);
      const server = await addServer(scene, "below", { validate_regex: ANY });
      await server.start();
      const proxy = await WireProxy.open(t, server.url);
      scene.configure({ destinations: [proxy.url + url] });
      const names = ["plain.log", "two words.log", "100%.log", "a?b#c.log"];
      for (const name of names) fs.writeFileSync(scene.log(name), `content of ${name}\n`);
      await scene.startClient();
      await scene.until("all is there", () => filesBelow(scene.spool).size === names.length && server.hasAll(below));
      fs.appendFileSync(scene.log("plain.log"), "more\n");
      const size = fs.statSync(scene.log("plain.log")).size;
      await scene.until(
        "more is there",
        () => filesBelow(server.store).get(latin1(`${below}/plain.log`))?.size === size,
      );
      assert.ok(
        proxy.exchanges.every(({ target }) => target.startsWith(`/${url}`)),
        "the path as it was written",
      );
      assert.equal(filesBelow(server.store).size, names.length);
      await scene.client.stop();
      await server.end(below);
    });
  }
});

function latin1(text: string): string {
  return Buffer.from(text).toString("latin1");
}
