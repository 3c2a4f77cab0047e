// A file system that fills up, on a small tmpfs: what is safe everywhere is let go early, oldest first, until a tenth is
// free again; what only the client holds stays, and the operator is told how much that is.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { mountTmpfs, needsRoot } from "../support/restricted.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";

const MIB = 1024 * 1024;
const DEAD = "http://127.0.0.9:9/";

/** Logs and spool on a tmpfs of 64 MiB, the server's store elsewhere. */
async function start(t: test.TestContext, destinations: readonly string[] = []): Promise<Scene> {
  const small = mountTmpfs(t, "size=64m");
  const scene = await openScene(t, {
    client: ({ url }) => ({
      datadir: `${small}/spool`,
      scan_interval: 100,
      retention: "1h",
      scan_paths: [{ pattern: `${small}/*.log`, regex_from: "^.*/", regex_to: "" }],
      destinations: [url, ...destinations],
    }),
  });
  await scene.start();
  return scene;
}

const held = (scene: Scene): string[] => [...filesBelow(scene.spool).keys()].sort();
const small = (scene: Scene, name: string): string => path.join(scene.spool, "..", name);

/** Writes `mib` MiB, and deletes the file once it is held and as long. */
async function writeAndDelete(scene: Scene, name: string, mib: number): Promise<void> {
  const file = small(scene, name);
  fs.writeFileSync(file, Buffer.alloc(mib * MIB, `${name}\n`));
  await scene.until(`${name} at the server`, () => scene.text(name).length === mib * MIB);
  fs.rmSync(file);
}

function fillTo(scene: Scene, freeMib: number): void {
  const { bavail, bsize } = fs.statfsSync(small(scene, "."));
  fs.writeFileSync(small(scene, "filler"), Buffer.alloc(bavail * bsize - freeMib * MIB));
}

test("below a tenth free, delivered files go early, oldest first, and no more than needed", {
  skip: needsRoot,
}, async (t) => {
  const scene = await start(t);
  for (const name of ["1.log", "2.log", "3.log", "4.log"]) await writeAndDelete(scene, name, 4);
  fs.writeFileSync(small(scene, "kept.log"), Buffer.alloc(4 * MIB, "kept\n"));
  await scene.delivered(small(scene, "kept.log"));
  await scene.scansPass(5);
  assert.equal(held(scene).length, 5, "nothing is let go while there is room");
  // Of 64 MiB 5 are free: with the first file gone there are 9, more than a tenth.
  fillTo(scene, 5);
  await scene.until("the oldest is let go", () => !held(scene).includes("1.log"));
  await scene.scansPass(10);
  assert.deepEqual(held(scene), ["2.log", "3.log", "4.log", "kept.log"]);
  const [event] = scene.client.events("file-released");
  assert.match(event?.text ?? "", /"1\.log".*nearly full/);
  fs.rmSync(small(scene, "filler"));
  fillTo(scene, 1);
  await scene.until("two more", () => held(scene).length === 2);
  assert.deepEqual(held(scene), ["4.log", "kept.log"]);
  await scene.end({ gone: () => true, errors: ["disk-nearly-full"] });
});

test("below a twentieth free, an error tells how many bytes only the client holds, and these stay", {
  skip: needsRoot,
}, async (t) => {
  const scene = await start(t, [DEAD]);
  await writeAndDelete(scene, "1.log", 4);
  await writeAndDelete(scene, "2.log", 8);
  fs.writeFileSync(small(scene, "kept.log"), Buffer.alloc(4 * MIB, "kept\n"));
  fillTo(scene, 2);
  const { level, text } = await scene.client.logged("disk-nearly-full");
  assert.equal(level, "ERROR");
  assert.ok(text.includes(`${12 * MIB} bytes`) && text.includes(scene.spool), text);
  await scene.scansPass(10);
  assert.deepEqual(held(scene), ["1.log", "2.log", "kept.log"]);
  assert.equal(scene.client.events("disk-nearly-full").length, 1, "at most once a minute");
  await scene.end({ errors: ["disk-nearly-full", "destination-unreachable"] });
});

test("a full file system: what is there is delivered, nothing is lost or doubled, and it goes on when there is room", {
  skip: needsRoot,
}, async (t) => {
  const scene = await start(t);
  fs.writeFileSync(small(scene, "a.log"), "a\n");
  await scene.delivered(small(scene, "a.log"));
  fillTo(scene, 0.1);
  // Up to the last byte; the last write may be cut short.
  assert.throws(() => {
    for (;;) fs.appendFileSync(small(scene, "a.log"), `${"x".repeat(8000)}\n`);
  }, /ENOSPC/);
  await scene.delivered(small(scene, "a.log"));
  await scene.client.stop();
  await scene.startClient();
  await scene.delivered(small(scene, "a.log"));
  fs.rmSync(small(scene, "filler"));
  fs.appendFileSync(small(scene, "a.log"), "room\n");
  fs.writeFileSync(small(scene, "b.log"), "b\n");
  await scene.delivered(small(scene, "a.log"), small(scene, "b.log"));
  assert.ok(scene.text("a.log").endsWith("room\n"));
  await scene.end({ errors: ["disk-nearly-full", "file-not-linked"] });
});
