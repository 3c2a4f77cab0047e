// The client's machine: the stations of `shaftlog client` and `shaftlog sync-once` put together as src/commands does
// it, over simulated ports. A process that ends is started again after a while, as a service manager would.

import { StartFailure } from "../../src/base/errors.ts";
import type { Emit } from "../../src/base/events.ts";
import { deliveryTo, hearing } from "../../src/commands/destinations.ts";
import { SyncGoals } from "../../src/commands/sync-goals.ts";
import { exitCode, makeReport } from "../../src/commands/sync-report.ts";
import { createDiscovery, type Discovery } from "../../src/discovery/discover.ts";
import { sha256 } from "../../src/platform/node-hash.ts";
import { openSpools, type Spools } from "../../src/spool/spools.ts";
import { Destination } from "../../src/transfer/destination.ts";
import { simHttpClient } from "./client-http.ts";
import type { Host } from "./host.ts";
import type { Model } from "./model.ts";
import type { Network } from "./network.ts";
import { brokenPromise, present } from "./oracle.ts";
import { simCodec } from "./sim-codec.ts";
import { simFiles } from "./sim-files.ts";
import { LOGS, PREFIX, type Source, SPOOL } from "./source.ts";
import type { Swarm } from "./swarm.ts";
import { Killed, type Life } from "./world.ts";

/** ms that what is on the wire gets to finish, as in src/commands/client.ts. */
const GRACE = 4_000;

interface Running {
  readonly spools: Spools;
  readonly destinations: readonly Destination[];
  readonly discovery: Discovery;
}

export class ClientHost {
  readonly host: Host;
  readonly #network: Network;
  readonly #model: Model;
  readonly #swarm: Swarm;
  readonly #servers: readonly string[];
  life: Life | undefined;
  /** A sync-once that runs. */
  once: Life | undefined;
  #running: Running | undefined;
  /** Starts in a row that came to nothing. */
  #starts = 0;

  constructor(host: Host, network: Network, model: Model, swarm: Swarm, servers: readonly string[]) {
    this.host = host;
    this.#network = network;
    this.#model = model;
    this.#swarm = swarm;
    this.#servers = servers;
  }

  /** `shaftlog client` */
  start(): void {
    if (this.life !== undefined) return;
    // A second process is turned away by the lock; a few tries are enough to see that.
    if (this.once !== undefined && this.host.world.prng.chance(0.9)) {
      this.#restart();
      return;
    }
    const life = this.#spawn("client");
    this.host.world.after(1, () => this.#attend(life, this.#run(life)), life);
  }

  /** SIGTERM */
  stop(): void {
    const { life } = this;
    const running = this.#running;
    if (life === undefined || running === undefined) return;
    this.#running = undefined;
    this.host.world.note(() => `SIGTERM to ${life.name}`);
    const stop = async () => {
      await running.discovery.stop();
      await Promise.all(running.destinations.map((destination) => destination.stop(GRACE)));
      await running.spools.close();
      life.end();
    };
    this.host.world.guard(life, () => this.#attend(life, stop()));
  }

  /** `shaftlog sync-once`; what it promised is checked when it ends. */
  syncOnce(): void {
    const life = this.host.spawn("sync-once");
    this.once = life;
    life.endings.push(() => {
      this.once = undefined;
      this.#model.clientEnded(2 * this.#swarm.scanInterval + 3_000);
    });
    this.host.world.after(1, () => this.#attend(life, this.#syncOnce(life)), life);
  }

  /** Whether a truncation of `source` now is sure to be told from growth, by what is documented. */
  notices({ name, sentBy }: Source): boolean {
    return name === undefined || (this.life !== undefined && sentBy === this.life.name);
  }

  #spawn(what: string): Life {
    const { host } = this;
    const life = host.spawn(what);
    this.life = life;
    life.endings.push(() => {
      this.life = undefined;
      this.#model.clientEnded(2 * this.#swarm.scanInterval + 3_000);
      this.#restart();
      this.#running = undefined;
    });
    return life;
  }

  #restart(): void {
    const { world } = this.host;
    // Later each time while it cannot start.
    this.#starts = this.#running === undefined ? this.#starts + 1 : 0;
    const ms = this.once === undefined ? world.prng.time(5, this.#swarm.restartAfter + 6) : 1_000;
    world.after(Math.max(ms, 2 ** Math.min(this.#starts, 13)), () => this.start());
  }

  async #attend(life: Life, work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!life.alive || error instanceof Killed) return;
      const { world } = this.host;
      if (error instanceof StartFailure) world.note(() => `${life.name} cannot start: ${error.message}`);
      else world.violate(`${life.name} ended: ${error instanceof Error ? error.stack : String(error)}`);
      life.end();
    }
  }

  #emit(life: Life): Emit {
    return ({ name, level, text }) => {
      const diverged = name === "file-diverged" ? /^"([^"]+)"/.exec(text)?.[1] : undefined;
      if (diverged !== undefined) this.host.world.diverged.add(diverged);
      if (life.alive) this.host.world.note(() => `${life.name}: ${level} ${name} ${text}`);
    };
  }

  #open(life: Life): Promise<Spools> {
    const { host } = this;
    const files = simFiles(host.world, host.disk, life, host.options.files);
    const ports = { files, clock: host.clock(life), emit: this.#emit(life), lock: host.lock(life) };
    const { retention, scanInterval, trigger } = this.#swarm;
    return openSpools(ports, { datadirs: [SPOOL], retention, scanInterval, periodicTriggerInterval: trigger });
  }

  #discovery(life: Life, spools: Spools): Discovery {
    const { host } = this;
    const files = simFiles(host.world, host.disk, life, host.options.files);
    const { nested, rename, scanInterval } = this.#swarm;
    const pattern = nested ? `${LOGS}/**/*.log*` : `${LOGS}/*.log*`;
    return createDiscovery({ files, clock: host.clock(life), emit: this.#emit(life) }, spools, {
      patterns: [{ name: "app", pattern, rename, followSymlinks: false }],
      datadir: SPOOL,
      scanInterval,
    });
  }

  #destinations(life: Life, spools: Spools, compareAll: boolean): Destination[] {
    const { host } = this;
    const { plant } = host.options.files;
    const { compressed, syncSource, rateLimit, concurrency } = this.#swarm;
    return this.#servers.map(
      (server) =>
        new Destination({
          url: new URL(`http://${server}/${PREFIX}/`),
          http: simHttpClient(this.#network, life, this.#model, plant),
          clock: host.clock(life),
          newHash: sha256,
          codec: compressed ? simCodec(host.world, life, plant) : undefined,
          syncSource,
          rateLimit,
          concurrency,
          compareAll,
          random: () => host.world.prng.unit(),
          spool: spools,
          emit: this.#emit(life),
        }),
    );
  }

  async #run(life: Life): Promise<void> {
    const spools = await this.#open(life);
    const destinations = this.#destinations(life, spools, false);
    for (const destination of destinations) {
      let isNew = false;
      spools.listen(hearing(destination, () => isNew));
      isNew = true;
    }
    spools.attach(deliveryTo(destinations));
    spools.start();
    const discovery = this.#discovery(life, spools);
    this.#running = { spools, destinations, discovery };
    await discovery.start();
  }

  async #syncOnce(life: Life): Promise<void> {
    const { world } = this.host;
    const spools = await this.#open(life);
    const clock = this.host.clock(life);
    const began = clock.elapsed();
    const before = present(this.#model);
    const destinations = this.#destinations(life, spools, true);
    const goals = new SyncGoals(destinations, clock, 60_000);
    spools.listen(goals);
    goals.listening();
    await spools.sweep();
    const scan = await this.#discovery(life, spools).scanOnce();
    const adopted = new Set(scan.adopted);
    goals.begin(spools.generations());
    for (const destination of destinations) {
      spools.listen(hearing(destination, (generation) => adopted.has(generation)));
    }
    spools.attach(deliveryTo(destinations));
    await goals.reached(
      () => {},
      () => spools.settled(),
    );
    await Promise.all(destinations.map((destination) => destination.stop(500)));
    const files = [...goals.results()];
    const { shrunk, generations } = spools.counts();
    const made = [...spools.entries()].reduce((sum, entry) => sum + entry.generations.length, 0);
    const unfinished = made !== generations;
    await spools.retain();
    await spools.close();
    const bytesSent = destinations.reduce((sum, destination) => sum + destination.bytesSent, 0);
    const urls = destinations.map(({ url }) => url);
    const elapsed = clock.elapsed() - began;
    const facts = { files, problems: scan.problems, urls, shrunk, unfinished, bytesSent, elapsed };
    const code = exitCode(makeReport(facts));
    world.note(() => `${life.name} exits with ${code}`);
    const broken = code === 0 ? brokenPromise(this.#model, before, this.#servers) : undefined;
    if (broken !== undefined) world.violate(`${life.name} exits with 0, and ${broken}`);
    life.end();
  }
}
