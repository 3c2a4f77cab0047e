// Makes the bytes of an open file durable, and tells how long that took. Promises: where the file system keeps all in
// memory it is done at once, since handing the call to another thread costs more than all the rest of a small append;
// everywhere else another thread waits for the disk. docs/decisions/syncs-in-memory.md.

import type { Clock } from "../platform/clock.ts";
import type { Directory, OpenFile } from "../platform/files.ts";

/** Whether a sync has nothing to wait for on the file system with this device number. */
export type InMemory = (device: bigint) => boolean;

/** Undefined where it is done; else when it is done, or what fdatasync said. `device`: where the file lies. */
export type MakeDurable = (file: OpenFile, device: bigint) => Promise<void> | undefined;

/** Of the file system of `root` alone: what is mounted below it may be a disk. */
export function inMemoryAt(root: Directory): InMemory {
  const device = root.inMemory() ? root.stat.dev : undefined;
  return (other) => other === device;
}

/** `synced` is told the seconds that each one took. */
export function makeDurable(inMemory: InMemory, clock: Clock, synced?: (seconds: number) => void): MakeDurable {
  return (file, device) => {
    const began = synced === undefined ? 0 : clock.elapsed();
    const tell = () => synced?.((clock.elapsed() - began) / 1000);
    if (!inMemory(device)) return synced === undefined ? file.sync() : file.sync().then(tell);
    try {
      file.syncNow();
      tell();
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
