// Names that break programs: each is its own remote file, with its own bytes as name and content, or is refused with
// one event. Nothing appears anywhere but below spool and store, and no name turns into another path or host.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { at, filesBelow } from "../support/trees.ts";

const NAUGHTY = path.join(import.meta.dirname, "../../../shared/data/attacks/naughty-strings.base64.json");
const ANY = { validate_regex: "^\\/[\\s\\S]+$" };

/** UTF-8 as a byte string. */
const bytes = (text: string): string => Buffer.from(text).toString("latin1");

const AWKWARD: readonly string[] = [
  ..."a b|%|%%|100%|a%20b|%2e%2e|%2Fetc|a#b|#|a?b|?|a;b|a:b|:|C:|a&b=c|a+b|a\\b|\\|a\nb|a\rb|a\tb| a |-rf|--help|-".split(
    "|",
  ),
  ..."~|*|[a]|{a,b}|{name}|$1|$&|$(id)|`id`|'|\"|<a>|a|CON|nul|a..b|a.|a...|x.g2|x.g2-from-0|x.g3-from-17|@|!".split(
    "|",
  ),
  ...["\u00e9", "e\u0301", "\u{1f600}", "\u202etxt.exe", "\u200b", "\ufeffbom", "\u2028", "\u0130i\u0131"].map(bytes),
  "x".repeat(255),
  bytes("\u00e9".repeat(127)),
  "\x01\x1b[31m\x7f",
  "\xff\xfe", // no UTF-8: delivered as %FF%FE, and so is not to be taken for the one that follows
  "%FF%FE",
  "caf\xe9",
  "\xc0\xaf",
];

/** The content that tells one file from all others. */
const content = (index: number) => `content ${index}\n`;

function indexOf(scene: Scene, name: string): number {
  return Number(/^content (\d+)\n$/.exec(scene.text(name))?.[1] ?? Number.NaN);
}

test("awkward file names: each its own remote file, under the same bytes", async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**`)] }),
    server: ANY,
  });
  for (const [i, name] of AWKWARD.entries()) fs.writeFileSync(at(scene.logs, name), content(i));
  await scene.start();
  await scene.delivered(...AWKWARD.map((name) => at(scene.logs, name)));
  const names = new Map([...filesBelow(scene.store).keys()].map((name) => [indexOf(scene, name), name]));
  assert.equal(names.size, AWKWARD.length);
  for (const [i, name] of AWKWARD.entries()) {
    const there = names.get(i) ?? "";
    if (Buffer.from(name, "latin1").toString("utf8").includes("\ufffd")) {
      assert.match(there, /^[\x20-\x7e]*%[0-9A-F]{2}/, "no UTF-8: escaped");
    } else if (there !== name) {
      // A substitution that the file's own name asks for; a name taken for a generation's, or that another was escaped to.
      if (name === "{name}") assert.equal(there, "log");
      else {
        assert.match(name, /^x\.g\d-from-|^%FF%FE$/, JSON.stringify(there));
        assert.ok(there.startsWith(`${name}.i`), JSON.stringify(there));
      }
    }
  }
  // All the same after a restart, and when they grow.
  await scene.client.stop();
  for (const name of AWKWARD) fs.appendFileSync(at(scene.logs, name), "grown\n");
  await scene.startClient();
  await scene.delivered();
  assert.equal(filesBelow(scene.store).size, AWKWARD.length);
  await scene.end();
});

const REFUSED = ["", "/", "//host/x", "///x", "../x", "x/../../y", "..", ".", ".hidden", "a/.b", "a//b", "a/", "./a"];
REFUSED.push("x".repeat(256), `a/${"y".repeat(256)}/b`);
const ACCEPTED: readonly (readonly [to: string, name: string])[] = [
  ["/lead", "lead"],
  ["http:/x.example/y", "http:/x.example/y"],
  ["%2e%2e/%2e%2e/up", "%2e%2e/%2e%2e/up"],
  ["a/b/c/d/e", "a/b/c/d/e"],
  ["\\\\host\\x", "\\\\host\\x"],
  ["?query=1#fragment", "?query=1#fragment"],
];

test("names made by regex_to that lead out, hide or address another host: refused with one event each", async (t) => {
  const targets = [...REFUSED, ...ACCEPTED.map(([to]) => to)];
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_interval: 50,
      scan_paths: targets.map((to, i) => ({ pattern: `${logs}/n-${i}.log`, regex_from: "^.*$", regex_to: to })),
    }),
    server: ANY,
  });
  for (const i of targets.keys()) fs.writeFileSync(scene.log(`n-${i}.log`), content(i));
  const around = fs.readdirSync(path.dirname(scene.home)).length;
  await scene.start();
  await scene.delivered(...ACCEPTED.map((_, i) => scene.log(`n-${REFUSED.length + i}.log`)));
  await scene.scansPass(5);
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), ACCEPTED.map(([, name]) => name).sort());
  const events = scene.client.events("name-refused");
  assert.equal(events.length, REFUSED.length, "one each");
  for (const i of REFUSED.keys()) {
    const text = events.find((event) => event.text.includes(`n-${i}.log"`))?.text ?? "";
    assert.match(text, /^Cannot adopt ".*pattern ".*names it ".*; change rename, or regex_from and regex_to/);
  }
  assert.ok(Math.abs(fs.readdirSync(path.dirname(scene.home)).length - around) < 20, "nothing beside the scene");
  await scene.end({ errors: ["name-refused"] });
});

test("the naughty strings, as file names and as regex_to", {
  skip: fs.existsSync(NAUGHTY) ? false : "the corpus is not here",
}, async (t) => {
  const corpus = (JSON.parse(fs.readFileSync(NAUGHTY, "utf8")) as string[]).map((one) => Buffer.from(one, "base64"));
  const texts = [...new Set(corpus.map((one) => one.toString("latin1")))];
  const isFileName = (name: string) =>
    name !== "" && !/[/\0]/.test(name) && !name.startsWith(".") && name.length <= 255;
  const asNames = texts.filter(isFileName);
  // In a template braces mean something, and a configuration has no NUL and no half characters.
  const isTemplate = (text: string) => !/[{}\0]/.test(text) && bytes(Buffer.from(text, "latin1").toString()) === text;
  const asTargets = texts.filter((text) => isTemplate(text) && text.length < 4000);
  assert.ok(asNames.length > 300 && asTargets.length > 400, `${asNames.length} and ${asTargets.length}`);

  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_paths: [
        byBaseName(`${logs}/names/**`),
        ...asTargets.map((text, i) => ({
          pattern: `${logs}/targets/${i}`,
          regex_from: "^.*$",
          regex_to: Buffer.from(text, "latin1").toString().replaceAll("$", "$$$$"),
        })),
      ],
    }),
    server: ANY,
  });
  fs.mkdirSync(scene.log("names"));
  fs.mkdirSync(scene.log("targets"));
  for (const [i, name] of asNames.entries()) fs.writeFileSync(at(scene.log("names"), name), content(i));
  for (const i of asTargets.keys()) fs.writeFileSync(scene.log(`targets/${i}`), content(asNames.length + i));
  await scene.start();
  await scene.delivered(...asNames.map((name) => at(scene.log("names"), name)));
  const isBad = (text: string) =>
    text
      .replace(/^\//, "")
      .split("/")
      .some((part) => part === "" || part.startsWith(".") || part.length > 255);
  // Where another file has the name of a directory that is needed, the name is refused: a file cannot be both.
  const taken = new Set([...asNames, ...asTargets]);
  const isBlocked = (text: string) => [...text.matchAll(/\//g)].some(({ index }) => taken.has(text.slice(0, index)));
  await scene.delivered();
  const inodes = [...filesBelow(scene.spool).values()].map(({ ino }) => Number(ino));
  const held = (i: number) => inodes.filter((ino) => ino === fs.statSync(scene.log(`targets/${i}`)).ino).length;
  const wanted = [...asTargets.entries()].filter(([i, text]) => !isBad(text) && (!isBlocked(text) || held(i) === 1));
  for (const [i, text] of asTargets.entries()) {
    if (isBad(text)) assert.equal(held(i), 0, JSON.stringify(text));
    else if (!isBlocked(text)) assert.equal(held(i), 1, JSON.stringify(text));
  }
  const indexes = [...filesBelow(scene.store).keys()].map((name) => indexOf(scene, name));
  assert.equal(new Set(indexes).size, indexes.length, "no two contents under one name");
  assert.equal(indexes.length, asNames.length + wanted.length);
  await scene.end({ errors: ["name-refused"] });
});

test("a name that the server's expression does not match: one error with the remedy, others go on", async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a b.log"), "refused\n");
  fs.writeFileSync(scene.log("ok.log"), "taken\n");
  await scene.start();
  const { text } = await scene.client.logged("file-denied");
  for (const word of [scene.log("a b.log"), scene.url, "400", "validate_regex"]) assert.ok(text.includes(word), text);
  await scene.until("the other one", () => scene.text("ok.log") === "taken\n");
  fs.appendFileSync(scene.log("a b.log"), "more\n");
  fs.appendFileSync(scene.log("ok.log"), "more\n");
  await scene.until("the other one grown", () => scene.text("ok.log") === "taken\nmore\n");
  assert.equal(scene.client.events("file-denied").length, 1);
  // Told in the status as well, and mended on the server's side: it is delivered without a restart of the client.
  await scene.server.stop();
  fs.writeFileSync(path.join(scene.home, "server.yaml"), JSON.stringify({ ...scene.serverConfig, ...ANY }));
  await scene.startServer();
  await scene.until("the refused one", () => scene.text("a b.log") === "refused\nmore\n", 30_000);
  await scene.client.logged("file-recovered");
  await scene.end({ errors: ["file-denied", "destination-unreachable"] });
});
