// The client as root beside a user who owns a log directory: whatever he puts there while it looks, no byte that he
// could not read himself is held, sent, or changed. What he does is done as that user, as fast as he can.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { start } from "../support/processes.ts";
import { giveToNobody, NOBODY, needsRoot, withinReach } from "../support/restricted.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { until } from "../support/until.ts";

const SECRET = "root:$y$j9T$TOP-SECRET:19000:0:99999:7:::\n";

/** A directory that only root can look into, with files whose names match. */
function makeSecret(scene: Scene): string {
  const secret = path.join(scene.home, "secret");
  fs.mkdirSync(path.join(secret, "sub"), { recursive: true });
  for (const name of ["x.log", "sub/x.log"]) fs.writeFileSync(path.join(secret, name), SECRET, { mode: 0o600 });
  fs.chmodSync(secret, 0o700);
  fs.chmodSync(scene.home, 0o755);
  return secret;
}

function assertKept(scene: Scene, secret: string): void {
  const inodes = ["x.log", "sub/x.log"].map((name) => {
    const { ino, nlink } = fs.statSync(path.join(secret, name), { bigint: true });
    assert.equal(nlink, 1n, `${name} has one name`);
    return ino;
  });
  for (const [name, { ino }] of filesBelow(scene.spool, true)) assert.ok(!inodes.includes(ino), `held: ${name}`);
  for (const [name, text] of scene.texts()) assert.ok(!text.includes("TOP-SECRET"), `sent: ${name}`);
}

// Each trick is tried in each round, many hundred rounds a second.
const ATTACK = `
  const fs = require("node:fs");
  const [, logs, secret] = process.argv;
  const quietly = (what, ...args) => { try { fs[what](...args); } catch {} };
  const app = logs + "/app", aside = logs + "/aside", flip = app + "/sub/x.log";
  fs.mkdirSync(app + "/sub", { recursive: true });
  for (let round = 0, end = performance.now() + 5000; performance.now() < end; round++) {
    // A directory that is a link to the secret one half of the time, and one in the middle of a path.
    quietly("renameSync", app, aside); quietly("symlinkSync", secret, app);
    quietly("unlinkSync", app); quietly("renameSync", aside, app);
    quietly("renameSync", app + "/sub", app + "/sub2"); quietly("symlinkSync", secret + "/sub", app + "/sub");
    quietly("unlinkSync", app + "/sub"); quietly("renameSync", app + "/sub2", app + "/sub");
    // A file that is a file, a link, another file and a hard link of what is not his.
    quietly("writeFileSync", flip, "own\\n"); quietly("symlinkSync", secret + "/x.log", flip + ".new");
    quietly("renameSync", flip + ".new", flip); quietly("unlinkSync", flip);
    quietly("linkSync", secret + "/x.log", flip); quietly("unlinkSync", flip);
    quietly("writeFileSync", flip + ".new", "own\\n"); quietly("renameSync", flip + ".new", flip);
    quietly("unlinkSync", flip); quietly("symlinkSync", "/etc/shadow", flip); quietly("unlinkSync", flip);
    quietly("symlinkSync", "/proc/self/root" + secret + "/x.log", flip); quietly("unlinkSync", flip);
    if (round % 50 === 0) quietly("appendFileSync", app + "/own-" + round + ".log", "own\\n");
  }
`;

test("swaps of all kinds in a tight loop during scans: the user's own files are delivered, no secret is", {
  skip: needsRoot,
}, async (t) => {
  const scene = await openScene(t, {
    client: ({ logs }) => ({
      scan_interval: 3,
      retention: 0,
      scan_paths: [
        { pattern: `${logs}/app/sub/x.log`, rename: "literal/{ino}.{ctime}" },
        { pattern: `${logs}/app/*.log`, rename: "star/{ino}.{ctime}" },
        { pattern: `${logs}/**/*.log`, rename: "all/{ino}.{ctime}" },
      ],
    }),
  });
  const secret = makeSecret(scene);
  giveToNobody(scene.logs);
  await scene.start();
  const user = { uid: NOBODY, gid: NOBODY, stdio: "inherit" } as const;
  const attacker = spawn(withinReach(process.execPath, scene.home), ["-e", ATTACK, scene.logs, secret], user);
  const [code] = await once(attacker, "exit");
  assert.equal(code, 0);
  await scene.delivered(scene.log("app/own-0.log"));
  assertKept(scene, secret);
  assert.ok(scene.texts().some(([, text]) => text === "own\n"));
  await scene.end({ gone: () => true, errors: ["file-not-linked", "path-not-readable"] });
});

test("where users may link any file: a secret that was linked into their directory is left alone, and told of", {
  skip: needsRoot,
}, async (t) => {
  const scene = await openScene(t, { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) });
  const secret = makeSecret(scene);
  for (const name of ["his", "shared", "ours"]) fs.mkdirSync(scene.log(name));
  giveToNobody(scene.log("his"));
  fs.chmodSync(scene.log("shared"), 0o1777);
  // What a kernel without the guard lets him do.
  const shadow = path.join(secret, "x.log");
  fs.linkSync(shadow, scene.log("his/shadow.log"));
  fs.linkSync(path.join(secret, "sub/x.log"), scene.log("shared/shadow2.log"));
  // His own files may have several names, and so may anybody's where only root can make them.
  fs.writeFileSync(scene.log("his/own.log"), "own\n");
  giveToNobody(scene.log("his/own.log"));
  fs.linkSync(scene.log("his/own.log"), scene.log("his/own.bak"));
  fs.writeFileSync(scene.log("ours/root.log"), "root\n");
  fs.linkSync(scene.log("ours/root.log"), scene.log("ours/root.bak"));
  fs.writeFileSync(scene.log("shared/single.log"), "single\n");
  const zero = path.join(scene.home, "zero");
  fs.writeFileSync(zero, "0\n");
  const script = `mount --bind ${zero} /proc/sys/fs/protected_hardlinks && exec "$@"`;
  await scene.startServer();
  await scene.startClient({ wrapper: ["unshare", "--mount", "sh", "-c", script, "sh"] });
  await scene.client.logged("hardlinks-not-guarded");
  const { text } = await scene.client.logged("file-not-linked", "his/shadow.log");
  assert.match(text, /another name, belongs to uid 0, and uid 65534 may have linked it there; set sysctl/);
  assert.match((await scene.client.logged("file-not-linked", "shared/shadow2.log")).text, /and others may have linked/);
  await scene.delivered(...["his/own.log", "ours/root.log", "shared/single.log"].map((name) => scene.log(name)));
  fs.unlinkSync(scene.log("his/shadow.log"));
  fs.unlinkSync(scene.log("shared/shadow2.log"));
  assertKept(scene, secret);
  await scene.end({ errors: ["file-not-linked"] });
});

test("data directory and log file: planted links are not followed, what was open is closed", {
  skip: needsRoot,
}, async (t) => {
  const scene = await openScene(t);
  const victim = path.join(scene.home, "victim");
  fs.writeFileSync(victim, "untouched\n", { mode: 0o644 });
  // He could write to the data directory before: links where the client keeps its own files, and to a secret.
  fs.mkdirSync(scene.spool);
  fs.chmodSync(scene.spool, 0o777);
  const secret = makeSecret(scene);
  for (const name of [".tmp-1", ".tmp-probe", ".tmp-memory", ".memory", ".released", "entry.log"]) {
    fs.symlinkSync(name === "entry.log" ? path.join(secret, "x.log") : victim, path.join(scene.spool, name));
  }
  fs.symlinkSync(secret, path.join(scene.spool, "directory"));
  fs.writeFileSync(scene.log("a.log"), "a\n");
  await scene.startServer();
  const { status, stderr } = scene.syncOnce("--timeout", "5s");
  assert.notEqual(status, 70, stderr);
  assert.equal(fs.statSync(scene.spool).mode & 0o7777, 0o700);
  assert.equal(fs.readFileSync(victim, "utf8"), "untouched\n");
  assert.equal(fs.statSync(victim).mode & 0o7777, 0o644);
  assertKept(scene, secret);
  await scene.server.stop();

  // A link of his instead of the data directory, or of the log file, is not followed; root's own is.
  const [link, logfile] = [path.join(scene.home, "spool-link"), path.join(scene.home, "log-link")];
  fs.symlinkSync(secret, link);
  fs.lchownSync(link, NOBODY, NOBODY);
  scene.configure({ datadir: link });
  const refused = scene.syncOnce();
  assert.equal(refused.status, 2, refused.stderr);
  assert.match(refused.stderr, /symbolic link in it that belongs to uid 65534/);
  fs.symlinkSync(victim, logfile);
  fs.lchownSync(logfile, NOBODY, NOBODY);
  const own = path.join(scene.home, "own-link");
  fs.mkdirSync(path.join(scene.home, "real"));
  fs.symlinkSync(path.join(scene.home, "real"), own);
  scene.configure({ datadir: own, logfile });
  const client = start(t, "client", path.join(scene.home, "client.yaml"), logfile);
  await until(() => client.output.includes("client-started"), "it runs, and logs to standard error");
  assert.match(client.output, /Cannot write the log file ".*log-link": is a symbolic link, and links are not followed/);
  assert.equal(fs.readFileSync(victim, "utf8"), "untouched\n");
  assert.ok(fs.existsSync(path.join(scene.home, "real/.lock")), "a link that root made is followed");
  await client.stop();
});
