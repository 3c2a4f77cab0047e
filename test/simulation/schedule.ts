// One schedule: a world from a seed, steps of chance, then all faults end and everything has to come into sync. What
// is said of the client's host by `docs/ARCHITECTURE.md` is checked while it runs (model.ts) and at the end.

import { App, type Serial } from "./apps.ts";
import { ClientHost } from "./client-host.ts";
import { Disk, type NameOrder } from "./disk.ts";
import { Host, type HostOptions } from "./host.ts";
import { Model } from "./model.ts";
import { Network } from "./network.ts";
import { doubled, unfinished } from "./oracle.ts";
import { settle } from "./power.ts";
import { ServerHost } from "./server-host.ts";
import { DATA, LOGS } from "./source.ts";
import { ACTIONS, type Action, type Swarm, swarmOf } from "./swarm.ts";
import { type Trace, World } from "./world.ts";

export interface Outcome {
  readonly seed: number;
  readonly violation: string | undefined;
  /** Files that were stopped as diverged until an operator acts. */
  readonly stopped: number;
  readonly hash: string;
  readonly events: number;
  readonly requests: number;
  readonly compressed: number;
  readonly steps: number;
  /** Virtual ms. */
  readonly ms: number;
  readonly actions: Readonly<Partial<Record<Action, number>>>;
}

export interface ScheduleOptions {
  /** The first so many steps only. */
  readonly steps?: number | undefined;
  readonly trace?: Trace | undefined;
  readonly plant?: string | undefined;
  /** Told of the world before it runs, so that what it is not caught for is known as its. */
  readonly running?: (world: World) => void;
}

/** ms of virtual time in which everything has to be in sync once faults have ended. */
const BOUND = 300_000;
/** Bytes of a disk. */
const TOTAL = 64 * 1024 * 1024;

export async function runSchedule(seed: number, options: ScheduleOptions = {}): Promise<Outcome> {
  const world = new World(seed, options.trace);
  options.running?.(world);
  const schedule = new Schedule(world, swarmOf(world.prng), options);
  try {
    await schedule.run();
  } catch (error) {
    world.violate(`the simulation broke: ${error instanceof Error ? error.stack : String(error)}`);
  }
  const { violation, stopped, hash, events, now } = world;
  const { requests, compressed } = schedule.model;
  return {
    seed,
    violation,
    stopped,
    hash,
    events,
    requests,
    compressed,
    steps: schedule.done,
    ms: now,
    actions: schedule.actions,
  };
}

class Schedule {
  readonly world: World;
  readonly model: Model;
  readonly actions: Partial<Record<Action, number>> = {};
  done = 0;
  readonly #swarm: Swarm;
  readonly #steps: number;
  readonly #network: Network;
  readonly #client: ClientHost;
  readonly #servers: readonly ServerHost[];
  readonly #apps: readonly App[];
  readonly #plant: string | undefined;

  constructor(world: World, swarm: Swarm, options: ScheduleOptions) {
    this.world = world;
    this.#swarm = swarm;
    this.#steps = Math.min(options.steps ?? swarm.steps, swarm.steps);
    this.#plant = options.plant;
    this.#network = new Network(world, swarm.network);
    const names = Array.from({ length: swarm.servers }, (_, i) => `s${i}`);
    const clientDisk = newDisk(world, swarm.clientNames, LOGS);
    const disks = names.map((host) => ({ host, disk: newDisk(world, swarm.serverNames, DATA) }));
    this.model = new Model(world, clientDisk, disks);
    const client = new Host(world, "c", clientDisk, this.#hostOptions());
    this.#client = new ClientHost(client, this.#network, this.model, swarm, names);
    this.#servers = disks.map(
      ({ host, disk }) =>
        new ServerHost(
          new Host(world, host, disk, { ...this.#hostOptions(), zeros: 0 }),
          this.#network,
          this.model,
          swarm,
        ),
    );
    const serial: Serial = { lines: 0 };
    this.#apps = Array.from({ length: swarm.apps }, (_, i) => {
      const directory = swarm.nested && i > 0 ? `${LOGS}/sub${i}` : LOGS;
      return new App(world, clientDisk, this.model, swarm, serial, directory, `app${i}.log`);
    });
  }

  async run(): Promise<void> {
    const { world } = this;
    world.note(() => JSON.stringify(this.#swarm));
    for (const server of this.#servers) server.start();
    this.#client.start();
    await world.pass(world.prng.time(1, 100));
    for (; this.done < this.#steps && world.violation === undefined; this.done++) {
      const action = world.prng.weighted(this.#swarm.weights);
      this.actions[action] = (this.actions[action] ?? 0) + 1;
      world.mix(ACTIONS.indexOf(action));
      this.#act(action);
      const pause = world.prng.chance(0.4) ? world.prng.time(0.01, 3) : world.prng.time(0.5, this.#swarm.pace);
      await world.pass(world.prng.chance(0.03) ? world.prng.time(1_000, 60_000) : pause);
    }
    if (world.violation === undefined) await this.#comeToRest();
  }

  async #comeToRest(): Promise<void> {
    const { world } = this;
    world.note(() => "all faults end");
    this.#network.faulty = false;
    this.#network.heal();
    for (const disk of [this.#client.host.disk, ...this.#servers.map(({ host }) => host.disk)]) {
      disk.ballast = 0;
      disk.failing = false;
    }
    if (this.#client.host.disk.failed) this.#cutClientPower();
    this.#client.start();
    for (const server of this.#servers) if (this.#network.up.has(server.host.name)) server.start();
    const until = world.now + BOUND;
    let left = "";
    while (world.now < until && world.violation === undefined) {
      await world.pass(400);
      left = unfinished(this.model, this.#servers) ?? "";
      if (left === "") break;
    }
    if (world.violation !== undefined) return;
    const twice = doubled(this.model, this.#servers);
    if (twice !== undefined) world.violate(twice);
    if (left === "") return;
    // A file that was stopped as diverged, and told, is safe: nothing is spliced or lost, and an operator decides.
    const name = /, ([^,)]+)\) has /.exec(left)?.[1] ?? "";
    if ([...world.diverged].some((one) => one === name || one.startsWith(`${name}.g`))) world.stopped++;
    else world.violate(`not in sync ${BOUND / 1000} s after the last fault: ${left}`);
  }

  #act(action: Action): void {
    const { prng } = this.world;
    const app = prng.pick(this.#apps);
    const server = prng.pick(this.#servers);
    const client = this.#client;
    const acts: Readonly<Record<Action, () => void>> = {
      write: () => app.write(),
      burst: () => app.burst(),
      rotate: () => app.rotate(),
      remove: () => app.remove(),
      truncate: () => app.truncate((source) => client.notices(source)),
      "sync-source": () => app.sync(),
      "kill-client": () => this.#kill(client.life ?? client.once, client.host),
      "kill-server": () => this.#kill(server.life, server.host),
      "stop-client": () => client.stop(),
      "stop-server": () => server.stop(),
      "cut-client-power": () => this.#cutClientPower(),
      "cut-server-power": () => server.cutPower(),
      "back-up": () => server.backUp(),
      "restore-server": () => server.restore(),
      part: () => this.#network.part(server.host.name),
      heal: () => this.#network.heal(),
      "fill-client": () => fill(client.host.disk, prng.below(2_000)),
      "fill-server": () => fill(server.host.disk, prng.below(2_000)),
      "empty-disks": () => {
        for (const { host } of [client, ...this.#servers]) host.disk.ballast = 0;
      },
      "fail-sync": () => {
        prng.pick([client, server]).host.disk.failing = true;
      },
      "jump-clock": () => {
        prng.pick([client, server]).host.jumped += prng.pick([-1, 1]) * prng.time(10, 100_000_000);
      },
      "sync-once": () => {
        client.syncOnce();
        if (client.life !== undefined && prng.chance(0.8)) this.#kill(client.life, client.host);
      },
    };
    acts[action]();
  }

  #kill(life: ClientHost["life"], host: Host): void {
    if (life === undefined) return;
    if (this.world.prng.chance(this.#swarm.fuse)) life.fuse = this.world.prng.between(1, 60);
    else host.kill(life);
  }

  #cutClientPower(): void {
    this.#network.silence("client");
    this.model.cuttingPower = true;
    this.#client.host.cutPower();
    this.model.cuttingPower = false;
    // What came back has not had its end yet.
    for (const source of this.model.sources.values()) if (source.inode.nlink > 0) source.finalSize = undefined;
    for (const app of this.#apps) app.forget();
  }

  #hostOptions(): HostOptions {
    const { syncTime, inMemory, hintTime, hintLoss, mostWatches, descriptors, busy, zeros } = this.#swarm;
    const files = { syncTime, inMemory, hintTime, hintLoss, mostWatches, mostOpen: descriptors, plant: this.#plant };
    return { files, busy, zeros };
  }
}

/** Leaves `room` bytes. */
function fill(disk: Disk, room: number): void {
  disk.ballast = TOTAL - disk.used - room;
}

function newDisk(world: World, names: NameOrder, directory: string): Disk {
  const disk = new Disk(world, names, TOTAL);
  disk.make(disk.root, directory.slice(1), "directory", 0o755);
  settle(disk, disk.root);
  disk.journal = [];
  return disk;
}
