// A server's machine: the stations of `shaftlog server` put together as src/commands does it, over simulated ports. A
// process that ends is started again after a while; where the disk failed, the machine is restarted first.

import { Archive } from "../../src/archive/archive.ts";
import { recover } from "../../src/archive/recover.ts";
import { SealedFiles } from "../../src/archive/sealed-files.ts";
import { Turns } from "../../src/archive/turns.ts";
import { assert } from "../../src/base/assert.ts";
import { StartFailure } from "../../src/base/errors.ts";
import type { ServerConfig } from "../../src/config/options.ts";
import { parseServerConfig } from "../../src/config/server.ts";
import { Ingest } from "../../src/ingest/ingest.ts";
import { sha256 } from "../../src/platform/node-hash.ts";
import { Store } from "../../src/store/store.ts";
import type { Host } from "./host.ts";
import type { Model } from "./model.ts";
import type { Network } from "./network.ts";
import { olderServer } from "./older-server.ts";
import { type Backup, backUp, restore } from "./power.ts";
import { simHttpServer } from "./server-http.ts";
import { simCodec } from "./sim-codec.ts";
import { simFiles } from "./sim-files.ts";
import { DATA } from "./source.ts";
import type { Swarm } from "./swarm.ts";
import { Killed, type Life } from "./world.ts";

/** The configuration of a server whose file is empty. */
const DEFAULTS = defaults();

/** ms that what is in flight gets to finish, as in src/commands/server.ts. */
const GRACE = 4_000;

export class ServerHost {
  readonly host: Host;
  readonly #network: Network;
  readonly #model: Model;
  readonly #swarm: Swarm;
  life: Life | undefined;
  wanted = true;
  #running: { readonly ingest: Ingest; readonly store: Store; readonly archive: Archive | undefined } | undefined;
  #backup: Backup | undefined;
  restoredAt = Number.NEGATIVE_INFINITY;

  constructor(host: Host, network: Network, model: Model, swarm: Swarm) {
    this.host = host;
    this.#network = network;
    this.#model = model;
    this.#swarm = swarm;
    network.up.add(host.name);
  }

  start(): void {
    if (this.life !== undefined) return;
    const { world } = this.host;
    const life = this.host.spawn("server");
    this.life = life;
    life.endings.push(() => {
      this.life = undefined;
      this.#running = undefined;
      if (this.wanted) world.after(world.prng.time(5, this.#swarm.restartAfter + 6), () => this.start());
    });
    world.after(1, () => this.#attend(life, this.#run(life)), life);
  }

  /** SIGTERM */
  stop(): void {
    const { life } = this;
    const running = this.#running;
    if (life === undefined || running === undefined) return;
    this.#running = undefined;
    this.host.world.note(() => `SIGTERM to ${life.name}`);
    const stop = async () => {
      const archived = running.archive?.stop();
      await running.ingest.stop(GRACE);
      await running.store.stop();
      await archived;
      life.end();
    };
    this.host.world.guard(life, () => this.#attend(life, stop()));
  }

  cutPower(): void {
    const { world } = this.host;
    const wanted = this.wanted;
    this.wanted = false;
    this.#network.up.delete(this.host.name);
    this.#network.silence("server", this.host.name);
    this.host.cutPower();
    this.#model.survived(this.host.name);
    this.wanted = wanted;
    world.after(world.prng.time(5, this.#swarm.restartAfter + 6), () => {
      this.#network.up.add(this.host.name);
      if (this.wanted) this.start();
    });
  }

  backUp(): void {
    const data = this.host.disk.find(DATA);
    if (data !== undefined) this.#backup = backUp(data);
  }

  /** The operator brings the last backup back. */
  restore(): void {
    const data = this.host.disk.find(DATA);
    if (data === undefined || this.#backup === undefined) return;
    this.host.world.note(() => `${this.host.name} is restored from its backup`);
    if (this.life !== undefined) this.host.kill(this.life);
    restore(this.host.disk, data, this.#backup);
    this.#model.restored(this.host.name);
    this.restoredAt = this.host.world.now;
  }

  async #attend(life: Life, work: Promise<unknown>): Promise<void> {
    const { world } = this.host;
    try {
      await work;
    } catch (error) {
      if (!life.alive || error instanceof Killed) return;
      if (error instanceof StartFailure) world.note(() => `${life.name} cannot start: ${error.message}`);
      else world.violate(`${life.name} ended: ${error instanceof Error ? error.stack : String(error)}`);
      life.end();
    }
  }

  async #run(life: Life): Promise<void> {
    const { host } = this;
    const { world } = host;
    const clock = host.clock(life);
    const files = simFiles(world, host.disk, life, host.options.files);
    const emit = ({ level, name, text }: { level: string; name: string; text: string }) => {
      if (life.alive) world.note(() => `${life.name}: ${level} ${name} ${text}`);
    };
    host.lock(life)(DATA);
    const { descriptors, heldBack, floor, older, archiveAfter } = this.#swarm;
    // As the command sees to it: most of them are left for connections and directories.
    const mostOpen = Math.min(this.#swarm.mostOpen, Math.floor(descriptors / 3));
    const root = files.open(DATA, true);
    const codec = simCodec(world, life, host.options.files.plant);
    const common = { root, clock, emit, newHash: sha256, codec, fatal: () => this.#failed(life) };
    await recover(root, sha256, emit).catch((error: unknown) => {
      throw new StartFailure(`Cannot finish what was being archived: ${error}`);
    });
    const sealed = new SealedFiles(common);
    const store = new Store({ ...DEFAULTS, ...common, sealed, minFreeSpace: { bytes: floor }, mostOpen });
    const start = `life-${world.prng.next().toString(36)}`;
    const http = simHttpServer(this.#network, host.name, life, this.#model, heldBack);
    const parts = {
      http: world.prng.chance(older) ? olderServer(http) : http,
      store,
      clock,
      codec,
      emit,
      verbose: false,
      start,
      tls: undefined,
      tokens: () => undefined,
    };
    const ingest = await Ingest.open(DEFAULTS, parts);
    const archive =
      archiveAfter === undefined
        ? undefined
        : new Archive(
            { after: archiveAfter, deleteAfter: Number.POSITIVE_INFINITY },
            {
              ...common,
              sealed,
              turns: new Turns(),
              room: () => store.room(),
              claim: (path) => store.claim(path),
              accounted: (path, more, bytes) => store.accounted(path, more, bytes),
            },
          );
    this.#running = { ingest, store, archive };
  }

  /** A disk that failed: the process ends, and the operator looks into it. */
  #failed(life: Life): void {
    this.host.world.note(() => `${life.name} ends: the disk failed`);
    this.host.world.after(0, () => this.cutPower());
    life.end();
  }
}

function defaults(): ServerConfig {
  const parsed = parseServerConfig("", "simulated");
  assert("config" in parsed, "no key is required");
  return parsed.config;
}
