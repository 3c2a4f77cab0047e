// What all contenders of one comparison have to bring over, and under which circumstances.

import type { ChildProcess } from "node:child_process";
import { run } from "./processes.ts";

export interface Task {
  /** A directory of the benchmark: logs below `logs`, each contender's files beside it. */
  readonly home: string;
  readonly logs: string;
  readonly files: readonly string[];
  readonly bytes: number;
  /** On a real disk: durable before it counts, and nothing of an earlier round left to write. */
  readonly onDisk?: boolean;
  readonly tls?: boolean;
  /** Starts a proxy that delays what goes to `port` and comes from it. */
  readonly delay?: (port: number) => Promise<{ readonly port: number; readonly process: ChildProcess }>;
}

/** To be called just before a contender's time begins. */
export function settled({ onDisk }: Task): void {
  if (onDisk === true) run("sync", []);
}
