// Further servers beside a scene's own, each with its store, and what is asked of them at the end. The scene's witness
// does not watch these stores, so that a scenario may take bytes away from them.

import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { type ServerConfig, writeServerConfig } from "./configs.ts";
import { assertEqual, assertTidy, behind } from "./oracles.ts";
import { type Daemon, start } from "./processes.ts";
import type { Scene } from "./scene.ts";

export class MoreServer {
  readonly url: string;
  readonly store: string;
  readonly #scene: Scene;
  readonly #config: string;
  readonly #logfile: string;
  #daemon: Daemon | undefined;

  constructor(scene: Scene, name: string, port: number, options: Partial<ServerConfig>) {
    const { hostname } = new URL(scene.url);
    this.#scene = scene;
    this.url = `http://${hostname}:${port}/`;
    this.store = path.join(scene.home, `store-${name}`);
    this.#config = path.join(scene.home, `server-${name}.yaml`);
    this.#logfile = path.join(scene.home, `server-${name}.log`);
    writeServerConfig(this.#config, {
      datadir: this.store,
      logfile: this.#logfile,
      bind_address: hostname,
      listen_port: port,
      ...options,
    });
  }

  async start(): Promise<void> {
    fs.writeFileSync(this.#logfile, "");
    this.#daemon = start(this.#scene.t, "server", this.#config, this.#logfile);
    await this.#daemon.logged("server-started");
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error("it was never started");
    return this.#daemon;
  }

  /** Everything that is held is there, by size. `below`: the path of the destination's URL, decoded. */
  hasAll(below = ""): boolean {
    return behind(this.#scene.spool, path.join(this.store, below)).length === 0;
  }

  /** Stops it and compares every byte. */
  async end(below = ""): Promise<void> {
    await this.daemon.stop();
    assertEqual(this.#scene.spool, path.join(this.store, below), () => false);
    assertTidy(this.store, [".lock", ".leaves", ".acknowledged", ".status.sock"]);
  }
}

/** One that does not run yet; its port is its own. */
export async function addServer(scene: Scene, name: string, options: Partial<ServerConfig> = {}): Promise<MoreServer> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, new URL(scene.url).hostname, resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return new MoreServer(scene, name, port, options);
}
