// `shaftlog check` of a client: it tells what matches under which names, finds each wrong set-up by its name with a
// remedy, changes nothing, and needs no lock. Rights, mounts and attributes are real ones.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { check, finding, levels } from "../support/check.ts";
import { byBaseName, type ScanPath, writeClientConfig } from "../support/configs.ts";
import { tmpfs } from "../support/mounts.ts";
import { BINARY, run, sh } from "../support/processes.ts";
import { asNobody, giveToNobody, isRoot, needsRoot } from "../support/restricted.ts";
import { openScene } from "../support/scene.ts";
import { tempDir } from "../support/temp-dir.ts";
import { noStrace, picture, touches, watched } from "../support/untouched.ts";

const namespaces = spawnSync("unshare", ["-m", "true"]).status === 0;
const needsMounts = isRoot && namespaces ? false : "skipped: no mount namespaces";

/** Nobody listens there. */
const DEAD = "http://127.0.0.1:9/";

interface Stage {
  readonly home: string;
  readonly logs: string;
  readonly config: string;
  readonly configure: (...patterns: readonly ScanPath[]) => void;
}

function stage(datadir?: string): Stage {
  const home = tempDir();
  const logs = path.join(home, "logs");
  fs.mkdirSync(logs);
  const config = path.join(home, "client.yaml");
  const configure = (...scan_paths: readonly ScanPath[]) =>
    writeClientConfig(config, {
      datadir: datadir ?? path.join(home, "spool"),
      logfile: path.join(home, "client.log"),
      scan_paths,
      destinations: [DEAD],
    });
  configure(byBaseName(`${logs}/*`));
  return { home, logs, config, configure };
}

test("beside a running client it tells what matches under which names, and touches nothing", {
  skip: noStrace,
}, async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("held.log"), "a line\n");
  await scene.start();
  await scene.delivered(scene.log("held.log"));
  fs.mkdirSync(path.join(scene.home, "other"));
  fs.writeFileSync(path.join(scene.home, "other", "new.log"), "another\n");
  const config = path.join(scene.home, "check.yaml");
  const patterns = [...scene.clientConfig.scan_paths, { ...byBaseName(`${scene.home}/other/*`), name: "other" }];
  writeClientConfig(config, { ...scene.clientConfig, scan_paths: patterns });

  const before = [scene.logs, scene.spool, path.join(scene.home, "other")].map(picture);
  const store = picture(scene.store);
  const calls = path.join(scene.home, "calls");
  const report = check(config, { wrapper: watched(calls) });
  assert.deepEqual([scene.logs, scene.spool, path.join(scene.home, "other")].map(picture), before);
  assert.equal(picture(scene.store), store, "nor at the destination");
  // Its connections are to the destination; it is in no other way seen outside.
  const made = touches(calls).filter((line) => !/connect\(.*AF_INET/.test(line));
  assert.deepEqual(made, []);

  const [checked] = report.checks;
  assert.equal(checked?.half, "client");
  assert.deepEqual(checked?.files, [
    { source: scene.log("held.log"), name: "held.log", size: 7, held: true },
    { source: path.join(scene.home, "other", "new.log"), name: "new.log", size: 8, held: false },
  ]);
  assert.match(finding(report, "pattern-matches", "other").text, /^1 file: ".*new\.log" as "new\.log"$/);
  assert.deepEqual(levels(report, "links", "spool", "spool-only", "destination-reached", "destination-append"), [
    "ok destination-append",
    "ok destination-reached",
    "ok links",
    "ok spool",
    "ok spool-only",
  ]);
  // The client goes on as if nothing had been there.
  fs.appendFileSync(scene.log("held.log"), "more\n");
  await scene.delivered(scene.log("held.log"));
  await scene.end();
});

test("a pattern without files, a name that cannot be, files elsewhere, a spool in memory that others may write to", {
  skip: needsRoot,
}, () => {
  const memory = tmpfs("size=4m");
  fs.chmodSync(memory, 0o777);
  const { logs, config, configure } = stage(memory);
  fs.writeFileSync(path.join(logs, "one.log"), "x\n");
  fs.writeFileSync(path.join(logs, "two.log"), "x\n");
  configure(byBaseName(`${logs}/*.log`), { pattern: `${logs}/*.none`, name: "none" });
  const report = check(config);
  const apart = finding(report, "file-system-differs");
  assert.match(apart.subject, /one\.log" and 1 more/);
  assert.match(apart.text, /no link can lead/);
  assert.equal(finding(report, "file-system-in-memory").level, "warning");
  assert.equal(finding(report, "spool", "mode 0777").level, "warning");
  assert.equal(finding(report, "pattern-matches", `"none"`).level, "warning");
  assert.equal(finding(report, "destination-reached").level, "error");
  // The remedies that are for a shell say no nonsense to it.
  for (const { remedy } of [finding(report, "spool"), apart])
    assert.equal(sh("sh", "-c", remedy ?? "").includes("\0"), false);
  assert.deepEqual(levels(check(config), "spool"), ["ok spool"], "chmod go-w was the remedy");

  configure({ ...byBaseName(`${logs}/*.log`), regex_to: "../" });
  const refused = finding(check(config), "name-refused");
  assert.match(refused.subject, /and 1 more|log"/);
});

test("append-only files and directories", { skip: needsRoot }, (t) => {
  const { home, logs, config } = stage();
  const spool = path.join(home, "spool");
  fs.mkdirSync(spool, { mode: 0o700 });
  const log = path.join(logs, "audit.log");
  fs.writeFileSync(log, "x\n");
  if (spawnSync("chattr", ["+a", log]).status !== 0) return t.skip("skipped: no such attributes on this file system");
  t.after(() => sh("chattr", "-a", log));
  assert.match(finding(check(config), "file-append-only").remedy ?? "", /^chattr -a .*audit\.log$/);
  sh("chattr", "-a", log);
  sh("chattr", "+a", spool);
  t.after(() => sh("chattr", "-a", spool));
  const found = finding(check(config), "spool");
  assert.equal(found.level, "error");
  assert.match(found.text, /append-only/);
  sh("sh", "-c", found.remedy ?? "false");
  assert.deepEqual(levels(check(config), "spool", "file-append-only", "links"), ["ok links", "ok spool"]);
});

test("without rights: files that may not be read or linked, a spool that cannot be made", { skip: needsRoot }, () => {
  const { home, logs, config } = stage();
  fs.chmodSync(home, 0o755);
  fs.writeFileSync(path.join(logs, "open.log"), "x\n", { mode: 0o644 });
  fs.writeFileSync(path.join(logs, "secret.log"), "x\n", { mode: 0o600 });
  const wrapper = asNobody(home);
  const report = check(config, { wrapper });
  assert.match(finding(report, "file-not-readable").subject, /secret\.log"$/);
  assert.match(finding(report, "spool").text, /may not make it/);
  if (fs.readFileSync("/proc/sys/fs/protected_hardlinks", "utf8").trim() === "1") {
    const guarded = finding(report, "link-not-permitted");
    assert.match(guarded.subject, /and 1 more/);
    assert.match(guarded.text, /user 0.*protected_hardlinks/);
  }
  // What is in root's data directory is root's alone, and that is no reason to stop.
  const spool = path.join(home, "spool");
  fs.mkdirSync(spool, { mode: 0o700 });
  const closed = check(config, { wrapper });
  assert.match(finding(closed, "spool-not-readable").text, /permission denied/);
  assert.equal(finding(closed, "spool").level, "error");
  fs.rmdirSync(spool);
  const own = path.join(logs, "own.log");
  fs.rmSync(path.join(logs, "secret.log"));
  fs.rmSync(path.join(logs, "open.log"));
  fs.writeFileSync(own, "x\n");
  giveToNobody(own, home);
  assert.deepEqual(levels(check(config, { wrapper }), "spool", "links"), ["ok links", "ok spool"]);
});

test("an overlay file system is told", { skip: needsMounts }, (t) => {
  const { home, config } = stage();
  const layers = tmpfs("size=8m");
  for (const layer of ["lower", "upper", "work"]) fs.mkdirSync(path.join(layers, layer));
  const spool = path.join(home, "spool");
  fs.mkdirSync(spool, { mode: 0o700 });
  const mount = `mount -t overlay -o lowerdir=${layers}/lower,upperdir=${layers}/upper,workdir=${layers}/work none ${spool}`;
  const wrapper = ["unshare", "-m", "sh", "-c", `${mount} && exec "$@"`, "sh"];
  if (spawnSync("unshare", ["-m", "sh", "-c", mount]).status !== 0)
    return t.skip("skipped: no overlay file systems here");
  assert.match(finding(check(config, { wrapper }), "file-system-overlay").text, /overlay/);
});

test("logs and spool on one overlay of two file systems are together, also where its files have other numbers", {
  skip: needsMounts,
}, (t) => {
  const { home, config } = stage();
  const [lower, upper] = [tmpfs("size=8m"), tmpfs("size=8m")];
  for (const directory of [`${lower}/logs`, `${upper}/files`, `${upper}/work`]) fs.mkdirSync(directory);
  fs.writeFileSync(`${lower}/logs/old.log`, "x\n");
  const mount = `mount -t overlay -o lowerdir=${lower},upperdir=${upper}/files,workdir=${upper}/work none ${home}/logs`;
  const wrapper = [
    "unshare",
    "-m",
    "sh",
    "-c",
    `${mount} && cd ${home} && echo x >logs/logs/new.log && exec "$@"`,
    "sh",
  ];
  if (spawnSync("unshare", ["-m", "sh", "-c", mount]).status !== 0)
    return t.skip("skipped: no overlay file systems here");
  writeClientConfig(config, {
    datadir: `${home}/logs/spool`,
    logfile: `${home}/client.log`,
    scan_paths: [byBaseName(`${home}/logs/logs/*.log`)],
    destinations: [DEAD],
  });
  assert.equal(finding(check(config, { wrapper }), "links").text, "each can be read and linked");
});

test("the admin listener: free, exposed, and another's", async (t) => {
  const { config, home, logs } = stage();
  const taken = net.createServer().listen(0, "127.0.0.1");
  t.after(() => taken.close());
  await once(taken, "listening");
  const { port } = taken.address() as net.AddressInfo;
  const admin = (listen: string | number) => {
    const base = { datadir: path.join(home, "spool"), logfile: path.join(home, "client.log"), destinations: [DEAD] };
    writeClientConfig(config, { ...base, scan_paths: [byBaseName(`${logs}/*`)], admin: { listen } });
    return check(config);
  };
  assert.equal(finding(admin(0), "admin-listen").text, "any port that is free");
  const another = finding(admin(port), "admin-listen");
  assert.equal(another.level, "error");
  assert.match(another.remedy ?? "", /^ss -ltnp .*another port in admin\.listen/);
  const exposed = admin(`0.0.0.0:${port + 1 > 65_535 ? port - 1 : port + 1}`);
  assert.match(finding(exposed, "admin-exposed").text, /whoever can connect/);
  assert.deepEqual(levels(admin(0), "admin-exposed"), []);
  assert.deepEqual(levels(check(stage().config), "admin-listen", "admin-exposed"), [], "none is configured");
});

/** This host with another logrotate configuration. */
function withLogrotate(home: string, text: string): readonly string[] {
  const file = path.join(home, "logrotate.conf");
  fs.writeFileSync(file, text);
  return ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/logrotate.conf && exec "$@"', file];
}

const noLogrotate = fs.existsSync("/etc/logrotate.conf") ? needsMounts : "skipped: no logrotate";

test("copytruncate is an error, a warning one with --strict only", { skip: noLogrotate }, async (t) => {
  const scene = await openScene(t);
  fs.writeFileSync(scene.log("app.log"), "x\n");
  await scene.start();
  await scene.delivered(scene.log("app.log"));
  const config = path.join(scene.home, "client.yaml");
  const rule = (more: string) => `${scene.logs}/*.log {\n  rotate 3\n  ${more}\n}\n`;
  const bad = withLogrotate(scene.home, rule("allowhardlink\n  copytruncate"));
  const found = finding(check(config, { wrapper: bad }), "logrotate-copytruncate");
  assert.match(found.text, /^copytruncate at \/etc\/logrotate\.conf:4 /);
  assert.match(found.subject, /app\.log"$/);

  const copy = withLogrotate(scene.home, rule("allowhardlink\n  copy"));
  assert.equal(check(config, { wrapper: copy }).result, "warnings");
  assert.equal(check(config, { wrapper: copy, flags: ["--strict"] }).result, "warnings");
  const good = withLogrotate(scene.home, rule("allowhardlink"));
  assert.deepEqual(levels(check(config, { wrapper: good, flags: ["--strict"] }), "logrotate"), ["ok logrotate"]);
  const stops = withLogrotate(scene.home, rule(""));
  assert.match(finding(check(config, { wrapper: stops }), "logrotate-stops").remedy ?? "", /^shaftlog setup logrotate/);
  await scene.client.stop();

  // A client tells the same at its start, by the same names.
  const again = withLogrotate(scene.home, rule("copytruncate"));
  await scene.startClient({ wrapper: again });
  const { level, text } = await scene.client.logged("check-error");
  assert.equal(level, "ERROR");
  assert.match(text, /^logrotate-copytruncate: .*copytruncate at \/etc\/logrotate\.conf:3 .*Remedy: sed/);
  await scene.client.logged("logrotate-stops", "app.log");
  await scene.end({ errors: ["check-error"] });
});

/** With a terminal as standard output. */
function onTerminal(config: string, env: NodeJS.ProcessEnv): string {
  const { stdout } = spawnSync("script", ["-qec", `${BINARY} check -f ${config}`, "/dev/null"], {
    encoding: "utf8",
    env: { PATH: process.env.PATH, TERM: "xterm", ...env },
  });
  return stdout;
}

test("for people: aligned lines, what is to be done last, colours on a terminal only", (t: TestContext) => {
  const { logs, config } = stage();
  fs.writeFileSync(path.join(logs, "a.log"), "x\n");
  const { stdout, stderr, status } = run(["check", "-f", config]);
  assert.deepEqual({ stderr, status }, { stderr: "", status: 1 });
  const lines = stdout.trimEnd().split("\n");
  const columns = lines
    .filter((line) => /^(ok|warning|error) /.test(line))
    .map((line) => /^\S+ +\S+ +/.exec(line)?.[0].length);
  assert.equal(new Set(columns).size, 1, stdout);
  assert.match(lines.at(-1) ?? "", /^1 error( and \d+ warnings?)?: do what the arrows say, then run it again$/);
  assert.match(lines.at(-3) ?? "", /^ +→ curl -sSI http:\/\/127\.0\.0\.1:9\//);
  assert.match(lines.at(-4) ?? "", /^error +destination-reached .*connection refused/);
  assert.ok(!stdout.includes("\u001b"));
  if (spawnSync("script", ["--version"]).status !== 0) return t.skip("skipped: no script");
  assert.ok(onTerminal(config, {}).includes("\u001b[31merror"));
  assert.ok(!onTerminal(config, { NO_COLOR: "1" }).includes("\u001b["));
});

test("a configuration that cannot be read is told, and nothing is looked at", () => {
  const { config } = stage();
  fs.appendFileSync(config, "\nnonsense: 1\n");
  const { status, stdout, stderr } = run(["check", "--json", "-f", config]);
  assert.deepEqual([status, stdout], [2, ""]);
  assert.match(stderr, new RegExp(`^${config}:`));
});

test("a data directory that cannot be read", () => {
  const { home, config, configure } = stage();
  fs.writeFileSync(path.join(home, "spool"), "a file\n");
  const report = check(config);
  assert.match(finding(report, "spool").text, /is no directory/);
  configure(byBaseName("/nowhere/*.log"));
  assert.match(finding(check(config), "pattern-matches").remedy ?? "", /^ls -ld \/nowhere/);
});
