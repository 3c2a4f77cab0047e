// Paths: one spelling per file, what is odd is refused, nothing outside the tree is reached, whatever the
// corpora of attacks hold. docs/PROTOCOL.md, section 2.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { head, putHead } from "../support/raw-http.ts";
import { target } from "./target.ts";

const ATTACKS = join(import.meta.dirname, "../../../shared/data/attacks");

/** HEAD and PUT of a raw target: their statuses, 0 for a connection that ended. */
async function statuses(path: string): Promise<number[]> {
  const asked = await target.ask(head("HEAD", path));
  const put = await target.ask(`${putHead(path, 0, 3)}abc`);
  return [asked?.status ?? 0, put?.status ?? 0];
}

const REFUSED = [
  "/",
  "//",
  "//x",
  "/x//y",
  "/x/",
  "/.",
  "/..",
  "/./x",
  "/x/.",
  "/../x",
  "/x/..",
  "/x/../y",
  "/x/./y",
  "/.hidden",
  "/x/.y/z",
  "/%2e",
  "/%2e%2e/x",
  "/%2E%2E",
  "/x/%2e%2e/y",
  "/%2ehidden",
  "/x%2fy",
  "/x%2Fy",
  "/%2f",
  "/x%00",
  "/%00",
  "/x%00.log",
  "/x%",
  "/x%2",
  "/x%zz",
  "/x%2g",
  "/%u0041",
  "/x?y",
  "/x?",
  "/x#y",
  "/?",
  "/x\\y",
  "/x%5c..%5cy",
  "/x%0a",
  "/x%0d%0ay",
  "/x%20y",
  "/x%25",
  "/x%c3%28",
  "/%ff",
  "/%ed%a0%80",
  "/%c0%ae%c0%ae/x",
  "/x%7f",
  "/-x%0b",
  '/"x"',
  "/<x>",
  "/{x}",
  "/x|y",
  "/x^y",
  "/x`y",
  `/${"a".repeat(256)}`,
  `/x/${"a".repeat(256)}/y`,
  "x",
  "http:/x",
  "/x;y",
  "/x:y",
  "/x=y",
];

test("odd paths are 400, to HEAD and to PUT", async () => {
  for (const path of REFUSED) assert.deepEqual(await statuses(path), [400, 400], JSON.stringify(path));
});

test("one file has many spellings on the wire and one name: what decodes to the same bytes is the same file", async () => {
  const path = target.fresh("name-1.log");
  assert.equal((await target.put(path, 0, "abc"))?.status, 201);
  const escaped = path.replaceAll(/[-.a-z]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  assert.equal(await target.size(escaped), 3);
  assert.equal((await target.put(escaped.toUpperCase().replaceAll("%2E", "%2e"), 3, "def"))?.status, 204);
  assert.equal(await target.size(path), 6);
});

test("case makes another file", async () => {
  const path = target.fresh("case");
  assert.equal((await target.put(path, 0, "abc"))?.status, 201);
  assert.equal(await target.size(path.replace(/case$/, "CASE")), undefined);
});

test("a segment of 255 bytes and a deep path are files like any other", async () => {
  const long = target.fresh("a".repeat(255));
  assert.equal((await target.put(long, 0, "abc"))?.status, 201);
  assert.equal(await target.size(long), 3);
  const deep = target.fresh("d/".repeat(100).concat("f"));
  assert.equal((await target.put(deep, 0, "abc"))?.status, 201);
  assert.equal((await target.put(deep, 3, "abc"))?.status, 204);
  assert.equal(await target.size(deep), 6);
});

for (const corpus of ["path-traversal.txt", "path-traversal-deep.txt"]) {
  const file = join(ATTACKS, corpus);
  test(`${corpus}: never 2xx, never 5xx`, { skip: existsSync(file) ? false : `${file} is not there` }, async () => {
    for (const line of readFileSync(file, "latin1").split(/\r?\n/).filter(Boolean)) {
      for (const path of [line, `/${line}`, `/x/${line}`]) {
        for (const status of await statuses(path)) {
          const plain = /^\/([A-Za-z0-9_-][A-Za-z0-9._-]*)(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(path);
          if (!plain)
            assert.ok(status === 0 || (status >= 400 && status < 500), `${status} for ${JSON.stringify(path)}`);
        }
      }
    }
  });
}

const naughty = join(ATTACKS, "naughty-strings.base64.json");
test("naughty strings as names: refused, or a file of its own", {
  skip: existsSync(naughty) ? false : `${naughty} is not there`,
}, async () => {
  const strings = JSON.parse(readFileSync(naughty, "utf8")) as string[];
  const directory = target.fresh("");
  for (const string of strings) {
    const bytes = Buffer.from(string, "base64");
    const encoded = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const path = directory + encoded;
    const put = await target.ask(`${putHead(path, 0, 3)}abc`);
    const plain = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(bytes.toString("latin1")) && bytes.length <= 255;
    const long = path.length > 4096 && put?.status === 414;
    assert.ok(
      plain ? put?.status === 201 || put?.status === 416 : put?.status === 400 || long,
      `${put?.status} ${encoded}`,
    );
  }
});
