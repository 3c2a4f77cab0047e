// What the kernel says a process has used, read from /proc: promises numbers that no bookkeeping of the program itself
// could make look better.

import fs from "node:fs";

/** The most memory that a process has ever had, in bytes. */
export function peakMemory(pid: number): number {
  const match = /^VmHWM:\s+([0-9]+) kB$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1]) * 1024;
}

/** Seconds of processor time that a process has used. */
export function processorTime(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
  // Behind the name, which may hold anything: the state is field 3, utime and stime are 14 and 15, in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Bytes that a process has read by read(2) and its kin, from files and sockets, whether or not a disk was touched. */
export function bytesRead(pid: number): number {
  return Number(/^rchar: ([0-9]+)$/m.exec(fs.readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
}
