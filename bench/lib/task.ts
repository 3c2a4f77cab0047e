// What all contenders of one comparison have to bring over, and under which circumstances.

import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
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
  /** Starts a proxy in front of `port`: a long way, or a narrow link. */
  readonly link?: (port: number) => Promise<{ readonly port: number; readonly process: ChildProcess }>;
}

/** To be called just before a contender's time begins. */
export function settled({ home, bytes, onDisk }: Task): void {
  if (onDisk === true) run("sync", []);
  else warmMemory(path.join(home, "warm"), bytes);
}

/**
 * Takes as much memory as the delivered bytes will, and gives it back: a virtual machine whose host takes free memory
 * away pays for the first touch of a page, several times what writing to it costs, and who comes when it does is chance.
 */
function warmMemory(file: string, bytes: number): void {
  const block = Buffer.alloc(1024 * 1024);
  const out = fs.openSync(file, "w");
  for (let left = bytes; left > 0; left -= block.length) fs.writeSync(out, block, 0, Math.min(left, block.length));
  fs.closeSync(out);
  fs.unlinkSync(file);
}
