// Debian's logrotate, with its own state and configuration in a temporary directory. With `allowhardlink` rotated and
// compressed files arrive exactly once; without it logrotate silently does nothing to a file that we hold, which
// the client therefore says when it starts.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { assertExactlyOnce, Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import { sh } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";

const LOGROTATE = ["/usr/sbin/logrotate", "/usr/bin/logrotate"].find((file) => fs.existsSync(file)) ?? "";
const skip = LOGROTATE === "" ? "no logrotate" : false;
const isRoot = process.getuid?.() === 0;

/** One run of logrotate over `app.log`, whatever its size and age. */
function logrotate(scene: Scene, directives: readonly string[], global = ""): void {
  const conf = path.join(scene.home, "logrotate.conf");
  fs.writeFileSync(conf, `${global}\n${scene.log("app.log")} {\n  rotate 20\n  ${directives.join("\n  ")}\n}\n`, {
    mode: 0o644,
  });
  sh(LOGROTATE, "-f", "-s", path.join(scene.home, "logrotate.state"), conf);
}

test("five rotations with create, compress and delaycompress: every line once", { skip }, async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/app.log*`, exclude: "*.gz", rename: "{name}.{ino}.{mtime}" }],
    }),
  });
  const lines = new Lines();
  await scene.start();
  let writer = fs.openSync(scene.log("app.log"), "a");
  for (let rotation = 1; rotation <= 5; rotation++) {
    for (let i = 0; i < 100; i++) lines.write(writer);
    logrotate(scene, ["create", "compress", "delaycompress"], "allowhardlink");
    // As long as it has not been told, a program writes on into the old file.
    for (let i = 0; i < 20; i++) {
      lines.write(writer);
      await pace(5);
    }
    fs.closeSync(writer);
    writer = fs.openSync(scene.log("app.log"), "a");
  }
  lines.write(writer);
  fs.closeSync(writer);
  assert.deepEqual(fs.readdirSync(scene.logs).sort(), [
    "app.log",
    "app.log.1",
    ...[2, 3, 4, 5].map((n) => `app.log.${n}.gz`),
  ]);
  await scene.delivered(scene.log("app.log"), scene.log("app.log.1"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

for (const directives of [
  ["nocreate", "dateext", "dateformat .%s"],
  ["create", "start 5", "extension .log"],
  ["create", "olddir old", "createolddir 0755", "compress"],
  ["create", "copy"],
]) {
  test(`three rotations with ${directives.join(", ")}: every line once`, { skip }, async (t) => {
    const scene = await openScene(t, {
      client: ({ logs }) => ({
        // What `copy` leaves is another file with the same lines: not what the pattern asks for.
        scan_paths: [{ pattern: `${logs}/${directives.includes("copy") ? "app.log" : "**/app*"}`, exclude: "*.gz" }],
      }),
    });
    const lines = new Lines();
    await scene.start();
    for (let rotation = 1; rotation <= 3; rotation++) {
      const writer = fs.openSync(scene.log("app.log"), "a");
      for (let i = 0; i < 50; i++) lines.write(writer);
      await scene.delivered(scene.log("app.log"));
      // Dated names need another second each time.
      if (directives.includes("dateext")) fs.rmSync(path.join(scene.home, "logrotate.state"), { force: true });
      logrotate(scene, directives, "allowhardlink");
      for (let i = 0; i < 20; i++) lines.write(writer);
      fs.closeSync(writer);
      if (directives.includes("dateext")) await pace(1000);
    }
    const count = () => scene.texts().join("").split("line ").length - 1;
    await scene.until("as many lines as were written", () => count() >= lines.count);
    await scene.delivered();
    assertExactlyOnce(scene.texts(), lines.count);
    await scene.end();
  });
}

test("compress at once: what the writer adds to the deleted file is not lost either", { skip }, async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_paths: [{ pattern: `${logs}/app.log*`, exclude: "*.gz", rename: "{name}.{ino}.{mtime}" }],
      scan_interval: "1h",
    }),
  });
  const lines = new Lines();
  await scene.start();
  const writer = fs.openSync(scene.log("app.log"), "a");
  for (let i = 0; i < 100; i++) lines.write(writer);
  await scene.delivered(scene.log("app.log"));
  logrotate(scene, ["create", "compress"], "allowhardlink");
  assert.ok(fs.existsSync(scene.log("app.log.1.gz")));
  assert.equal(fs.fstatSync(writer).nlink, 1, "only the spool has it");
  for (let i = 0; i < 100; i++) lines.write(writer);
  fs.closeSync(writer);
  lines.append(scene.log("app.log"));
  await scene.delivered(scene.log("app.log"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

test("without allowhardlink logrotate does not rotate what we hold; with it, it does again", { skip }, async (t) => {
  const scene = await openScene(t);
  const lines = new Lines();
  await scene.start();
  lines.append(scene.log("app.log"), 10);
  await scene.delivered(scene.log("app.log"));
  logrotate(scene, ["create"]);
  lines.append(scene.log("app.log"), 10);
  logrotate(scene, ["create"]);
  assert.deepEqual(fs.readdirSync(scene.logs), ["app.log"], "the premise of the client's warning");
  // The drop-in that we ship.
  logrotate(scene, ["create"], fs.readFileSync("etc/logrotate.d/00-shaftlog", "utf8"));
  lines.append(scene.log("app.log"), 10);
  assert.deepEqual(fs.readdirSync(scene.logs).sort(), ["app.log", "app.log.1"]);
  await scene.delivered(scene.log("app.log"), scene.log("app.log.1"));
  assertExactlyOnce(scene.texts(), lines.count);
  await scene.end();
});

const ETC = 'mount --bind "$0" /etc/logrotate.d && exec "$@"';

/** Has the client see `directory` as /etc/logrotate.d. */
function withDropIns(directory: string): readonly string[] {
  return ["unshare", "-m", "sh", "-c", ETC, directory];
}

const skipEtc = skip || (isRoot && spawnSync("unshare", ["-m", "true"]).status === 0 ? false : "no mount namespaces");

test("at start the client says whether logrotate would stop", { skip: skipEtc }, async (t) => {
  const scene = await openScene(t);
  const dropIns = path.join(scene.home, "logrotate.d");
  fs.mkdirSync(dropIns);
  fs.writeFileSync(path.join(dropIns, "app"), "/var/log/app.log {\n  daily\n}\n");
  await scene.start({ wrapper: withDropIns(dropIns) });
  const { level, text } = await scene.client.logged("logrotate-stops");
  assert.equal(level, "WARN");
  assert.match(text, /allowhardlink.*\/etc\/logrotate\.d\/00-shaftlog/);
  await scene.client.stop();

  // logrotate passes over such names, and what it reads later does not hold for the rules before.
  for (const name of ["00-shaftlog.disabled", "00-shaftlog~", "zz"]) {
    fs.copyFileSync("etc/logrotate.d/00-shaftlog", path.join(dropIns, name));
  }
  fs.writeFileSync(path.join(dropIns, "other"), "/var/log/other.log {\n  daily\n}\n");
  await scene.startClient({ wrapper: withDropIns(dropIns) });
  await scene.until("told again", () => scene.client.events("logrotate-stops").length === 2);
  await scene.client.stop();

  fs.copyFileSync("etc/logrotate.d/00-shaftlog", path.join(dropIns, "00-shaftlog"));
  await scene.startClient({ wrapper: withDropIns(dropIns) });
  await scene.client.logged("logrotate-allows-links");
  assert.equal(scene.client.events("logrotate-stops").length, 2, "not said again");
  await scene.end();
});

test("the client's own log is rotated by logrotate: SIGHUP opens it anew", { skip }, async (t) => {
  const scene = await openScene(t, { client: { status_interval: 100 } });
  await scene.start();
  const log = scene.clientConfig.logfile;
  const conf = path.join(scene.home, "own.conf");
  const hangup = `postrotate\nkill -HUP ${scene.client.pid}\nendscript`;
  fs.writeFileSync(conf, `${log} {\n  rotate 5\n  create\n  ${hangup}\n}\n`, { mode: 0o644 });
  for (let rotation = 1; rotation <= 3; rotation++) {
    sh(LOGROTATE, "-f", "-s", path.join(scene.home, "own.state"), conf);
    await scene.until("lines in the new file", () => fs.statSync(log).size > 0);
  }
  const old = fs.statSync(`${log}.1`).size;
  const now = fs.statSync(log).size;
  await scene.until("more lines there", () => fs.statSync(log).size > now);
  assert.equal(fs.statSync(`${log}.1`).size, old, "nothing goes to the old file any more");
  assert.deepEqual([...fs.readFileSync(`${log}.3`, "utf8").matchAll(/client-started/g)].length, 1);
  await scene.end();
});
