// sync-once --base: every path is that of the other host. Symbolic links resolve below the base and never lead out of
// it, names and ids of the host come from its own files, and the base itself may be given in any form.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { configureFor, DATADIR, LOGS, makeHost, runThere, syncBase, write } from "../support/base.ts";
import { WireProxy } from "../support/proxy.ts";
import { asNobody, needsRoot } from "../support/restricted.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { fileIn, reportOf, startSync, statesOf, sync } from "../support/sync-once.ts";
import { filesBelow } from "../support/trees.ts";
import { picture } from "../support/untouched.ts";

/** A host and, beside it, things of this host that must never be read. */
async function stage(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
): Promise<{ scene: Scene; base: string; secret: string }> {
  const scene = await openScene(t, { truncates: true });
  await scene.startServer();
  const base = makeHost(scene, "web1", files);
  const secret = path.join(scene.home, "secret");
  write(secret, { "/secret.log": "secret of this host\n", "/hostname": "evil\n" });
  return { scene, base, secret };
}

function assertNoSecret(scene: Scene): void {
  assert.ok(scene.texts().every(([name, text]) => !text.includes("secret of this host") && !name.includes("evil")));
}

/** /var/log becomes a link to `target`. */
function linkLog(base: string, target: string): void {
  fs.rmSync(path.join(base, "var/log"), { recursive: true, force: true });
  fs.symlinkSync(target, path.join(base, "var/log"));
}

test("links on the way to the logs: absolute ones begin at the base, relative ones stay in it", async (t) => {
  const { scene, base, secret } = await stage(t, { "/data/log/a.log": "a\n" });
  for (const target of ["/data/log", "../data/log", "../../../../../data/log", "/../../data/./log/"]) {
    linkLog(base, target);
    const report = await syncBase(scene, base, 0);
    assert.deepEqual(statesOf(report, "/var/log/a.log"), ["delivered"], target);
  }
  assert.equal(scene.text("web1/a.log"), "a\n");
  // A path of this host means nothing there.
  for (const target of [secret, path.relative(path.join(base, "var"), secret)]) {
    linkLog(base, target);
    assert.deepEqual((await syncBase(scene, base, 0)).files, [], target);
  }
  assertNoSecret(scene);
});

test("follow_symlinks: links to files and directories lead to the base's own, or nowhere", async (t) => {
  const { scene, base, secret } = await stage(t, { "/data/one.log": "one\n", "/srv/logs/two.log": "two\n" });
  configureFor(scene, { paths: [{ ...LOGS, follow_symlinks: true }] });
  const link = (target: string, name: string) => fs.symlinkSync(target, path.join(base, "var/log", name));
  link("/data/one.log", "absolute.log");
  link("../../srv/logs", "directory");
  link("absolute.log", "twice.log");
  link("..", "loop");
  link(path.join(secret, "secret.log"), "outside.log");
  link(path.relative(path.join(base, "var/log"), path.join(secret, "secret.log")), "up.log");
  link(secret, "outside");
  const report = await syncBase(scene, base, 0);
  assert.deepEqual(report.files.map(({ source }) => source).sort(), [
    "/var/log/absolute.log",
    "/var/log/directory/two.log",
  ]);
  assert.deepEqual([...filesBelow(scene.store).keys()].sort(), ["web1/absolute.log", "web1/two.log"]);
  assertNoSecret(scene);
});

test("the data directory behind a link: its names are kept; behind a stranger's link: exit 2", async (t) => {
  const { scene, base } = await stage(t, { "/var/log/a.log": "a\n" });
  await runThere(scene, base, "web1");
  fs.mkdirSync(path.join(base, "data"));
  fs.renameSync(path.join(base, DATADIR), path.join(base, "data/spool"));
  fs.symlinkSync("/data/spool", path.join(base, DATADIR));
  fs.renameSync(path.join(base, "var/log/a.log"), path.join(base, "var/log/b.log"));
  const report = await syncBase(scene, base, 0);
  assert.deepEqual([fileIn(report, "/var/log/b.log").name, report.bytes_sent], ["a.log", 0]);
  if (needsRoot) return;
  fs.lchownSync(path.join(base, DATADIR), 12345, 12345);
  const { stderr } = await sync(scene, 2, ["--base", base]);
  assert.match(stderr, new RegExp(`Cannot read data directory "${DATADIR}": a symbolic link`));
});

test("{hostname}: from the base's etc/hostname, or as told; without either exit 2 with the remedy", async (t) => {
  const { scene, base, secret } = await stage(t, { "/var/log/a.log": "a\n" });
  const hostname = path.join(base, "etc/hostname");
  for (const content of ["db7\n", "# the name\n\n  db7  \n", "db7"]) {
    fs.writeFileSync(hostname, content);
    await syncBase(scene, base, 0);
  }
  assert.deepEqual([...filesBelow(scene.store).keys()], ["db7/a.log"]);
  await syncBase(scene, base, 0, ["--hostname", "told"]);
  assert.equal(scene.text("told/a.log"), "a\n");
  fs.rmSync(hostname);
  write(base, { "/data/name": "linked\n" });
  fs.symlinkSync("/data/name", hostname);
  await syncBase(scene, base, 0);
  assert.equal(scene.text("linked/a.log"), "a\n");
  fs.rmSync(hostname);
  fs.symlinkSync(path.join(secret, "hostname"), hostname);
  for (const undo of [() => fs.rmSync(hostname), () => fs.writeFileSync(hostname, "# nothing\n"), () => {}]) {
    const { stderr } = await sync(scene, 2, ["--base", base]);
    assert.match(stderr, /Cannot tell \{hostname\}: nothing in \/etc\/hostname below ".*web1"; give --hostname NAME/);
    await sync(scene, 2, ["--base", base, "--dry-run"]);
    undo();
  }
  fs.writeFileSync(hostname, "a/../b\n");
  assert.match((await sync(scene, 2, ["--base", base])).stderr, /cannot stand in a URL/);
  assertNoSecret(scene);
});

test("{machine}: from the base, also one that its client made; else exit 2", async (t) => {
  const { scene, base } = await stage(t, { "/var/log/a.log": "a\n" });
  configureFor(scene, { url: "{machine}/" });
  const { stderr } = await sync(scene, 2, ["--base", base]);
  assert.match(stderr, /Cannot tell \{machine\}: nothing in \/etc\/machine-id.*write the id into the URL/);
  const ids = [
    ["/var/log/shaftlog-client/.machine-id", "made-by-client"],
    ["/var/lib/dbus/machine-id", "of-dbus"],
    ["/etc/machine-id", "uninitialized"],
    ["/etc/machine-id", "of-systemd"],
  ] as const;
  for (const [file, id] of ids) {
    write(base, { [file]: `${id}\n` });
    await syncBase(scene, base, 0);
    assert.equal(scene.text(`${id === "uninitialized" ? "of-dbus" : id}/a.log`), "a\n");
  }
  assert.equal(filesBelow(scene.store).size, 3);
});

test("the base in any form: with slashes, through a link, relative, the current directory", async (t) => {
  const { scene, base } = await stage(t, { "/var/log/a.log": "a\n" });
  const link = path.join(scene.home, "link");
  fs.symlinkSync(base, link);
  const forms: [form: string, cwd: string][] = [
    [`${base}/`, "/"],
    [`${base}//`, "/"],
    [`${base}/var/..`, "/"],
    [link, "/"],
    [`${link}/`, "/"],
    ["web1", scene.home],
    ["./web1/", scene.home],
    ["../web1", scene.logs],
    [".", base],
  ];
  for (const [i, [form, cwd]] of forms.entries()) {
    const report = reportOf(await sync(scene, 0, ["--json", "--base", form], { cwd }));
    assert.deepEqual([report.files.length, report.bytes_sent], [1, i === 0 ? 2 : 0], form);
    assert.equal(report.files[0]?.source, "/var/log/a.log");
  }
});

test("--base / is this host, read only: beside a running client, under the same names", async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("a.log"), "a\n");
  await scene.start();
  await scene.delivered(scene.log("a.log"));
  fs.writeFileSync(path.join(scene.home, "other.txt"), "other\n");
  scene.configure({
    scan_paths: [{ pattern: `${scene.logs}/*.log` }, { pattern: `${scene.home}/other.txt`, rename: "other" }],
  });
  await scene.until("its memory is written", () => fs.existsSync(path.join(scene.spool, ".memory")));
  const before = [picture(scene.spool), picture(scene.logs)];
  const report = reportOf(await sync(scene, 0, ["--json", "--base", "/"]));
  assert.equal(fileIn(report, scene.log("a.log")).name, "a.log");
  assert.deepEqual([picture(scene.spool), picture(scene.logs)], before);
  assert.equal(scene.text("other"), "other\n");
  assert.deepEqual([...filesBelow(scene.spool).keys()], ["a.log"]);
  await scene.end({ gone: (name) => name === "other" });
});

test("what vanishes or is truncated meanwhile: 3, the others are delivered", async (t) => {
  const big = "0123456789\n".repeat(100_000);
  const { scene, base } = await stage(t, {
    "/var/log/gone.log": big,
    "/var/log/cut.log": big,
    "/var/log/good.log": big,
  });
  const proxy = await WireProxy.open(t, scene.url);
  scene.configure({ destinations: [`${proxy.url}{hostname}/`] });
  // Nothing is opened before the first answers have come.
  proxy.plan = ({ method }) => (method === "HEAD" ? { kind: "delay", ms: 300 } : undefined);
  const run = startSync(scene, ["--json", "--base", base]);
  await scene.until("it asks for all of them", () => proxy.exchanges.length >= 3);
  fs.rmSync(path.join(base, "var/log/gone.log"));
  fs.truncateSync(path.join(base, "var/log/cut.log"), 0);
  fs.writeFileSync(path.join(base, "var/log/cut.log"), "afterwards\n");
  const ended = await run.ended;
  assert.equal(ended.code, 3, ended.stderr);
  const report = reportOf(ended);
  assert.deepEqual(statesOf(report, "/var/log/good.log"), ["delivered"]);
  assert.match(fileIn(report, "gone.log").destinations[0]?.error ?? "", /ENOENT/);
  assert.equal(scene.text("web1/good.log"), big);
  assert.equal(scene.text("web1/gone.log"), "");
  assert.deepEqual(statesOf(report, "cut.log"), ["refused"]);
});

test("as a user without rights: what may not be read is told, a spool that may not be read is exit 2", {
  skip: needsRoot,
}, async (t) => {
  const { scene, base } = await stage(t, {
    "/var/log/a.log": "a\n",
    "/var/log/b.log": "b\n",
    "/var/log/private/c.log": "c\n",
  });
  fs.chmodSync(scene.home, 0o755);
  fs.chmodSync(path.join(base, "var/log/b.log"), 0o600);
  fs.chmodSync(path.join(base, "var/log/private"), 0o700);
  const user = { wrapper: asNobody(scene.home) };
  const report = await syncBase(scene, base, 3, [], user);
  assert.deepEqual(statesOf(report, "a.log"), ["delivered"]);
  assert.match(fileIn(report, "b.log").destinations[0]?.error ?? "", /EACCES/);
  assert.match(fileIn(report, "/var/log/private").destinations[0]?.error ?? "", /EACCES/);
  fs.mkdirSync(path.join(base, DATADIR), { mode: 0o700 });
  const { stderr } = await sync(scene, 2, ["--base", base], user);
  assert.match(stderr, /Cannot read data directory .*EACCES.*run it as root or as the client's user/);
});
