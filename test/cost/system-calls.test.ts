// How many system calls a file and an append cost, counted by strace as the difference between a small and a larger run,
// so that starting and stopping do not count. The bounds are a quarter to a third above what was measured when they were
// set: an open, read and close more for each file or append breaks them, a busy machine does not.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { noStrace } from "../faults/crash-points.ts";
import type { Launch } from "../support/processes.ts";
import { openScene, type Scene } from "../support/scene.ts";
import { until } from "../support/until.ts";

/** What depends on time and threads and not on the work. */
const NOISE = /^(futex|epoll_|poll|restart_|sched_|madvise|mmap|munmap|mprotect|brk|rt_sig|clock_|getrusage|total)/;

/** Measured 10.3: 4 statx, 2 links of which one goes again, open, read and close; on the wire many go together. */
const NEW_FILE_CLIENT = 13;
/** 8.2: 3 statx, open and close, 2 writes, 1 fdatasync; a read, and a sync of the directory, is for many. */
const NEW_FILE_SERVER = 11;
/** 9.8: look, open, read the mark and the line, write the request, read the answer, close. */
const APPEND_CLIENT = 13;
/** 8.0: read the request, look, write the line, fdatasync, write the answer, and what wakes threads. */
const APPEND_SERVER = 11;
/** 1 more for each directory that the file lies in. */
const DEEP_APPEND_SERVER = 12;
/** Of an append that is waited for there is exactly one sync; of new files those of the directory are shared. */
const APPEND_SYNCS = 1.1;
const NEW_FILE_SYNCS = 1.9;

function counting(file: string): Launch {
  return { wrapper: ["strace", "-D", "-f", "-c", "-o", file], env: { PATH: process.env.PATH } };
}

/** Calls by name, when the traced process has ended. */
async function callsIn(file: string): Promise<ReadonlyMap<string, number>> {
  const text = await until(() => {
    const written = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
    return written.includes("total") && written;
  }, "strace's summary");
  return new Map(
    text.split("\n").flatMap((line): [string, number][] => {
      const [, calls, name = ""] = /^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$/.exec(line) ?? [];
      return calls === undefined || NOISE.test(name) ? [] : [[name, Number(calls)]];
    }),
  );
}

interface Cost {
  readonly all: number;
  readonly each: Readonly<Record<string, number>>;
}

/** What `more` units cost, each, beyond what `less` of them do. */
function perUnit(less: ReadonlyMap<string, number>, more: ReadonlyMap<string, number>, units: number): Cost {
  const each: Record<string, number> = {};
  for (const [name, calls] of more) {
    const cost = (calls - (less.get(name) ?? 0)) / units;
    if (Math.abs(cost) >= 0.05) each[name] = Math.round(cost * 100) / 100;
  }
  return { all: Object.values(each).reduce((sum, cost) => sum + cost, 0), each };
}

interface Counted {
  readonly client: ReadonlyMap<string, number>;
  readonly server: ReadonlyMap<string, number>;
}

/** Both sides' calls in a life in which `work` is done. `folder`: at the server, with a slash at its end. */
async function traced(t: TestContext, work: (scene: Scene) => Promise<void>, folder = ""): Promise<Counted> {
  const scene = await openScene(t, { client: { scan_interval: 60_000 } });
  const [log] = scene.clientConfig.scan_paths;
  if (log !== undefined) scene.configure({ scan_paths: [{ ...log, regex_to: folder }] });
  const file = (name: string) => path.join(scene.home, name);
  fs.writeFileSync(scene.log("first.log"), "there from the beginning\n");
  await scene.startServer(counting(file("server.calls")));
  await scene.startClient(counting(file("client.calls")));
  await scene.delivered(scene.log("first.log"));
  await work(scene);
  await scene.end();
  return { client: await callsIn(file("client.calls")), server: await callsIn(file("server.calls")) };
}

function syncs({ each }: Cost): number {
  return (each.fsync ?? 0) + (each.fdatasync ?? 0);
}

function assertAtMost({ all, each }: Cost, bound: number, what: string): void {
  assert.ok(all <= bound, `${what}: ${all.toFixed(1)} system calls, at most ${bound}: ${JSON.stringify(each)}`);
}

test("system calls for each new file", { skip: noStrace }, async (t) => {
  const create = (count: number) => async (scene: Scene) => {
    const names = Array.from({ length: count }, (_, i) => scene.log(`app-${i}.log`));
    for (const name of names) fs.writeFileSync(name, "one line\n");
    await scene.delivered(...names);
  };
  const less = await traced(t, create(20));
  const more = await traced(t, create(220));
  assertAtMost(perUnit(less.client, more.client, 200), NEW_FILE_CLIENT, "client, new file");
  const server = perUnit(less.server, more.server, 200);
  assertAtMost(server, NEW_FILE_SERVER, "server, new file");
  assert.ok(syncs(server) <= NEW_FILE_SYNCS, `${syncs(server)} syncs for each`);
});

test("system calls for each append", { skip: noStrace }, async (t) => {
  const append = (count: number) => async (scene: Scene) => {
    for (let i = 0; i < count; i++) {
      fs.appendFileSync(scene.log("first.log"), `line ${i}\n`);
      await scene.delivered(scene.log("first.log"));
    }
  };
  const less = await traced(t, append(20));
  const more = await traced(t, append(120));
  assertAtMost(perUnit(less.client, more.client, 100), APPEND_CLIENT, "client, append");
  const server = perUnit(less.server, more.server, 100);
  assertAtMost(server, APPEND_SERVER, "server, append");
  assert.ok(syncs(server) <= APPEND_SYNCS, `${syncs(server)} syncs for each`);
});

test("an append to a file that is open opens nothing at the server, however deep it lies", {
  skip: noStrace,
}, async (t) => {
  const append = (count: number) => async (scene: Scene) => {
    for (let i = 0; i < count; i++) {
      fs.appendFileSync(scene.log("first.log"), `line ${i}\n`);
      await scene.delivered(scene.log("first.log"));
    }
  };
  const less = await traced(t, append(20), "one/two/");
  const more = await traced(t, append(120), "one/two/");
  const server = perUnit(less.server, more.server, 100);
  assertAtMost(server, DEEP_APPEND_SERVER, "server, deep append");
  const { openat = 0, close = 0, statx = 0 } = server.each;
  assert.ok(openat + close < 0.1, JSON.stringify(server));
  assert.ok(statx >= 3.9, `each component is looked at: ${JSON.stringify(server)}`);
});
