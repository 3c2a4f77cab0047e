// What a running process has used, as the kernel counts it.

import fs from "node:fs";

/** Of clock ticks, by which /proc counts; the same on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds of processor time so far, of all its threads. */
export function cpuSeconds(pid: number | undefined): number {
  const fields = fs
    .readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** MB of memory that is resident now, or was at the most. */
export function memory(pid: number | undefined, which: "now" | "peak"): number {
  const field = which === "now" ? "VmRSS" : "VmHWM";
  const [, kib] = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(fs.readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return (Number(kib) * 1024) / 1e6;
}
