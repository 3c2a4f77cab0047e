// A small life of a client that does everything once: it finds what it had, adopts files, also in new directories, goes
// on with one, begins a generation of another, lets go of a third, writes its memory and stops. Prepared on disk, so that
// nothing depends on when the test does what.

import fs from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { behind, Lines } from "../support/oracles.ts";
import { type Launch, sh, start } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import type { LoopDisk } from "./loop-disk.ts";

const CONFIG = { scan_interval: 100, retention: 0 };

/** What the workload begins with: `logs`, `spool` and `store` below `home`. */
export interface Template {
  readonly home: string;
  readonly lines: number;
}

async function openStage(t: TestContext, disk?: LoopDisk): Promise<Scene> {
  const elsewhere = disk === undefined ? undefined : fs.mkdtempSync(path.join(path.dirname(disk.path), "server-"));
  return await openScene(t, {
    truncates: true,
    unwatched: disk !== undefined,
    ...(disk === undefined ? {} : { within: disk.path }),
    client: ({ logs }) => ({
      ...CONFIG,
      scan_paths: [{ pattern: `${logs}/**/*.log`, regex_from: "^.*/logs/(.*)$", regex_to: "$1.{time}" }],
    }),
    ...(elsewhere === undefined
      ? {}
      : { server: { datadir: path.join(elsewhere, "store"), logfile: path.join(elsewhere, "log") } }),
  });
}

/** A client that has something of everything to do: adopt, go on, let go, begin a generation. */
export async function makeTemplate(t: TestContext): Promise<Template> {
  const scene = await openStage(t);
  const lines = new Lines();
  await scene.start();
  fs.mkdirSync(scene.log("sub"));
  for (const name of ["stay.log", "cut.log", "sub/gone.log"]) lines.append(scene.log(name), 20);
  await scene.delivered(...["stay.log", "cut.log", "sub/gone.log"].map((name) => scene.log(name)));
  await scene.end();
  fs.rmSync(scene.log("sub/gone.log"));
  fs.truncateSync(scene.log("cut.log"), 0);
  fs.mkdirSync(scene.log("d/e"), { recursive: true });
  for (const name of ["cut.log", "stay.log", "new.log", "d/e/deep.log"]) lines.append(scene.log(name), 10);
  return { home: scene.home, lines: lines.count };
}

/** Everything is delivered, the generation is made, and what could go is gone. */
export function isSettled(scene: Scene): boolean {
  const held = [...filesBelow(scene.spool).keys()];
  return (
    held.length === 4 &&
    held.some((name) => name.includes(".g2-from-0")) &&
    behind(scene.spool, scene.store).length === 0
  );
}

/** A run of the workload that may die at any moment; how it ended. */
export async function run(scene: Scene, launch: Launch): Promise<number | string> {
  const client = start(scene.t, "client", path.join(scene.home, "client.yaml"), scene.clientConfig.logfile, launch);
  const started = () => client.events("client-started").length;
  const before = started();
  const isDone = () => started() > before && isSettled(scene);
  await scene.until("the workload is done, or the client dead", () => client.end !== undefined || isDone());
  client.child.kill("SIGTERM");
  return await client.ended;
}

export async function onStage(t: TestContext, { home }: Template, disk?: LoopDisk): Promise<Scene> {
  const scene = await openStage(t, disk);
  sh("cp", "-a", ...["logs", "spool"].map((name) => path.join(home, name)), scene.home);
  sh("cp", "-a", path.join(home, "store"), path.dirname(scene.store));
  disk?.sync();
  await scene.startServer();
  return scene;
}
