// What many files cost: 10,000 new ones beside `rsync -r`; 100,000 at a start with nothing to send, and idle; and the
// same for 100 to 100,000 as a picture. `--case NAME`, `--files N`, `--rounds N`.

import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { configure } from "./lib/configure.ts";
import { median, short, spread } from "./lib/figures.ts";
import { bytesBelow, writeSmallLogs } from "./lib/logs.ts";
import { ours } from "./lib/ours.ts";
import { rsync } from "./lib/peers/rsync.ts";
import { BINARY, freePort, inDirectory, inSync, pause, start, stop, timed } from "./lib/processes.ts";
import { compared, publish, type Report, type Row } from "./lib/report.ts";
import { alternate } from "./lib/rounds.ts";
import { cpuSeconds, memory } from "./lib/usage.ts";

const { values } = parseArgs({
  options: {
    case: { type: "string", multiple: true, default: ["new", "idle", "growth"] },
    files: { type: "string" },
    rounds: { type: "string", default: "3" },
  },
});
/** So many seconds after it was in sync, when what its start left behind is tidied up, idleness is measured, over so many. */
const SETTLED = 10;
const IDLE = 60;

const cases: Readonly<Record<string, () => Promise<Report>>> = {
  new: async () => ({ rows: [await newFiles(Number(values.files ?? 10_000))], charts: [] }),
  idle: async () => ({ rows: await idle(Number(values.files ?? 100_000)), charts: [] }),
  growth: async () => ({ rows: [], charts: [await growth([100, 1000, 10_000, Number(values.files ?? 100_000)])] }),
};
const reports: Report[] = [];
for (const name of values.case) {
  const run = cases[name];
  if (run === undefined) throw new Error(`no case ${name}; there are ${Object.keys(cases).join(", ")}`);
  reports.push(await run());
}
publish("files", { rows: reports.flatMap(({ rows }) => rows), charts: reports.flatMap(({ charts }) => charts) });

async function race(count: number, rounds: number): Promise<ReadonlyMap<string, readonly number[]>> {
  return inDirectory(false, async (home) => {
    const logs = path.join(home, "logs");
    writeSmallLogs(logs, count);
    const task = { home, logs, files: [], bytes: bytesBelow(logs) };
    return alternate([ours(task), rsync(task, [], "rsync -r")], rounds);
  });
}

async function newFiles(count: number): Promise<Row> {
  const results = await race(count, Number(values.rounds));
  const target = { text: "≤ 4 × rsync -r, aim 2", least: 1 / 4 };
  const row = compared(`${short(count)} new files of 1 kB, tmpfs`, results, (s) => `${short(s)} s`, target);
  const [[, us = []] = [], [, them = []] = []] = [...results];
  const times = us.map((seconds, i) => seconds / (them[i] ?? Number.NaN));
  return {
    ...row,
    ratio: `${short(median(us) / median(them))} × the time`,
    noise: `${us.length} rounds, ${spread(times)}`,
  };
}

async function idle(count: number): Promise<Row[]> {
  return inDirectory(false, async (home) => {
    writeSmallLogs(path.join(home, "logs"), count);
    const port = await freePort();
    const pattern = `${home}/logs/**/*.log`;
    const config = configure(home, { port, pattern, client: "status_interval: 500ms\n" });
    const daemon = await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
    timed(BINARY, ["sync-once", "-q", "-f", config.client]);
    const startClient = (sign: RegExp) => start(BINARY, ["client", "-s", "-f", config.client], sign, 300);
    await stop(await startClient(inSync(count))); // leaves an orderly end behind, as a daemon does

    const starts: number[] = [];
    for (let round = 0; round < 3; round++) {
      const began = performance.now();
      const client = await startClient(inSync(count));
      starts.push((performance.now() - began) / 1000);
      await stop(client);
    }
    // As it is configured by default: asking again and again whether it is in sync yet would count as well.
    configure(home, { port, pattern });
    const client = await startClient(/client-started/);
    await pause((2 * Math.max(...starts) + SETTLED) * 1000);
    const before = [client, daemon].map(({ pid }) => cpuSeconds(pid));
    await pause(IDLE * 1000);
    const [cpuClient = 0, cpuServer = 0] = [client, daemon].map(
      ({ pid }, i) => ((cpuSeconds(pid) - (before[i] ?? 0)) / IDLE) * 100,
    );
    const resident = memory(client.pid, "now");
    const peak = memory(client.pid, "peak");
    await stop(client);
    await stop(daemon);
    fs.rmSync(path.join(home, "logs"), { recursive: true });

    const of = `${short(count)} files`;
    const row = { peers: "", ratio: "" };
    return [
      {
        ...row,
        what: `${of}: start to in sync, nothing to send`,
        shaftlog: `${short(median(starts))} s`,
        target: "≤ 10 s, aim 4",
        met: median(starts) <= 10,
        noise: `${starts.length} rounds, ${spread(starts)} s, seen every 0.5 s`,
      },
      {
        ...row,
        what: `${of} idle: processor, client and server`,
        shaftlog: `${short(cpuClient)} % and ${short(cpuServer)} % of a core`,
        target: "≤ 1 % of a core",
        met: cpuClient + cpuServer <= 1,
        noise: `over ${IDLE} s`,
      },
      {
        ...row,
        what: `${of} idle: memory of the client`,
        shaftlog: `${short(resident)} MB`,
        target: "≤ 250 MB, aim 120",
        met: resident <= 250,
        noise: `its peak since start ${short(peak)} MB`,
      },
    ];
  });
}

async function growth(counts: readonly number[]): Promise<Report["charts"][number]> {
  const points = new Map<string, [number, number][]>();
  for (const count of counts) {
    const results = await race(count, count > 10_000 ? 1 : 3);
    for (const [name, seconds] of results) {
      points.set(name, [...(points.get(name) ?? []), [count, median(seconds)]]);
    }
  }
  return {
    file: "files.svg",
    title: "New files of 1 kB until all are delivered, start-up included",
    x: { label: "files", log: true },
    y: { label: "seconds", log: true },
    series: [...points].map(([name, points]) => ({ name, points })),
  };
}
