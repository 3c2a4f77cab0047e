// How fast bytes are brought over, beside peers in the same run: one file or 64, on memory or on a disk, plain, over TLS,
// over a long way, and to a destination without digests. `--case NAME` for one of them, `--mib N`, `--rounds N`.

import path from "node:path";
import { parseArgs } from "node:util";
import type { Chart } from "./lib/chart.ts";
import { median, short } from "./lib/figures.ts";
import { writeAccessLog, writeLogs } from "./lib/logs.ts";
import { ours } from "./lib/ours.ts";
import { nginx } from "./lib/peers/nginx.ts";
import { rsync } from "./lib/peers/rsync.ts";
import { rsyslog } from "./lib/peers/rsyslog.ts";
import { socat } from "./lib/peers/socat.ts";
import { freePort, inDirectory, startProgram } from "./lib/processes.ts";
import { compared, publish, type Row } from "./lib/report.ts";
import { alternate, type Contender } from "./lib/rounds.ts";
import type { Task } from "./lib/task.ts";

interface Case {
  readonly what: string;
  readonly files?: number;
  /** Beside how much of the whole. */
  readonly share?: number;
  /** Where each takes long. */
  readonly rounds?: number;
  /** If not ordinary lines in `files` files: writes the logs below `directory`, `mib` MiB in all. */
  readonly write?: (directory: string, mib: number) => readonly string[];
  readonly circumstances?: Pick<Task, "onDisk" | "tls" | "link">;
  readonly contenders: (task: Task) => readonly Contender[];
  /** `least`: beside the first peer. `slowest`: instead, MB/s in each round. */
  readonly target: { readonly text: string; readonly least: number; readonly slowest?: number };
}

const plain = (task: Task) =>
  ours(task, { name: "shaftlog", server: (port, store) => startProgram("plain-server.ts", [port, store]) });

/** `ms` each way, `rate` in bytes a second. */
const link =
  (ms: number, ...rate: readonly number[]) =>
  async (port: number) => {
    const own = await freePort();
    return { port: own, process: await startProgram("link-proxy.ts", [own, port, ms, ...rate]) };
  };

const compressed = (task: Task) => ours(task, { name: "shaftlog", destination: "  compression: zstd\n" });

const CASES: Readonly<Record<string, Case>> = {
  memory: {
    what: "one file, tmpfs, verified",
    contenders: (task) => [ours(task), rsync(task), nginx(task), socat(task)],
    target: { text: "≥ 0.55 × rsync, aim 0.7", least: 0.55 },
  },
  "no-digests": {
    what: "one file, tmpfs, to a destination without digests",
    contenders: (task) => [plain(task), rsync(task)],
    target: { text: "≥ 0.9 × rsync", least: 0.9 },
  },
  tls: {
    what: "one file, tmpfs, TLS, verified",
    circumstances: { tls: true },
    contenders: (task) => [ours(task), nginx(task)],
    target: { text: "≥ 0.5 × curl → nginx TLS, aim 0.65", least: 0.5 },
  },
  many: {
    what: "64 files, tmpfs, verified",
    files: 64,
    contenders: (task) => [ours(task), rsync(task), nginx(task)],
    target: { text: "≥ 0.55 × rsync, aim 0.7", least: 0.55 },
  },
  disk: {
    what: "one file, on this machine's disk, verified",
    circumstances: { onDisk: true },
    contenders: (task) => [ours(task), rsync(task)],
    target: { text: "≥ 0.55 × rsync --fsync, aim 0.7", least: 0.55 },
  },
  "round-trip": {
    what: "one file, tmpfs, 100 ms round trip, verified",
    share: 0.5,
    rounds: 3,
    circumstances: { link: link(50) },
    contenders: (task) => [ours(task), rsync(task), socat(task)],
    target: { text: "≥ 100 MB/s, aim 250", least: 0, slowest: 100 },
  },
  narrow: {
    what: "one access log, tmpfs, over 100 Mbit/s, compression: zstd",
    share: 0.0625,
    rounds: 3,
    write: writeAccessLog,
    circumstances: { link: link(1, 12_500_000) },
    contenders: (task) => [compressed(task), ours(task, { name: "shaftlog without" }), rsync(task, ["-z"])],
    target: { text: "≥ 3 × without compression", least: 3 },
  },
  lines: {
    what: "one file of lines, tmpfs, verified",
    share: 0.125,
    rounds: 3,
    contenders: (task) => [ours(task), rsyslog(task)],
    target: { text: "≥ 1 × rsyslog RELP", least: 1 },
  },
};

const { values } = parseArgs({
  options: {
    case: { type: "string", multiple: true },
    mib: { type: "string", default: "1024" },
    rounds: { type: "string", default: "5" },
  },
});

/** The picture of throughput against size, as `--case sizes`. */
const SIZES = [1, 4, 16, 64, 256, 1024];

const rows: Row[] = [];
const charts: Chart[] = [];
for (const name of values.case ?? [...Object.keys(CASES), "sizes"]) {
  if (name === "sizes") {
    charts.push(await sizes());
    continue;
  }
  const one = CASES[name];
  if (one === undefined) throw new Error(`no case ${name}; there are ${Object.keys(CASES).join(", ")}`);
  const row = await measure(one, Number(values.mib) * (one.share ?? 1));
  process.stderr.write(`${row.what}: ${row.shaftlog}, ${row.peers}, ratio ${row.ratio}\n`);
  rows.push(row);
}
publish("throughput", { rows, charts });

async function measure(one: Case, mib: number): Promise<Row> {
  return inDirectory(one.circumstances?.onDisk === true, async (home) => {
    const logs = path.join(home, "logs");
    const files = one.write?.(logs, mib) ?? writeLogs(logs, one.files ?? 1, mib);
    const bytes = mib * 1024 * 1024;
    const results = await alternate(
      one.contenders({ home, logs, files, bytes, ...one.circumstances }),
      Math.min(Number(values.rounds), one.rounds ?? Number.POSITIVE_INFINITY),
    );
    const rate = (seconds: number) => `${short(bytes / 1e6 / seconds)} MB/s`;
    const row = compared(`${mib} MiB in ${one.what}`, results, rate, one.target);
    const { slowest } = one.target;
    if (slowest === undefined) return row;
    const [[, seconds] = ["", []]] = [...results];
    return { ...row, met: bytes / 1e6 / Math.max(...seconds) >= slowest };
  });
}

async function sizes(): Promise<Chart> {
  const points = new Map<string, [number, number][]>();
  for (const mib of SIZES.filter((size) => size <= Number(values.mib))) {
    const bytes = mib * 1024 * 1024;
    await inDirectory(false, async (home) => {
      const logs = path.join(home, "logs");
      const task = { home, logs, files: writeLogs(logs, 1, mib), bytes };
      const results = await alternate([ours(task), rsync(task), nginx(task)], Math.min(3, Number(values.rounds)));
      for (const [name, seconds] of results) {
        points.set(name, [...(points.get(name) ?? []), [mib, bytes / 1e6 / median(seconds)]]);
      }
    });
  }
  return {
    file: "throughput.svg",
    title: "One file on tmpfs: throughput against size, start-up included",
    x: { label: "MiB", log: true },
    y: { label: "MB/s" },
    series: [...points].map(([name, points]) => ({ name, points })),
  };
}
