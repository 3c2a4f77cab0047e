// `npm run simulate -- --seed N [--steps K] [--plant BUG]` replays one schedule with all that happens in it;
// `--from N --count M` runs many and prints what they did. Exit code 1: an invariant was broken.
//
// Injected: write, rotation by rename, truncation, removal; kill -9 between events and inside calls, SIGTERM, power cuts
// (un-fsynced bytes lost or torn, un-fsynced names lost), restart, restore of a server; requests cut at any byte,
// stalled, repeated later, answers lost, refused and silent connections, partitions; full disks, failing fsync,
// lost and late watches, too few watches or descriptors, reused inode numbers, clock jumps, a busy host. In half of all
// schedules what is sent is compressed, in some of them to servers that know nothing of it in one life or another; in
// some its rate is limited, its source made durable first, and fewer connections used. A third has servers that seal old
// files. Not injected: symbolic links, other writers below a data directory, restores of the client, bit rot.

import { parseArgs } from "node:util";
import { type Outcome, runSchedule } from "./schedule.ts";
import type { World } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    steps: { type: "string" },
    plant: { type: "string" },
    from: { type: "string", default: "1" },
    count: { type: "string", default: "1000" },
    last: { type: "string", default: "80" },
    /** Go on behind a violation. */
    all: { type: "boolean", default: false },
  },
});

// A stack for each errno would take a third of the time; a replay has them.
if (values.seed === undefined) Error.stackTraceLimit = 0;

let current: World | undefined;
// What nobody catches would end the real process.
for (const event of ["unhandledRejection", "uncaughtException"] as const) {
  process.on(event, (reason: unknown) => {
    if (current === undefined) throw reason;
    current.uncaught(reason);
  });
}
const running = (world: World) => {
  current = world;
};

process.exitCode = values.seed === undefined ? await runMany() : await replay(Number(values.seed));

async function replay(seed: number): Promise<number> {
  const lines: string[] = [];
  const steps = values.steps === undefined ? undefined : Number(values.steps);
  const trace = { line: (text: string) => void lines.push(text) };
  const outcome = await runSchedule(seed, { steps, plant: values.plant, trace, running });
  const most = Number(values.last);
  if (lines.length > most) print(`(${lines.length - most} lines before; --last N shows more)`);
  for (const line of lines.slice(-most)) print(line);
  print(`seed ${seed}: ${outcome.events} events, trace ${outcome.hash}: ${outcome.violation ?? "all invariants hold"}`);
  return outcome.violation === undefined ? 0 : 1;
}

async function runMany(): Promise<number> {
  const from = Number(values.from);
  const count = Number(values.count);
  const began = performance.now();
  const sum = { events: 0, requests: 0, compressed: 0, steps: 0, ms: 0, stopped: 0 };
  const actions: Record<string, number> = {};
  const stopped: number[] = [];
  let failures = 0;
  let ran = 0;
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await runSchedule(seed, { plant: values.plant, running });
    ran++;
    sum.events += outcome.events;
    sum.requests += outcome.requests;
    sum.compressed += outcome.compressed;
    sum.steps += outcome.steps;
    sum.ms += outcome.ms;
    sum.stopped += outcome.stopped;
    for (const [action, times] of Object.entries(outcome.actions)) actions[action] = (actions[action] ?? 0) + times;
    if (outcome.stopped > 0) stopped.push(seed);
    if (outcome.violation === undefined) continue;
    failures++;
    tell(outcome);
    if (!values.all) break;
  }
  const seconds = (performance.now() - began) / 1000;
  print(
    `${ran} schedules from seed ${from} in ${seconds.toFixed(1)} s: ${failures} violations, ${sum.stopped} stopped as diverged`,
  );
  print(
    `${sum.steps} steps, ${sum.requests} requests, ${sum.compressed} of them compressed, ${sum.events} events, ${Math.round(sum.ms / 3_600_000)} simulated hours`,
  );
  print(
    Object.entries(actions)
      .map(([action, times]) => `${action} ${times}`)
      .join(", "),
  );
  if (stopped.length > 0) print(`stopped as diverged in seeds ${stopped.join(", ")}`);
  return failures === 0 ? 0 : 1;
}

function tell({ seed, steps, violation }: Outcome): void {
  const plant = values.plant === undefined ? "" : ` --plant ${values.plant}`;
  print(`seed ${seed}, step ${steps}: ${violation}`);
  print(`  replay: npm run simulate -- --seed ${seed}${plant}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
