// How cost grows: files, directories and destinations each ten times as many, and connections, drawn as the cost beside
// that of the least. Everything on tmpfs, start-up taken off, so that what is left is what grows. `--rounds N`.

import path from "node:path";
import { parseArgs } from "node:util";
import type { Series } from "./lib/chart.ts";
import { configure } from "./lib/configure.ts";
import { median } from "./lib/figures.ts";
import { writeSmallLogs } from "./lib/logs.ts";
import { BINARY, freePort, inDirectory, start, stop, timed } from "./lib/processes.ts";
import { publish } from "./lib/report.ts";
import { runLoad } from "./lib/run-load.ts";
import { cpuSeconds } from "./lib/usage.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
const rounds = Number(values.rounds);

interface Work {
  readonly files?: number;
  readonly directories?: number;
  readonly destinations?: number;
}

const none = await seconds({ files: 1 });
const series: Series[] = [
  await grown("files", [1000, 10_000], (files) => seconds({ files })),
  await grown("directories", [10, 100, 1000], (directories) => seconds({ files: 1000, directories })),
  await grown("destinations", [1, 10], (destinations) => seconds({ files: 300, destinations })),
  await grown("connections", [10, 100, 1000], serverSeconds, 0),
];
publish("growth", {
  rows: [],
  charts: [
    {
      file: "growth.svg",
      title: "Cost of ten times as many, beside the least",
      x: { label: "times as many", log: true },
      y: { label: "times the cost", log: true },
      series: [{ name: "in proportion", points: [1, 100].map((times) => [times, times]) }, ...series],
    },
  ],
});

async function grown(
  name: string,
  counts: readonly number[],
  cost: (count: number) => Promise<number>,
  fixed = none,
): Promise<Series> {
  const points: [number, number][] = [];
  const [least = 1] = counts;
  let first = Number.NaN;
  for (const count of counts) {
    const taken = (await cost(count)) - fixed;
    if (count === least) first = taken;
    points.push([count / least, taken / first]);
  }
  return { name: `${name}, from ${least}`, points };
}

/** Of a `sync-once` to as many destinations on one server. */
function seconds({ files = 1000, directories = Math.ceil(files / 1000), destinations = 1 }: Work): Promise<number> {
  return inDirectory(false, async (home) => {
    writeSmallLogs(path.join(home, "logs"), files, Math.ceil(files / directories));
    const all: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const below = path.join(home, `${round}`);
      const port = await freePort();
      const config = configure(below, { port, pattern: `${home}/logs/**/*.log`, base: `${home}/logs/`, destinations });
      const daemon = await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
      all.push(timed(BINARY, ["sync-once", "-q", "-f", config.client]));
      await stop(daemon);
    }
    return median(all);
  });
}

/** Of the server's processor time for the same 1,000 appends a second, over so many connections. */
function serverSeconds(connections: number): Promise<number> {
  return inDirectory(false, async (home) => {
    const port = await freePort();
    const more = "limits:\n  connections_per_identity: 4096\n";
    const config = configure(home, { port, pattern: "/nothing", server: more });
    const daemon = await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
    const before = cpuSeconds(daemon.pid);
    await runLoad(port, connections, 1000 / connections, 1, 5);
    const used = cpuSeconds(daemon.pid) - before;
    await stop(daemon);
    return used;
  });
}
