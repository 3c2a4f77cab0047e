// The first minute with the binary: what a start without a configuration says, what `init` writes and refuses to, and
// that client and server start with it; the logrotate drop-in, in a mount namespace of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { namesOf } from "../../src/commands/minimal-config.ts";
import { loadClientConfig, loadServerConfig } from "../../src/config/load.ts";
import { BINARY, type Ended, run, start } from "../support/processes.ts";
import { isRoot } from "../support/restricted.ts";
import { tempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const ROOT = path.join(import.meta.dirname, "../..");
const namespaces = isRoot && spawnSync("unshare", ["-m", "true"]).status === 0;
const skip = namespaces ? false : "skipped: no mount namespaces";

/** A variable of the environment that Node complains of where its file is not there. */
const WITHOUT = ["env", "-u", "NODE_EXTRA_CA_CERTS"];

/** This host with an empty /etc, but for what `home` has; the binary is found wherever it is. */
function inOwnEtc(home: string): readonly string[] {
  return [...WITHOUT, "unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc && exec "$@"', home];
}

test("a start without a configuration says what is missing, shows a minimal one and the command that writes it", {
  skip,
}, () => {
  for (const half of ["client", "server"] as const) {
    const { status, stdout, stderr } = run([half], inOwnEtc(tempDir()));
    assert.deepEqual([status, stdout], [2, ""]);
    const file = `/etc/shaftlog-${half}-config.yaml`;
    assert.ok(stderr.startsWith(`There is no configuration yet: ${file} does not exist.`), stderr);
    // What is shown is a configuration, and what is told to be typed works.
    const shown = [...stderr.matchAll(/^ {2}(.*)$/gm)].map(([, line]) => line ?? "");
    const minimal = shown.filter((line) => !line.startsWith("shaftlog ")).join("\n");
    const load = half === "client" ? loadClientConfig : loadServerConfig;
    assert.ok(load(file, () => Buffer.from(minimal)));
    const command = shown.find((line) => line.startsWith("shaftlog init")) ?? "";
    const home = tempDir();
    const script = command.replace(/^shaftlog/, BINARY);
    const ended = spawnSync(
      "env",
      [...WITHOUT.slice(1), "unshare", "-m", "sh", "-c", `mount --bind ${home} /etc && ${script}`],
      {
        encoding: "utf8",
      },
    );
    assert.equal(ended.status, 0, ended.stderr);
    assert.ok(
      ended.stdout.includes(`\n  shaftlog check   #`) && ended.stdout.includes(`\n  shaftlog ${half}\n`),
      ended.stdout,
    );
    assert.ok(load(path.join(home, path.basename(file))));
  }
  // check looks for both.
  assert.match(run(["check"], inOwnEtc(tempDir())).stderr, /^There is no configuration yet/);
});

test("init makes a pair that delivers, and replaces nothing unless told to", async (t) => {
  const home = tempDir();
  fs.mkdirSync(path.join(home, "logs"));
  fs.writeFileSync(path.join(home, "logs", "app.log"), "a line\n");
  const [server, client] = [path.join(home, "server.yaml"), path.join(home, "client.yaml")];
  assert.equal(run(["init", "server", "-f", server, "--datadir", `${home}/store`, "--address", "127.0.0.1"]).status, 0);
  // A port of the test's own.
  fs.writeFileSync(server, `${fs.readFileSync(server, "utf8").replace("10655", "0")}logfile: ${home}/server.log\n`);
  const daemon = start(t, "server", server, path.join(home, "server.log"));
  const { text } = await daemon.logged("server-started");
  const port = /:(\d+),/.exec(text)?.[1];
  const flags = ["--destination", `http://127.0.0.1:${port}`, "--pattern", `${home}/logs/*.log,${home}/{a,b}/*`];
  // As the package brings it.
  fs.writeFileSync(client, "# Every key is shown.\n\n#destinations:\n#  - url: http://log1.example.com/\n");
  const made = run(["init", "client", "-f", client, "--datadir", `${home}/spool`, ...flags]);
  assert.deepEqual([made.status, made.stderr], [0, ""]);
  assert.ok(made.stdout.includes(`shaftlog check -f ${client}`));
  assert.equal(loadClientConfig(client).patterns.length, 2);

  const again = run(["init", "client", "-f", client, ...flags]);
  assert.equal(again.status, 2);
  assert.match(again.stderr, /exists already: --force replaces it/);
  assert.ok(fs.readFileSync(client, "utf8").includes(`${home}/spool`));

  const ended = run(["sync-once", "-f", client]);
  assert.equal(ended.status, 0, ended.stderr);
  const host = fs.readdirSync(path.join(home, "store")).filter((name) => !name.startsWith("."));
  assert.equal(host.length, 1);
  const [name = ""] = fs.readdirSync(path.join(home, "store", host[0] ?? ""));
  assert.match(name, /^app\.log\.\d+$/);
  await daemon.stop();
  assert.equal(run(["init", "server", "-f", server, "--force"]).status, 0);
});

test("init says what it lacks and what is wrong, and writes nothing then", () => {
  const file = path.join(tempDir(), "client.yaml");
  const init = (...flags: readonly string[]): Ended => run(["init", "client", "-f", file, ...flags]);
  const CASES: readonly (readonly [flags: readonly string[], words: RegExp])[] = [
    [[], /^Give --destination, where to deliver to\. For instance:/],
    [["--destination", "http://a/b/"], /^Give --pattern, which files/],
    [
      ["--destination", "ftp://a/", "--pattern", "/a"],
      /^Nothing was written: destinations\[0\]\.url: .*expected a URL/,
    ],
    [["--destination", "http://a/b/", "--pattern", "a"], /^Nothing was written: scan_paths\[0\]\.pattern/],
    [["--destination", "http://a/b/", "--pattern", "/a", "--datadir", "b"], /^Nothing was written: datadir: /],
  ];
  for (const [flags, words] of CASES) {
    const { status, stdout, stderr } = init(...flags);
    assert.deepEqual([status, stdout], [2, ""], flags.join(" "));
    assert.match(stderr, words);
  }
  assert.ok(!fs.existsSync(file));
  const nowhere = run(["init", "server", "-f", "/nonexistent/x/s.yaml"]);
  assert.match(nowhere.stderr, /^Cannot write .*: make \/nonexistent\/x first\n$/);
});

test("patterns with odd characters come to configurations that load, with names of their own", () => {
  assert.deepEqual(
    namesOf(["/var/log/*.log", "/var/log/messages*", "/srv/app/*.log", "/x/messages*", "/*", "/ä/{a}"]),
    ["log", "messages", "app", "messages-2", "log-2", "log-3"],
  );
  const home = tempDir();
  for (const pattern of ["/a'b/*.log", '/a"b/\\[x]*', "/a b/[0-9]*: #", "/ü/**/*.log", "/(a|b)$/x+", "/a/@(x|y).log"]) {
    const file = path.join(home, "c.yaml");
    const { status, stderr } = run([
      "init",
      "client",
      "-f",
      file,
      "--force",
      "--destination",
      "http://h/",
      "--pattern",
      pattern,
    ]);
    assert.equal(status, 0, `${pattern}: ${stderr}`);
    assert.deepEqual(
      loadClientConfig(file).patterns.map((one) => one.pattern),
      [pattern],
    );
  }
});

const DROP_IN = "etc/logrotate.d/00-shaftlog";

test("setup logrotate writes the drop-in once, and never over another file unasked", { skip }, () => {
  const home = tempDir();
  fs.mkdirSync(path.join(home, "logrotate.d"));
  const file = path.join(home, "logrotate.d", "00-shaftlog");
  const setup = (...flags: readonly string[]) => run(["setup", "logrotate", ...flags], inOwnEtc(home));
  const refused = setup();
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /nobody can be asked: give --yes/);
  assert.deepEqual(fs.readdirSync(path.join(home, "logrotate.d")), []);

  const made = setup("--yes");
  assert.deepEqual([made.status, made.stderr], [0, ""]);
  assert.match(made.stdout, /^Wrote \/etc\/logrotate\.d\/00-shaftlog/);
  assert.equal(fs.readFileSync(file, "utf8"), fs.readFileSync(path.join(ROOT, DROP_IN), "utf8"));
  assert.equal(fs.statSync(file).mode & 0o7777, 0o644);
  const was = fs.statSync(file).ino;
  assert.match(setup().stdout, /nothing to do/);
  assert.equal(fs.statSync(file).ino, was);

  fs.writeFileSync(file, "weekly\n");
  const other = setup();
  assert.deepEqual([other.status, fs.readFileSync(file, "utf8")], [2, "weekly\n"]);
  assert.match(other.stderr, /replace .*which says something else/);
  assert.match(setup("-y").stdout, /^Replaced .*something else/);
  assert.deepEqual(fs.readdirSync(path.join(home, "logrotate.d")), ["00-shaftlog"]);
  const bare = run(["setup", "logrotate", "--yes"], inOwnEtc(tempDir()));
  assert.match(bare.stderr, /is logrotate installed here\?/);
});

test("setup logrotate asks on a terminal, and takes yes and nothing else for yes", {
  skip: skip || (spawnSync("script", ["--version"]).status === 0 ? false : "skipped: no script"),
}, async () => {
  const home = tempDir();
  const file = path.join(home, "logrotate.d", "00-shaftlog");
  fs.mkdirSync(path.dirname(file));
  const ask = (answer: string) =>
    spawnSync(
      "unshare",
      ["-m", "sh", "-c", `mount --bind ${home} /etc && exec script -qec '${BINARY} setup logrotate' /dev/null`],
      { encoding: "utf8", input: answer, timeout: 30_000 },
    );
  const no = ask("no\n");
  assert.match(no.stdout, /May I write .*\? \[y\/N\]/);
  assert.match(no.stdout, /Nothing was changed/);
  assert.ok(!fs.existsSync(file));
  assert.match(ask("y\n").stdout, /Wrote /);
  await until(() => fs.existsSync(file), "the drop-in");
});

test("what a start says where it cannot", { skip }, () => {
  const home = tempDir();
  const write = (name: string, text: string) => {
    fs.writeFileSync(path.join(home, name), text);
    return path.join(home, name);
  };
  const pattern = `scan_paths: [{ name: a, pattern: ${home}/x }]\n`;
  const at = "destinations: [{ url: http://127.0.0.1:9/ }]\n";
  const file = write("file", "");
  const CASES: readonly (readonly [command: string, text: string, words: RegExp])[] = [
    ["client", `datadir: ${file}/spool\nlogfile: ${home}/c.log\n${pattern}${at}`, /not a directory/],
    ["client", `datadir: /proc/x\nlogfile: ${home}/c.log\n${pattern}${at}`, /^Cannot .*"\/proc\/x/],
    ["server", `datadir: ${file}/store\nlogfile: ${home}/s.log\n`, /^Cannot use the data directory .*not a directory/],
    [
      "server",
      `datadir: ${home}/d\nlogfile: ${home}/s.log\nbind_address: 192.0.2.9\n`,
      /^Cannot listen on 192\.0\.2\.9/,
    ],
    [
      "server",
      `datadir: ${home}/d\nlogfile: ${home}/s.log\ntls: { cert: /nonexistent, key: /nonexistent }\n`,
      /nonexistent/,
    ],
  ];
  for (const [command, text, words] of CASES) {
    const { status, stderr } = run([command, "-f", write(`${command}.yaml`, text)]);
    assert.match(stderr, words, text);
    assert.equal(stderr.includes("    at "), false, stderr);
    assert.equal(status, 2, stderr);
  }
});
