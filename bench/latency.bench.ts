// Append to visible at the server: how long a line takes from write(2) here to write(2) there, with one file and with
// 200, right after a restart of the client, and of a new file; beside rsyslog over RELP, sample by sample in turn.
// `--case NAME`, `--samples N`.

import { parseArgs } from "node:util";
import type { Series } from "./lib/chart.ts";
import { percentile, short } from "./lib/figures.ts";
import { rsyslogPipeline } from "./lib/peers/rsyslog.ts";
import { oursPipeline, type Pipeline } from "./lib/pipeline.ts";
import { inDirectory, pause } from "./lib/processes.ts";
import { publish, type Row } from "./lib/report.ts";

const { values } = parseArgs({
  options: {
    case: { type: "string", multiple: true, default: ["one", "many", "restart", "new"] },
    samples: { type: "string", default: "1000" },
  },
});
const samples = Number(values.samples);
const RESTARTS = 3;

interface Measured {
  readonly name: string;
  readonly ms: readonly number[];
}

interface Case {
  readonly what: string;
  readonly files: number;
  readonly measure: (pipelines: readonly Pipeline[], names: readonly string[]) => Promise<readonly Measured[]>;
  readonly target: string;
  readonly met: (p50: number, p99: number) => boolean;
}

/** One sample of each in turn, `count` times, on the names that `name` gives. */
async function inTurn(pipelines: readonly Pipeline[], count: number, name: (i: number) => string): Promise<Measured[]> {
  const measured = pipelines.map((pipeline) => ({ name: pipeline.name, ms: [] as number[] }));
  for (let i = 0; i < count; i++) {
    for (const [which, pipeline] of pipelines.entries()) {
      measured[which]?.ms.push(await pipeline.append(name(i)));
      await pause(2);
    }
  }
  return measured;
}

const steady: Pick<Case, "measure" | "target" | "met"> = {
  measure: (pipelines, names) => inTurn(pipelines, samples, (i) => names[(i * 7919) % names.length] ?? ""),
  target: "p50 ≤ 1 ms, p99 ≤ 5 ms",
  met: (p50, p99) => p50 <= 1 && p99 <= 5,
};

const CASES: Readonly<Record<string, Case>> = {
  one: { what: "append → visible, 1 file", files: 1, ...steady },
  many: { what: "append → visible, 200 files", files: 200, ...steady },
  restart: {
    what: "append → visible, 200 files, each once right after a restart of the client",
    files: 200,
    measure: async ([us], names) => {
      const ms: number[] = [];
      for (let i = 0; us !== undefined && i < RESTARTS; i++) {
        await us.restart();
        for (const name of names) ms.push(await us.append(name));
      }
      return [{ name: "shaftlog", ms }];
    },
    target: "p99 ≤ 20 ms",
    met: (_, p99) => p99 <= 20,
  },
  new: {
    what: "new file → visible, 200 files there",
    files: 200,
    measure: (pipelines) => inTurn(pipelines, Math.min(200, samples), (i) => `new-${i}.log`),
    target: "p50 ≤ 50 ms",
    met: (p50) => p50 <= 50,
  },
};

const rows: Row[] = [];
const series: Series[] = [];
for (const name of values.case) {
  const one = CASES[name];
  if (one === undefined) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(", ")}`);
  const [ours, ...others] = await run(one);
  if (ours === undefined) throw new Error("nothing was measured");
  const word = ({ ms }: Measured) => `p50 ${short(percentile(ms, 50))}, p99 ${short(percentile(ms, 99))} ms`;
  const [first] = others;
  rows.push({
    what: one.what,
    shaftlog: word(ours),
    peers: others.map((other) => `${other.name} ${word(other)}`).join(", "),
    ratio: first === undefined ? "" : (percentile(first.ms, 50) / percentile(ours.ms, 50)).toFixed(2),
    target: one.target,
    met: one.met(percentile(ours.ms, 50), percentile(ours.ms, 99)),
    noise: `${ours.ms.length} samples, at most ${short(Math.max(...ours.ms))} ms`,
  });
  for (const { name: who, ms } of [ours, ...others]) {
    if (name !== "new" || who === "shaftlog") series.push({ name: `${who}, ${name}`, points: distribution(ms) });
  }
}
const x = { label: "ms from write here to write there", log: true };
const y = { label: "% of the lines", to: 100 };
publish("latency", { rows, charts: [{ file: "latency.svg", title: "Append to visible at the server", x, y, series }] });

function run({ files, measure }: Case): Promise<readonly Measured[]> {
  return inDirectory(false, async (home) => {
    const names = Array.from({ length: files }, (_, i) => `app-${i}.log`);
    const pipelines = [await oursPipeline(home, names), await rsyslogPipeline(home, names)];
    await pause(500);
    const measured = await measure(pipelines, names);
    for (const pipeline of pipelines) await pipeline.end();
    return measured;
  });
}

/** The hundredth parts of the lines, and within how many ms each was there. */
function distribution(ms: readonly number[]): [number, number][] {
  return Array.from({ length: 101 }, (_, percent) => [Math.max(0.05, percentile(ms, percent)), percent]);
}
