// What stands in the way of a client, each told once with the remedy, picked up by itself once it is mended, and of no
// concern to other files: directories that may not be read, files that may not be linked, other file systems.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { byBaseName } from "../support/configs.ts";
import { sh } from "../support/processes.ts";
import { asNobody, giveToNobody, isRoot, NOBODY, needsRoot } from "../support/restricted.ts";
import { openScene, type Scene, type SceneOptions } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

/** A client without rights in a scene that is its own; the server is root's as ever. */
async function startAsNobody(
  t: test.TestContext,
  options: SceneOptions,
  prepare: (scene: Scene) => void,
): Promise<Scene> {
  const scene = await openScene(t, options);
  giveToNobody(scene.home, scene.logs);
  prepare(scene);
  await scene.startServer();
  await scene.startClient({ wrapper: asNobody(scene.home) });
  return scene;
}

function write(file: string, owner: number, mode = 0o640): string {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${path.basename(file)}\n`);
  fs.chmodSync(file, mode);
  if (isRoot) fs.chownSync(file, owner, owner);
  return file;
}

const linksAreProtected = () => fs.readFileSync("/proc/sys/fs/protected_hardlinks", "utf8").trim() !== "0";

test("a file that may not be linked: one error, picked up within one scan after it is mended", {
  skip: needsRoot || (linksAreProtected() ? false : "fs.protected_hardlinks is off"),
}, async (t) => {
  const scene = await startAsNobody(t, {}, (at) => {
    write(at.log("own.log"), NOBODY);
    write(at.log("foreign.log"), 0, 0o644);
  });
  const { text } = await scene.client.logged("file-not-linked");
  for (const word of [scene.log("foreign.log"), "EPERM", "uid 0", "protected_hardlinks", "run the client as root"]) {
    assert.ok(text.includes(word), `${word} in ${text}`);
  }
  await scene.delivered(scene.log("own.log"));
  await scene.scansPass();
  assert.equal(scene.client.events("file-not-linked").length, 1);
  fs.chownSync(scene.log("foreign.log"), NOBODY, NOBODY);
  await scene.delivered(scene.log("foreign.log"));
  await scene.end({ errors: ["file-not-linked"] });
});

test("a file that may be linked but not read: told for the destination, delivered once it may be read", {
  skip: needsRoot,
}, async (t) => {
  // The owner may always link; that does not mean that he may read.
  const scene = await startAsNobody(t, {}, (at) => {
    write(at.log("own.log"), NOBODY);
    write(at.log("blind.log"), NOBODY, 0o200);
  });
  const { text } = await scene.client.logged("file-unreadable");
  for (const word of [scene.log("blind.log"), scene.url, "EACCES"])
    assert.ok(text.includes(word), `${word} in ${text}`);
  await scene.until("the other one", () => scene.text("own.log") !== "");
  fs.chmodSync(scene.log("blind.log"), 0o600);
  await scene.delivered(scene.log("own.log"), scene.log("blind.log"));
  assert.equal(scene.client.events("file-unreadable").length, 1);
  await scene.end({ errors: ["file-unreadable"] });
});

test("directories that may not be read or entered: told once with the remedy, found once they may", {
  skip: needsRoot,
}, async (t) => {
  const options: SceneOptions = { client: ({ logs }) => ({ scan_paths: [byBaseName(`${logs}/**/*.log`)] }) };
  const scene = await startAsNobody(t, options, (at) => {
    write(at.log("open/a.log"), NOBODY);
    write(at.log("closed/b.log"), NOBODY);
    write(at.log("listed/c.log"), NOBODY);
    fs.chmodSync(at.log("closed"), 0o700);
    fs.chmodSync(at.log("listed"), 0o744);
  });
  for (const name of ["closed", "listed"]) {
    const { level, text } = await scene.client.logged("path-not-readable", name);
    assert.equal(level, "ERROR");
    assert.match(text, /EACCES/);
  }
  await scene.delivered(scene.log("open/a.log"));
  await scene.scansPass();
  const told = scene.client.events("path-not-readable");
  assert.equal(new Set(told.map(({ text }) => text)).size, told.length, "each once");
  for (const name of ["closed", "listed"]) fs.chmodSync(scene.log(name), 0o755);
  await scene.delivered(scene.log("closed/b.log"), scene.log("listed/c.log"));
  assert.equal(filesBelow(scene.store).size, 3);
  await scene.end({ errors: ["path-not-readable"] });
});

test("an append-only file cannot be linked: told with the remedy, others go on", { skip: needsRoot }, async (t) => {
  const scene = await openScene(t);
  write(scene.log("own.log"), 0);
  const file = write(scene.log("appendonly.log"), 0);
  sh("chattr", "+a", file);
  t.after(() => fs.existsSync(file) && sh("chattr", "-a", file));
  await scene.start();
  const { text } = await scene.client.logged("file-not-linked", "appendonly.log");
  assert.match(text, /chattr -a/);
  await scene.delivered(scene.log("own.log"));
  sh("chattr", "-a", file);
  await scene.delivered(file);
  await scene.end({ errors: ["file-not-linked"] });
});

/** A directory on another file system than `home`; undefined where there is none. */
function elsewhere(t: test.TestContext, home: string): string | undefined {
  const shm = "/dev/shm";
  if (!fs.existsSync(shm) || fs.statSync(shm).dev === fs.statSync(home).dev) return undefined;
  const directory = fs.mkdtempSync(path.join(shm, "shaftlog-"));
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a log on another file system: one error with the remedy; with a datadir there the same client delivers it", async (t) => {
  const scene = await openScene(t);
  const other = elsewhere(t, scene.home);
  if (other === undefined) {
    t.skip("no second file system");
    return;
  }
  fs.mkdirSync(path.join(other, "logs"));
  const near = write(scene.log("near.log"), 0);
  const far = write(path.join(other, "logs/far.log"), 0);
  const patterns = [byBaseName(`${scene.logs}/*.log`), byBaseName(`${other}/logs/*.log`)];
  scene.configure({ scan_paths: patterns });
  await scene.start();
  const { text } = await scene.client.logged("file-not-linked", far);
  for (const word of ["EXDEV", "scan_paths[].datadir", scene.spool])
    assert.ok(text.includes(word), `${word} in ${text}`);
  await scene.delivered(near);
  await scene.scansPass();
  assert.equal(scene.client.events("file-not-linked").length, 1);
  await scene.client.stop();

  const datadir = path.join(other, "spool");
  scene.configure({ scan_paths: [patterns[0] as never, { ...byBaseName(`${other}/**/*.log`), datadir }] });
  await scene.startClient();
  await scene.until("the far one", () => scene.text("far.log") === "far.log\n");
  fs.appendFileSync(far, "grown\n");
  fs.appendFileSync(near, "grown\n");
  await scene.until("both grown", () =>
    ["far.log", "near.log"].every((name) => scene.text(name) === `${name}\ngrown\n`),
  );
  // One name, two spools: the second file that would have it gets a suffix.
  fs.writeFileSync(path.join(other, "logs/near.log"), "the far near\n");
  await scene.until("the third", () => scene.texts().some(([, words]) => words === "the far near\n"));
  assert.equal(filesBelow(scene.store).size, 3);
  assert.deepEqual([...filesBelow(datadir).keys()].length, 2);
  await scene.end({ gone: (name) => filesBelow(datadir).has(name), errors: ["file-not-linked"] });
});
