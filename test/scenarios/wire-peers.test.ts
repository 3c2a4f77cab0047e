// Programs that nobody wrote for us, at the other end: curl as a client of our server, and Apache, lighttpd and nginx
// as servers of our client, as far as each can go; and one that replaces files, which is found out and left alone.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { FakeServer } from "../support/fake-server.ts";
import { assertEqual } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { WireProxy } from "../support/proxy.ts";
import { openScene } from "../support/scene.ts";
import { lacksWebDav, startWebDav } from "../support/webdav.ts";
import { assertWireRules } from "../support/wire-rules.ts";

const noCurl = spawnSync("curl", ["--version"]).status === 0 ? false : "skipped: curl is not installed";

describe("curl as a client", { skip: noCurl }, () => {
  test("sends a file from an offset, in pieces, and is told where it is wrong", async (t) => {
    const scene = await openScene(t);
    await scene.startServer();
    const file = path.join(scene.home, "upload");
    const bytes = randomBytes(3_000_000);
    fs.writeFileSync(file, bytes);
    const url = `${scene.url}host/curl.log`;
    assert.equal(status("-I", url), 404);
    assert.equal(status("-T", file, url), 400, "without a range it would replace");

    // The beginning, by hand; then what `curl -T file -C n` makes of it, with Expect: 100-continue.
    fs.writeFileSync(`${file}-begin`, bytes.subarray(0, 1000));
    const range = ["-H", "Content-Range: bytes 0-999/3000000"];
    assert.equal(status("-X", "PUT", ...range, "--data-binary", `@${file}-begin`, url), 201);
    assert.equal(status("-X", "PUT", ...range, "--data-binary", `@${file}-begin`, url), 416);
    assert.equal(length(url), 1000);
    assert.equal(status("-T", file, "-C", "999", url), 416);
    assert.equal(status("-T", file, "-C", "1001", url), 416);
    assert.equal(length(url), 1000);
    assert.equal(status("-T", file, "-C", "1000", url), 204);
    assert.equal(length(url), bytes.length);
    assert.ok(fs.readFileSync(path.join(scene.store, "host/curl.log")).equals(bytes));
    for (const verb of ["GET", "DELETE", "POST", "MKCOL", "PROPFIND"]) {
      assert.equal(status("-X", verb, url), 405, verb);
    }
    assert.equal(length(url), bytes.length);
    await scene.server.stop();
  });
});

describe("WebDAV servers", { concurrency: 3 }, () => {
  for (const kind of ["apache", "lighttpd"] as const) {
    test(`${kind} takes files that grow`, { skip: lacksWebDav(kind) ?? false }, async (t) => {
      const scene = await openScene(t);
      const server = await startWebDav(t, kind);
      const proxy = await WireProxy.open(t, server.url);
      const there = path.join(server.root, "host");
      makeFree(there, fs.mkdirSync);
      // lighttpd puts ranges only into files that are there.
      if (kind === "lighttpd") makeFree(path.join(there, "a.log"), touch);
      if (kind === "lighttpd") makeFree(path.join(there, "big.log"), touch);
      scene.configure({ destinations: [`${proxy.url}host/`] });
      fs.writeFileSync(scene.log("a.log"), "the first line\n");
      fs.writeFileSync(scene.log("big.log"), randomBytes(5_000_000));
      await scene.startClient();
      for (let i = 0; i < 5; i++) {
        await scene.until(`append ${i}`, () => isSame(scene.log("a.log"), path.join(there, "a.log")));
        fs.appendFileSync(scene.log("a.log"), `and line ${i}\n`);
      }
      for (const name of ["a.log", "big.log"]) {
        await scene.until(name, () => isSame(scene.log(name), path.join(there, name)));
      }
      assert.equal(scene.client.events("destination-unverified").length, 1, "said once");
      assert.equal(scene.client.events("file-denied").length, 0, server.log());

      // Found by another client: nothing is sent again.
      const puts = proxy.puts().length;
      await scene.client.stop();
      await scene.startClient();
      fs.appendFileSync(scene.log("a.log"), "after a restart\n");
      await scene.until("the last append", () => isSame(scene.log("a.log"), path.join(there, "a.log")));
      assert.equal(proxy.puts().length, puts + 1);
      await scene.client.stop();
      assertEqual(scene.spool, there, () => false);
      assertWireRules(proxy.exchanges);
    });
  }

  for (const [kind, says, most] of [
    ["apache", /409: .* or its directory is missing/, 8],
    ["lighttpd", /404, nothing takes a PUT at that URL/, 2],
    ["nginx", /501, the server cannot append/, 1],
  ] as const) {
    test(`${kind} cannot, which is said once for each file and not tried for ever`, {
      skip: lacksWebDav(kind) ?? false,
    }, async (t) => {
      const scene = await openScene(t);
      const server = await startWebDav(t, kind);
      const proxy = await WireProxy.open(t, server.url);
      // For Apache the directory is missing, for lighttpd the file.
      scene.configure({ destinations: [proxy.url + (kind === "apache" ? "missing/" : "")] });
      const names = ["a.log", "b.log", "c.log"];
      for (const name of names) fs.writeFileSync(scene.log(name), `content of ${name}\n`);
      await scene.startClient();
      await scene.until("each is said", () => scene.client.events("file-denied").length === names.length);
      for (const name of names) fs.appendFileSync(scene.log(name), "and more\n");
      await pace(5_000); // in which nothing more should happen
      const denied = scene.client.events("file-denied");
      assert.equal(denied.length, names.length);
      for (const { text } of denied) assert.match(text, says);
      for (const name of names) {
        const puts = proxy.puts().filter(({ target }) => target.endsWith(`/${name}`)).length;
        assert.ok(puts >= 1 && puts <= most, `${puts} PUTs of ${name}`);
      }
      assert.deepEqual(fs.readdirSync(server.root), []);

      // What is missing for Apache can be made.
      if (kind === "apache") {
        const there = path.join(server.root, "missing");
        makeFree(there, fs.mkdirSync);
        for (const name of names) {
          await scene.until(name, () => isSame(scene.log(name), path.join(there, name)));
        }
        await scene.until("said", () => scene.client.events("file-recovered").length === names.length);
      }
      await scene.client.stop();
      assertWireRules(proxy.exchanges);
    });
  }

  test("one that replaces files is found out after two PUTs for each and left alone", async (t) => {
    const scene = await openScene(t);
    const server = await FakeServer.open(t);
    server.life = undefined;
    server.script = ({ method, target, body }) => {
      if (method !== "PUT") return undefined;
      server.files.set(target, body);
      return { status: 201 };
    };
    scene.configure({ destinations: [server.url] });
    await scene.startClient();
    const names = ["a.log", "b.log", "c.log"];
    for (const round of ["the first line, a long one\n", "the second\n", "the third\n"]) {
      for (const name of names) fs.appendFileSync(scene.log(name), round);
      await scene.until(`${round.trim()} is dealt with`, () =>
        names.every((name) => server.puts(`/${name}`).length >= (round.startsWith("the first") ? 1 : 2)),
      );
    }
    await scene.until("it is said", () => scene.client.events("file-denied").length === names.length);
    for (const { text, level } of scene.client.events("file-denied")) {
      assert.match(text, /it replaced the file instead of appending; its copy is damaged/);
      assert.equal(level, "ERROR");
    }
    for (const name of names) fs.appendFileSync(scene.log(name), "and more\n");
    await pace(3_000); // in which nothing more should happen
    for (const name of names) assert.equal(server.puts(`/${name}`).length, 2, name);
    assert.equal(scene.client.events("destination-unverified").length, 1);
    await scene.client.stop();
  });
});

/** The status of what curl does. */
function status(...args: readonly string[]): number {
  const { stdout, stderr } = spawnSync("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", ...args], {
    encoding: "utf8",
    timeout: 20_000,
  });
  assert.match(stdout, /^[0-9]{3}$/, stderr);
  return Number(stdout);
}

function length(url: string): number {
  const { stdout } = spawnSync("curl", ["-sI", url], { encoding: "utf8", timeout: 20_000 });
  return Number(/^content-length: ([0-9]+)\r$/im.exec(stdout)?.[1]);
}

function isSame(one: string, other: string): boolean {
  return fs.existsSync(other) && fs.readFileSync(one).equals(fs.readFileSync(other));
}

/** The servers run as nobody where the tests run as root. */
function makeFree(name: string, make: (name: string) => void): void {
  make(name);
  fs.chmodSync(name, 0o777);
}

function touch(name: string): void {
  fs.writeFileSync(name, "");
}
