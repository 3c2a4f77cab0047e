// `make bench`: runs every benchmark, one after the other, and makes bench/RESULTS.md and the pictures beside it of what
// they found. A program that fails is named in the document, and the others still run.

import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chartSvg } from "./lib/chart.ts";
import { type Report, rowsTable } from "./lib/report.ts";

const HERE = import.meta.dirname;
const ROOT = path.dirname(HERE);
/** In this order in the document; some of them only, where they are named on the command line. */
const ALL = ["throughput", "latency", "files", "clients", "memory", "growth"];
const PROGRAMS = ALL.filter((name) => process.argv.length === 2 || process.argv.includes(name));
/** ms: a program that takes longer is given up, so that the others still get their turn. */
const PATIENCE = 400_000;

const out = fs.mkdtempSync(path.join(os.tmpdir(), "bench-"));
const began = Date.now();
const failed: string[] = [];
const reports: Report[] = [];
try {
  for (const name of PROGRAMS) {
    const { status } = spawnSync(process.execPath, [path.join(HERE, `${name}.bench.ts`)], {
      stdio: "inherit",
      timeout: PATIENCE,
      env: { ...process.env, BENCH_OUT: out },
    });
    if (status !== 0) failed.push(name);
    else reports.push(JSON.parse(fs.readFileSync(path.join(out, `${name}.json`), "utf8")));
  }
} finally {
  fs.rmSync(out, { recursive: true, force: true });
}
const charts = reports.flatMap((report) => report.charts);
for (const chart of charts) fs.writeFileSync(path.join(HERE, chart.file), chartSvg(chart));
const rows = reports.flatMap((report) => report.rows);
fs.writeFileSync(
  path.join(HERE, "RESULTS.md"),
  `# Results

Made by \`make bench\` ${new Date(began).toISOString().slice(0, 16).replace("T", " ")} UTC in ${Math.round((Date.now() - began) / 60_000)} minutes, at commit ${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain", "src") === "" ? "" : " with changes"}.
${machine()}

We and our peers ran in turn in one run: same bytes, same file system, warm caches, memory that the machine has already, start-up included, \`fsync\` on in ours, medians
over the rounds. A ratio says how we compare with the first peer, more is better where nothing else is said; the last column says
how far the rounds lay apart. \`tmpfs\` takes the disk out of the comparison; durable is what the disk's row is about. rsync
and rsyslog make nothing durable where it does not say so, and nginx verifies nothing.

${rowsTable(rows)}${failed.length === 0 ? "" : `\nNot measured, because they failed: ${failed.join(", ")}.\n`}
${charts.map(({ file, title }) => `![${title}](${file})`).join("\n\n")}
`,
);
execFileSync("cat", [path.join(HERE, "RESULTS.md")], { stdio: "inherit" });
process.exitCode = failed.length === 0 ? 0 : 1;

function machine(): string {
  const [cpu] = os.cpus();
  const versions = [
    ["rsync", "--version"],
    ["nginx", "-v"],
    ["curl", "--version"],
    ["socat", "-V"],
    ["rsyslogd", "-v"],
  ].map(([program = "", flag = ""]) => version(program, flag));
  const disk = execFileSync("stat", ["-f", "-c", "%T", ROOT], { encoding: "utf8" }).trim();
  return (
    `Machine: ${os.cpus().length} × ${cpu?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Linux ${os.release()}, ` +
    `loopback; memory is tmpfs, the disk is ${disk}. Node ${process.versions.node}, ${versions.join(", ")}.`
  );
}

function version(program: string, flag: string): string {
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: "utf8" });
  return `${program} ${/\d+\.\d+[\d.]*/.exec(`${stdout}${stderr}`)?.[0] ?? "missing"}`;
}

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" }).trim();
}
