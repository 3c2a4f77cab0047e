// Sealed files end to end: nothing is sent again, late lines go on under a further name, every line is there exactly once
// over all names, whatever is restarted, and destinations that archive nothing are not concerned.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { archiveNow, chain } from "../support/archived.ts";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { BINARY, sh, start } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { auditServer, flip, repair, states, verify } from "../support/verify.ts";

const MIB = 1024 * 1024;
const SOON = { archive: { after: "1s" } };

const at = (scene: Scene, name: string) => path.join(scene.store, name);
const exists = (scene: Scene, name: string) => fs.existsSync(at(scene, name));
const whole = (scene: Scene, name: string) => chain(scene.store, name) === fs.readFileSync(scene.log(name), "utf8");

test("the running server seals what is old; late lines go on under a further name, over restarts of both", async (t) => {
  const scene = await openScene(t, { unwatched: true, server: SOON });
  const lines = new Lines();
  lines.append(scene.log("app.log"), 30_000);
  lines.append(scene.log("small.log"), 3);
  await scene.start();
  await scene.until("both are sealed", () => exists(scene, "app.log.zst") && exists(scene, "small.log.zst"));
  assert.ok(!exists(scene, "app.log") && whole(scene, "app.log"));
  assert.deepEqual(states(verify(scene, 0)), ["app.log equal", "small.log equal"]);
  assert.equal(auditServer(scene, 0).covered, 2);

  const { size } = fs.statSync(scene.log("app.log"));
  lines.append(scene.log("app.log"), 10);
  await scene.client.logged("file-sealed", `it goes on there as "app.log.g2-from-${size}"`);
  await scene.until("the late lines are there", () => whole(scene, "app.log"));
  await scene.server.logged("archive-late-append", '"app.log"');
  await scene.client.stop();
  lines.append(scene.log("app.log"), 10);
  await scene.startClient();
  await scene.until("those of the stop as well", () => whole(scene, "app.log"));
  await scene.until("and are sealed", () => exists(scene, `app.log.g2-from-${size}.zst`) || names(scene).length > 3);
  await scene.server.stop();
  await scene.startServer();
  lines.append(scene.log("app.log"), 10);
  await scene.until("a chain of names", () => whole(scene, "app.log"));
  assert.deepEqual(states(verify(scene, 0)), ["app.log equal", "small.log equal"]);

  lines.append(scene.log("app.log"), 10);
  const asked = scene.syncOnce();
  assert.equal(asked.status, 0, asked.stderr);
  assert.ok(whole(scene, "app.log"), "through the running client");
  await scene.client.stop();
  lines.append(scene.log("app.log"), 10);
  const ended = scene.syncOnce("--json");
  assert.equal(ended.status, 0, ended.stderr);
  assert.equal((JSON.parse(ended.stdout) as { result: string }).result, "delivered");
  assert.ok(whole(scene, "app.log"));
  await scene.server.stop();
  assertExactlyOnce(
    ["app.log", "small.log"].map((name) => [name, chain(scene.store, name)]),
    lines.count,
  );
  const bad = scene.client.events().filter(({ level }) => level === "ERROR");
  assert.deepEqual(bad, []);
});

test("while lines come, files are sealed again and again: nothing is lost or doubled", async (t) => {
  const scene = await openScene(t, { unwatched: true, server: SOON });
  const lines = new Lines();
  await scene.start();
  for (let i = 0; names(scene).filter((name) => name.endsWith(".zst")).length < 2; i++) {
    lines.append(scene.log("app.log"), 1);
    // Files are sealed at an age of one to two seconds.
    await pace(1000 + 150 * (i % 7));
    assert.ok(i < 60);
  }
  await scene.until("all is there", () => whole(scene, "app.log"));
  await scene.client.stop();
  await scene.server.stop();
  assertExactlyOnce([["app.log", chain(scene.store, "app.log")]], lines.count);
});

test("a destination that archives nothing goes on with the one name", async (t) => {
  const scene = await openScene(t, { unwatched: true, server: SOON });
  const other = await openScene(t, { unwatched: true });
  scene.configure({ destinations: [scene.url, other.url] });
  const lines = new Lines();
  lines.append(scene.log("app.log"), 100);
  await other.startServer();
  await scene.start();
  await scene.until("sealed at the one", () => exists(scene, "app.log.zst"));
  await scene.server.stop();
  lines.append(scene.log("app.log"), 100);
  const copy = path.join(other.store, "app.log");
  const text = () => fs.readFileSync(scene.log("app.log"), "utf8");
  await scene.until("there at the other", () => fs.readFileSync(copy, "utf8") === text());
  await scene.startServer();
  lines.append(scene.log("app.log"), 1);
  await scene.until("there at both", () => whole(scene, "app.log") && fs.readFileSync(copy, "utf8") === text());
  assert.deepEqual(
    fs.readdirSync(other.store).filter((name) => !name.startsWith(".")),
    ["app.log"],
  );
  await scene.client.stop();
  await scene.server.stop();
  await other.server.stop();
});

test("of a copy that is deleted size and digests are left: nothing is sent again, and late lines go on", async (t) => {
  const scene = await openScene(t, { unwatched: true, server: { archive: { after: "1s", delete_after: "2s" } } });
  fs.writeFileSync(scene.log("app.log"), Buffer.alloc(2 * MIB + 1000, "a line\n"));
  await scene.start();
  await scene.server.logged("archive-deleted", '"app.log.zst"');
  assert.deepEqual(names(scene), []);
  assert.deepEqual(states(verify(scene, 0)), ["app.log equal"]);
  const audited = auditServer(scene, 0) as { readonly covered: number; readonly deleted?: number };
  assert.deepEqual([audited.covered, audited.deleted], [0, 1]);
  await scene.client.stop();
  await scene.startClient();
  fs.appendFileSync(scene.log("app.log"), "late\n");
  const { size } = fs.statSync(scene.log("app.log"));
  await scene.client.logged("file-sealed", `"app.log.g2-from-${size - 5}"`);
  await scene.until("only the late line is there", () => {
    return names(scene).some((name) => scene.text(name) === "late\n" || name.endsWith(".zst"));
  });
  await scene.client.stop();
  await scene.server.stop();
});

test("what is removed or compressed by hand at the server is sent again, from its beginning", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  const lines = new Lines();
  for (const name of ["kept.log", "removed.log", "zipped.log"]) lines.append(scene.log(name), 1000);
  await scene.start();
  await scene.delivered(...["kept.log", "removed.log", "zipped.log"].map((name) => scene.log(name)));
  fs.rmSync(at(scene, "removed.log"));
  sh("gzip", "-q", at(scene, "zipped.log"));
  // It is noticed by itself as well, within 20 s.
  assert.equal(scene.syncOnce("-q").status, 0);
  assert.deepEqual(names(scene), ["kept.log", "removed.log", "zipped.log", "zipped.log.gz"]);
  for (const name of ["removed.log", "zipped.log"])
    assert.equal(scene.text(name), fs.readFileSync(scene.log(name), "utf8"));
  await scene.end({ gone: (name) => name === "zipped.log.gz" });
});

test("a host that lost its tail: no word of divergence, and what it writes then goes on where they part", async (t) => {
  for (const deleted of [false, true]) {
    const scene = await openScene(t, { unwatched: true, truncates: true });
    const text = "a line of the log\n".repeat(120_000);
    fs.writeFileSync(scene.log("app.log"), text);
    await scene.start();
    await scene.delivered(scene.log("app.log"));
    await scene.client.stop();
    await scene.server.stop();
    archiveNow(scene, 0, "app.log");
    if (deleted) fs.unlinkSync(at(scene, "app.log.zst"));
    fs.truncateSync(scene.log("app.log"), MIB + 18 * 5);
    await scene.start();
    await scene.client.logged("remote-ahead", '"app.log"');
    assert.deepEqual(states(verify(scene, 1)), ["app.log ahead"]);
    fs.appendFileSync(scene.log("app.log"), "another line than before\n".repeat(60_000));
    // To the line where the copy is there, else to the leaf: more is not known any more.
    const from = deleted ? MIB - (MIB % 18) : lineBefore(MIB + 18 * 5);
    await scene.until("the rest goes on", () => exists(scene, `app.log.g2-from-${from}`));
    const rest = fs.readFileSync(scene.log("app.log"), "utf8").slice(from);
    await scene.until("to its end", () => scene.text(`app.log.g2-from-${from}`) === rest);
    assert.deepEqual(scene.client.events("file-diverged"), []);
    await scene.client.stop();
    await scene.server.stop();
  }
});

test("archive --now: refusals, directories, and what repair and verify say of sealed files", async (t) => {
  const scene = await openScene(t, { unwatched: true, server: { validate_regex: "^(/[a-z.]+)+$" } });
  fs.mkdirSync(path.join(scene.store, "web"), { recursive: true });
  for (const name of ["web/a.log", "web/b.log", "c.log"])
    fs.writeFileSync(at(scene, name), `${name}\n`.repeat(300_000));
  fs.writeFileSync(at(scene, "c.log.zst"), "an operator's own");
  assert.match(archiveNow(scene, 2).stderr, /Name the files/);
  assert.match(archiveNow(scene, 2, ".leaves").stderr, /no file of the server's clients/);
  assert.match(archiveNow(scene, 3, "none").stdout, /"none": there is no such file, or it is empty/);
  assert.match(archiveNow(scene, 3, "c.log").stdout, /"c.log.zst" is there already and not ours/);
  assert.match(archiveNow(scene, 0, "/web/").stdout, /^Sealed "web\/a.log": 3000000 bytes, .*\nSealed "web\/b.log": /);
  assert.match(archiveNow(scene, 0, "web/a.log", "web").stdout, /^"web\/a.log" is sealed already\n$/);
  assert.deepEqual(names(scene), ["c.log", "c.log.zst", "web/a.log.zst", "web/b.log.zst"]);
  assert.match(fs.readFileSync(scene.serverConfig.logfile, "utf8"), /INFO archive-compressed Sealed "web\/b.log"/);

  assert.match(repair(scene, 1, "web/a.log").stdout, /sealed with 3000000 bytes: it has no tail to repair/);
  assert.match(
    repair(scene, 3, "--cut", "web/a.log.zst", "--to", "5").stdout,
    /is the compressed copy of a sealed file/,
  );
  assert.match(repair(scene, 0).stdout, /^2 files looked at, 0 with an odd end$/m);
  assert.equal(auditServer(scene, 0).covered, 2);
  flip(at(scene, "web/b.log.zst"), 40);
  const { files } = auditServer(scene, 3);
  assert.deepEqual(
    files.map(({ name, state, segment }) => [name, state, segment]),
    [["web/b.log.zst", "rot", 0]],
  );
});

test("archive --now beside a running server: it seals, and goes on with its clients", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  await scene.start();
  const lines = "a line of 18 bytes\n".repeat(100_000);
  // More paths than fit into one question.
  const many = Array.from({ length: 300 }, (_, i) => `file-with-a-longer-name-${i}.log`);
  for (const name of ["app.log", ...many]) fs.writeFileSync(scene.log(name), name === "app.log" ? lines : `${name}\n`);
  await scene.delivered(scene.log("app.log"), ...many.map((name) => scene.log(name)));
  const { stdout } = archiveNow(scene, 0, "app.log", ...many.slice(1));
  assert.equal(stdout.match(/^Sealed "/gm)?.length, 300);
  assert.match(archiveNow(scene, 0, "app.log").stdout, /^"app.log" is sealed already\n$/);
  assert.match(archiveNow(scene, 3, "none", path.join(scene.store, many[0] ?? "")).stdout, /no such file.*\nSealed "/);
  assert.ok(scene.server.events("archive-compressed").some(({ text }) => text.startsWith('Sealed "app.log"')));
  fs.appendFileSync(scene.log("app.log"), "one more\n");
  await scene.until("the client goes on", () => chain(scene.store, "app.log") === `${lines}one more\n`);
  await scene.client.stop();
  await scene.server.stop();
});

test("archive --now ends with the server, or with whoever asked, and what was under way is as it was", async (t) => {
  const scene = await openScene(t, { unwatched: true });
  fs.mkdirSync(scene.store);
  const bytes = Buffer.alloc(200 * MIB, "a line of 18 bytes\n");
  const names = ["a.log", "b.log"];
  for (const name of names) fs.writeFileSync(at(scene, name), bytes);
  const config = path.join(scene.home, "server.yaml");
  const under = () => fs.existsSync(at(scene, ".shaftlog-compressing"));
  await scene.startServer();
  const begin = async () => {
    const asker = spawn(BINARY, ["archive", "-f", config, "--now", ...names], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => asker.kill("SIGKILL"));
    const ended = once(asker, "exit");
    let said = "";
    asker.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    await scene.until("it is at work", under);
    return { asker, ended, said: () => said };
  };
  const { asker, ended } = await begin();
  asker.kill("SIGINT");
  await ended;
  await scene.until("it is given up", () => !under());
  assert.deepEqual(scene.server.events("archive-compressed"), []);
  const second = await begin();
  await scene.server.stop();
  assert.deepEqual(await second.ended, [1, null]);
  assert.equal(second.said(), "The server ended before all was done; what it was at is as it was\n");
  assert.ok(!under());
  for (const name of names) assert.ok(fs.readFileSync(at(scene, name)).equals(bytes));
  await scene.startServer();
  fs.rmSync(at(scene, ".status.sock"));
  assert.match(
    archiveNow(scene, 2, "a.log").stderr,
    /is using it already, and it does not answer \(ENOENT\): stop it first/,
  );
  await scene.server.stop();
});

test("no rights, no room: the file is as it was, and the server goes on", async (t) => {
  const scene = await openScene(t, {
    unwatched: true,
    server: { ...SOON, limits: { min_free_space: "4000TiB" } },
  });
  fs.mkdirSync(scene.store);
  fs.writeFileSync(at(scene, "a.log"), "a line\n");
  const server = start(t, "server", path.join(scene.home, "server.yaml"), scene.serverConfig.logfile);
  const { text } = await server.logged("archive-refused");
  assert.match(text, /^Cannot compress "a.log" now: there must be room for its 7 bytes/);
  await server.stop();
  assert.deepEqual(names(scene), ["a.log"]);
});

function names(scene: Scene): string[] {
  return fs
    .readdirSync(scene.store, { recursive: true, encoding: "utf8" })
    .filter((name) => !/(^|\/)\./.test(name) && fs.statSync(at(scene, name)).isFile())
    .sort();
}

/** Where the line begins that byte `offset` of the first text is in: lines of 18 bytes. */
function lineBefore(offset: number): number {
  return offset - (offset % 18);
}
