// Power cuts of the client's machine, for real: logs and spool lie on a file system that is shut down while lines are
// written, rotated and delivered. Loggers do not sync, so the server then has lines that the host itself lost
// (docs/PROTOCOL.md, section 12). What was delivered or survived here, and whatever the program writes on afterwards,
// before or after the client is up, is at the server once and whole.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import type { Lines } from "../support/oracles.ts";
import { pace } from "../support/pace.ts";
import type { Random } from "../support/random.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { filesBelow } from "../support/trees.ts";
import { extent, seeded } from "./extent.ts";
import { KINDS, type Kind, LoopDisk, lacksLoopDisk } from "./loop-disk.ts";
import { Writer } from "./writer.ts";

interface Stage {
  readonly scene: Scene;
  readonly disk: LoopDisk;
  readonly logs: string;
  readonly random: Random;
}

async function open(t: TestContext, kind: Kind): Promise<Stage> {
  const disk = new LoopDisk(t, kind);
  const logs = path.join(disk.path, "logs");
  fs.mkdirSync(logs);
  disk.sync();
  const scene = await openScene(t, {
    unwatched: true,
    truncates: true,
    client: {
      datadir: path.join(disk.path, "spool"),
      scan_paths: [{ pattern: `${logs}/**/*.log*`, regex_from: `^${logs}/`, regex_to: "" }],
    },
  });
  await scene.start();
  return { scene, disk, logs, random: seeded(t) };
}

/** Numbers of the whole lines in these texts, and how often each is there. */
function numbersIn(texts: Iterable<string>): Map<number, number> {
  const times = new Map<number, number>();
  for (const text of texts) {
    for (const line of text.split("\n").slice(0, -1)) {
      const [, digits = "", filling = ""] = /^line (\d+) (x*)$/.exec(line) ?? [];
      const number = Number(digits);
      if (digits !== "" && filling.length === number % 60) times.set(number, (times.get(number) ?? 0) + 1);
    }
  }
  return times;
}

/** What is in the client's files, each inode once. */
function surviving({ scene, logs }: Stage): string[] {
  const byInode = new Map<bigint, string>();
  for (const directory of [logs, scene.spool]) {
    for (const [name, { ino }] of filesBelow(directory)) byInode.set(ino, path.join(directory, name));
  }
  return [...byInode.values()].map((file) => fs.readFileSync(file, "utf8"));
}

function delivered(scene: Scene): string[] {
  return scene.texts().map(([, text]) => text);
}

/** For messages: where at the server each run of these lines is, and what the client told of the first one's file. */
function whereabouts(scene: Scene, twice: readonly number[]): string {
  const runs: string[] = [];
  let last = "";
  for (const number of twice) {
    const places = scene.texts().flatMap(([name, text]) => {
      const offset = `\n${text}`.indexOf(`\nline ${number} `);
      return offset < 0 ? [] : [{ name, offset }];
    });
    const names = places.map(({ name }) => name).join(" and ");
    if (names !== last)
      runs.push(`line ${number} on: ${places.map(({ name, offset }) => `${name} at ${offset}`).join(", ")}`);
    last = names;
  }
  const base = / on: (.*?)(?:\.g\d+-from-\d+)? at /.exec(runs[0] ?? "")?.[1] ?? "";
  const told = scene.client.events().filter(({ name, text }) => name === "client-started" || text.includes(base));
  return [...runs, ...told.map(({ name, text }) => `${name} ${text}`)].join("\n");
}

function owe(owed: Set<number>, texts: readonly string[]): void {
  for (const number of numbersIn(texts).keys()) owed.add(number);
}

/** What the disk cut in the middle of a line is ended by a careful program. */
function endLine(file: string): void {
  if (fs.existsSync(file) && !/(^|\n)$/.test(fs.readFileSync(file, "utf8"))) fs.appendFileSync(file, "\n");
}

/** One life of the program from its start to the cut: notes the numbers that must be at the server in the end. */
async function live(stage: Stage, lines: Lines, owed: Set<number>): Promise<void> {
  const { scene, disk, logs, random } = stage;
  const before = lines.count;
  const writer = new Writer(logs, { rotateAfter: 100 + random.below(400) }, lines);
  endLine(writer.file);
  // Before the client is up, or after.
  if (random.below(2) === 0) writer.burst();
  if (scene.client.end !== undefined) await scene.startClient();
  writer.start();
  try {
    await scene.until("some lines", () => lines.count > before + 50);
    for (let left = 1 + random.below(5); left > 0; left--) {
      await pace(random.below(250));
      // Some of what survives is not at a file's beginning.
      if (random.below(2) === 0) writer.sync();
    }
  } finally {
    writer.stop();
  }
  disk.cut();
  await scene.client.kill();
  await disk.back();
  owe(owed, delivered(scene));
  owe(owed, surviving(stage));
}

for (const kind of KINDS) {
  test(`${kind}: what was delivered or survived is at the server once, over all cuts`, {
    skip: lacksLoopDisk(kind),
  }, async (t) => {
    const stage = await open(t, kind);
    const { scene, logs } = stage;
    const owed = new Set<number>();
    const { lines } = new Writer(logs);
    for (let round = 0; round < extent(kind === "ext4" ? 3 : 2, 50); round++) await live(stage, lines, owed);
    const last = new Writer(logs, {}, lines);
    endLine(last.file);
    last.burst();
    last.stop();
    owe(owed, surviving(stage));
    await scene.startClient();
    const missing = () => {
      const there = numbersIn(delivered(scene));
      return [...owed].filter((number) => !there.has(number));
    };
    await scene
      .until("all that is owed", () => missing().length === 0)
      .catch((cause: unknown) => {
        const lost = missing();
        throw new Error(`${lost.length} lines of ${owed.size} are missing: ${lost.slice(0, 20).join(" ")}`, { cause });
      });
    await scene.client.stop();
    const twice = [...numbersIn(delivered(scene))].filter(([, times]) => times > 1);
    assert.deepEqual(
      twice,
      [],
      whereabouts(
        scene,
        twice.map(([number]) => number).sort((a, b) => a - b),
      ),
    );
    // EIO is what a disk without power says.
    const odd = scene.client
      .events()
      .filter(({ level, name, text }) => level === "ERROR" && name !== "file-shrunk" && !text.includes("(EIO)"));
    assert.deepEqual(odd, []);
    await scene.server.stop();
  });
}
