// The spools of one client: one per distinct data directory, behind one face. Looks entries up by identity,
// keeps names unique across all of them, tells listeners, and owns the growth sweep and retention.
// Composition: openSpools → listen (each destination) → start; sync-once leaves out start and calls
// sweep and retain itself.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Files } from "../platform/files.ts";
import type { Entry, Generation, SpoolListener } from "./entry.ts";
import type { Mark } from "./mark.ts";
import type { SpoolOptions } from "./options.ts";

export interface SpoolPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Takes the lock of an open data directory, held until released; throws where another process has it. */
  readonly lock: (path: Bytes) => { release(): void };
}

export interface SpoolsOptions extends SpoolOptions {
  /** Absolute paths of the data directories, the client's own first; doubles are ignored. */
  readonly datadirs: readonly Bytes[];
  /** `scan_interval`: a full stat sweep this often, in ms. */
  readonly scanInterval: number;
  /** `periodic_trigger_interval`: one entry in round robin this often, in ms. */
  readonly periodicTriggerInterval: number;
}

/** Whether every byte of a generation is durable at every destination. Asked by retention. */
export type IsDelivered = (generation: Generation) => boolean;

export interface SpoolCounts {
  readonly entries: number;
  readonly generations: number;
  /** Bytes of files whose only names are ours. */
  readonly bytesOnlyHere: number;
  /** Since this process started. */
  readonly released: number;
  /** Files found truncated or rewritten since this process started: bytes may be lost (sync-once: exit code 3). */
  readonly shrunk: number;
}

export interface Spools {
  /** Tells `listener` of every generation held durably now, in this call, and from then on of all that happens. */
  listen(listener: SpoolListener): void;
  generations(): Iterable<Generation>;
  find(dev: bigint, ino: bigint): Entry | undefined;
  /** A destination said that it holds everything of the entry up to `mark.offset`: remembered over restarts. */
  acknowledged(generation: Generation, mark: Mark): void;
  /**
   * The entry's bytes from `start` on are not what was delivered: they go on under a new generation. Older ones
   * end at `start` at once (`changed`); `added` follows when the new name is durable. Safe to call twice.
   */
  supersede(entry: Entry, start: number, reason: string): void;
  counts(): SpoolCounts;
  /** Watches and sweeps from now on, and releases what retention allows. */
  start(isDelivered: IsDelivered): void;
  /** One full stat sweep. */
  sweep(): Promise<void>;
  /** One round of retention; the number of generations released. */
  retain(isDelivered: IsDelivered): Promise<number>;
  /** Stops everything, writes the memory, gives the locks back. */
  close(): Promise<void>;
}

/**
 * Opens, locks, tidies and indexes every data directory. Rejects with StartFailure (or what `lock` throws).
 * Nothing is announced before every directory found is durable.
 */
export declare function openSpools(ports: SpoolPorts, options: SpoolsOptions): Promise<Spools>;
