// How many descriptors this process may have (RLIMIT_NOFILE). Node has no getrlimit(2); the kernel tells it
// in /proc/self/limits (proc(5)).

import { readFileSync } from "node:fs";

/** The soft limit, of another process where one is named; a cautious guess where the kernel does not tell. */
export function openFileLimit(pid: number | "self" = "self"): number {
  try {
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
    const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1];
    return soft === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(soft ?? 256);
  } catch {
    return 256;
  }
}
