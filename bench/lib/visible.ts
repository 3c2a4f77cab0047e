// When bytes can be read at the other end: a directory is watched, and each change makes the file in question be
// looked at. Costs us and every peer the same few hundredths of a millisecond.

import fs from "node:fs";
import path from "node:path";

export interface Watched {
  /** Resolves with `performance.now()` of the moment at which the file was seen to have more than `size` bytes. */
  readonly beyond: (name: string, size: number) => Promise<number>;
  readonly size: (name: string) => number;
  readonly close: () => void;
}

export function watchDirectory(directory: string): Watched {
  const waiting = new Map<string, () => void>();
  const size = (name: string) => fs.statSync(path.join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  const watcher = fs.watch(directory, (_, name) => waiting.get(name ?? "")?.());
  return {
    size,
    close: () => watcher.close(),
    beyond: (name, least) =>
      new Promise((resolve, reject) => {
        const late = () => reject(new Error(`${name} did not arrive in ${directory} within 30 s`));
        const timer = setTimeout(late, 30_000);
        waiting.set(name, () => {
          if (size(name) <= least) return;
          const at = performance.now();
          clearTimeout(timer);
          waiting.delete(name);
          resolve(at);
        });
      }),
  };
}
