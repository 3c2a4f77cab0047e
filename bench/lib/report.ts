// What a benchmark found: rows of the one table, and pictures. A program that runs alone prints its rows; run.ts names
// a directory in BENCH_OUT and makes one document of what all of them leave there.

import fs from "node:fs";
import path from "node:path";
import type { Chart } from "./chart.ts";
import { median, short, spread, table } from "./figures.ts";

export interface Row {
  readonly what: string;
  readonly shaftlog: string;
  /** What others took in the same run. */
  readonly peers: string;
  /** Ours beside the first peer: more is better. */
  readonly ratio: string;
  readonly target: string;
  readonly met: boolean;
  /** How many rounds or samples, and how far they lay apart. */
  readonly noise: string;
}

export interface Report {
  readonly rows: readonly Row[];
  readonly charts: readonly Chart[];
}

export function rowsTable(rows: readonly Row[]): string {
  return table(
    ["what", "shaftlog", "peers", "ratio", "target", "", "rounds, spread"],
    rows.map((row) => [
      row.what,
      row.shaftlog,
      row.peers,
      row.ratio,
      row.target,
      row.met ? "met" : "**missed**",
      row.noise,
    ]),
  );
}

/** A row about several runs of us and of others; `show` words one result, where less is better. */
export function compared(
  what: string,
  results: ReadonlyMap<string, readonly number[]>,
  show: (result: number) => string,
  target: { readonly text: string; readonly least: number },
): Row {
  const [[, ours] = ["", []], ...others] = [...results];
  const [, first = []] = others[0] ?? [];
  const ratio = median(first) / median(ours);
  const each = ours.map((value, i) => (first[i] ?? Number.NaN) / value);
  return {
    what,
    shaftlog: show(median(ours)),
    peers: others.map(([name, values]) => `${name} ${show(median(values))}`).join(", "),
    ratio: ratio.toFixed(2),
    target: target.text,
    met: ratio >= target.least,
    noise: `${ours.length} rounds, ratios ${spread(each)}`,
  };
}

/** Prints a report, and leaves it for run.ts where that asked for it. */
export function publish(name: string, report: Report): void {
  if (report.rows.length > 0) process.stdout.write(rowsTable(report.rows));
  for (const { file, series } of report.charts) {
    for (const { name, points } of series.filter(({ points }) => points.length <= 20)) {
      process.stdout.write(`${file}: ${name}: ${points.map(([x, y]) => `${short(x)}→${short(y)}`).join(" ")}\n`);
    }
  }
  const out = process.env.BENCH_OUT;
  if (out !== undefined) fs.writeFileSync(path.join(out, `${name}.json`), JSON.stringify(report));
}
