// What one schedule is made of: which faults it may have, how often, and the sizes and times of everything. Each
// seed enables another subset, since faults that always come together hide each other (swarm testing).

import type { NameOrder } from "./disk.ts";
import type { NetworkOptions } from "./network.ts";
import type { Prng } from "./prng.ts";

export const ACTIONS = [
  "write",
  "burst",
  "rotate",
  "remove",
  "truncate",
  "sync-source",
  "kill-client",
  "kill-server",
  "stop-client",
  "stop-server",
  "cut-client-power",
  "cut-server-power",
  "back-up",
  "restore-server",
  "part",
  "heal",
  "fill-client",
  "fill-server",
  "empty-disks",
  "fail-sync",
  "jump-clock",
  "sync-once",
] as const;

export type Action = (typeof ACTIONS)[number];

export interface Swarm {
  readonly servers: number;
  readonly steps: number;
  readonly weights: Readonly<Record<Action, number>>;
  /** ms between two steps, at the most. */
  readonly pace: number;
  readonly network: NetworkOptions;
  readonly clientNames: NameOrder;
  readonly serverNames: NameOrder;
  readonly syncTime: readonly [number, number];
  readonly inMemory: boolean;
  readonly hintTime: readonly [number, number];
  readonly hintLoss: number;
  readonly mostWatches: number;
  readonly zeros: number;
  readonly heldBack: number;
  readonly mostOpen: number;
  /** Bytes that a server leaves free. */
  readonly floor: number;
  readonly scanInterval: number;
  readonly trigger: number;
  readonly retention: number;
  readonly rename: string;
  readonly nested: boolean;
  readonly apps: number;
  readonly keep: number;
  /** Bytes of a line, at the most. */
  readonly line: number;
  /** A call of the clock takes up to so many ms: a busy host. */
  readonly busy: number;
  /** How often a process is killed within its next calls, not between two events. */
  readonly fuse: number;
  /** ms until a process that ended is started again, at the most. */
  readonly restartAfter: number;
  /** What the client sends is compressed, made durable before, and held to so many bytes a second. */
  readonly compressed: boolean;
  readonly syncSource: boolean;
  readonly rateLimit: number | undefined;
  /** Connections for a destination; undefined: as by default. */
  readonly concurrency: number | undefined;
  /** ms for which a file is unchanged before a server seals it; undefined: it seals none. */
  readonly archiveAfter: number | undefined;
  /** Descriptors of a process; below a dozen it does not get on. */
  readonly descriptors: number;
  /** How often a server that starts knows nothing of compression. */
  readonly older: number;
}

const RENAMES = ["{name}.{mtime}", "{name}.{ino}", "d/{name}.{mtime}", "{name}/{ino}/log"] as const;

export function swarmOf(prng: Prng): Swarm {
  /** Off in half of all schedules; else a probability over several magnitudes. */
  const fault = (most: number) => (prng.chance(0.5) ? 0 : prng.time(most / 30, most));
  const weight = (most: number) => (prng.chance(0.5) ? 0 : prng.time(most / 8, most));
  const retention = prng.chance(0.5) ? Number.POSITIVE_INFINITY : prng.time(1_000, 20_000);
  return {
    servers: prng.chance(0.25) ? 2 : 1,
    steps: Math.round(prng.time(8, 64)),
    weights: {
      write: 10,
      burst: weight(0.6),
      rotate: weight(2),
      remove: weight(1),
      truncate: weight(1),
      "sync-source": weight(2),
      "kill-client": weight(1),
      "kill-server": weight(1),
      "stop-client": weight(0.5),
      "stop-server": weight(0.5),
      "cut-client-power": weight(0.8),
      "cut-server-power": weight(1),
      "back-up": weight(0.5),
      "restore-server": weight(0.5),
      part: weight(0.5),
      heal: 0.7,
      "fill-client": weight(0.3),
      "fill-server": weight(0.5),
      "empty-disks": 0.7,
      "fail-sync": weight(0.2),
      "jump-clock": weight(0.5),
      "sync-once": weight(0.5),
    },
    pace: prng.time(3, 2_000),
    network: {
      latency: [0.05, prng.time(0.1, 50)],
      cut: fault(0.3),
      stall: fault(0.1),
      answerLost: fault(0.2),
      repeated: fault(0.2),
      silent: prng.pick([0, 0, 0.3, 1]),
      piece: Math.round(prng.time(8, 4096)),
    },
    clientNames: retention === Number.POSITIVE_INFINITY && prng.chance(0.3) ? "separate" : "ordered",
    serverNames: prng.pick(["ordered", "separate"]),
    syncTime: [0.1, prng.time(0.2, 200)],
    inMemory: prng.chance(0.25),
    hintTime: [0.01, prng.time(0.1, 500)],
    hintLoss: prng.pick([0, 0, 0.1, 0.5, 1]),
    mostWatches: prng.pick([1000, 1000, 1000, 3]),
    zeros: prng.pick([0, 0, 0.3]),
    heldBack: Math.round(prng.time(1, 65_536)),
    mostOpen: prng.pick([4, 64]),
    floor: prng.pick([0, 0, 500]),
    scanInterval: Math.round(prng.time(300, 8_000)),
    trigger: Math.round(prng.time(50, 2_000)),
    retention,
    rename: prng.pick(RENAMES),
    nested: prng.chance(0.2),
    apps: prng.between(1, 3),
    keep: prng.between(1, 4),
    line: Math.round(prng.chance(0.07) ? prng.time(10_000, 300_000) : prng.time(20, 2_000)),
    busy: prng.pick([0, 0, 0, 3]),
    fuse: prng.chance(0.5) ? 0.5 : 0,
    restartAfter: prng.time(5, 10_000),
    compressed: prng.chance(0.5),
    syncSource: prng.chance(0.2),
    rateLimit: prng.chance(0.2) ? prng.time(100_000, 10_000_000) : undefined,
    concurrency: prng.pick([undefined, undefined, 2, 3]),
    archiveAfter: prng.chance(0.3) ? prng.time(500, 60_000) : undefined,
    descriptors: prng.chance(0.2) ? prng.between(12, 40) : 100_000,
    older: prng.pick([0, 0, 0.5]),
  };
}
