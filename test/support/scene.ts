// A stage for scenarios: a temporary directory with logs, spool, store and a canary beside them, one server and one
// client of the built binary on a loopback address of their own. `end` stops both and applies the oracles
// that hold in every scenario; whatever happens, nothing is left behind.

import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { byBaseName, type ClientConfig, type ServerConfig, writeClientConfig, writeServerConfig } from "./configs.ts";
import { assertEqual, assertTidy, behind, Witness } from "./oracles.ts";
import { pace } from "./pace.ts";
import { type Daemon, type Ended, type Launch, run, start } from "./processes.ts";
import { at, filesBelow, snapshot } from "./trees.ts";
import { PATIENCE, until } from "./until.ts";

export interface SceneOptions {
  /** Where the temporary directory is made; the system's by default. */
  readonly within?: string;
  readonly client?: Partial<ClientConfig> | ((scene: Scene) => Partial<ClientConfig>);
  readonly server?: Partial<ServerConfig>;
  /** The scenario changes or shortens files that the client holds. */
  readonly truncates?: boolean;
  /** The scenario takes bytes away from disks: what holds at every moment is not watched, only the end counts. */
  readonly unwatched?: boolean;
}

export interface Ending {
  /** Names at the server that the spool does not hold any more. */
  readonly gone?: (name: string) => boolean;
  /** Names of files that the stop itself adds to: the server's copies are prefixes of them. */
  readonly growing?: readonly string[];
  /** Errors in the client's log that the scenario is about. */
  readonly errors?: readonly string[];
}

let addresses = 0;

/** Where a test failed, its daemons may still have been writing when its directory was removed. */
const homes: string[] = [];
process.on("exit", () => {
  for (const home of homes) fs.rmSync(home, { recursive: true, force: true });
});

export async function openScene(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
  const home = fs.mkdtempSync(path.join(options.within ?? os.tmpdir(), "shaftlog-"));
  homes.push(home);
  t.after(() => fs.rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  // An address of its own: no two tests can take each other's port.
  const address = `127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}.${1 + (addresses++ % 250)}`;
  return new Scene(t, home, address, await freePort(address), options);
}

export class Scene {
  readonly t: TestContext;
  readonly home: string;
  readonly logs: string;
  readonly url: string;
  readonly serverConfig: ServerConfig;
  clientConfig: ClientConfig;
  #server: Daemon | undefined;
  #client: Daemon | undefined;
  readonly #witness: Witness;
  readonly #unwatched: boolean;
  readonly #canary: string;
  readonly #canaryBefore: string;

  constructor(t: TestContext, home: string, address: string, port: number, options: SceneOptions) {
    this.t = t;
    this.home = home;
    const below = (name: string) => path.join(home, name);
    this.logs = below("logs");
    fs.mkdirSync(this.logs);
    this.#canary = below("canary");
    fs.mkdirSync(path.join(this.#canary, "sub"), { recursive: true });
    fs.writeFileSync(path.join(this.#canary, "sub/bird"), "sings");
    this.#canaryBefore = snapshot(this.#canary);
    this.url = `http://${address}:${port}/`;
    this.serverConfig = {
      datadir: below("store"),
      logfile: below("server.log"),
      bind_address: address,
      listen_port: port,
      ...options.server,
    };
    const common: ClientConfig = {
      datadir: below("spool"),
      logfile: below("client.log"),
      scan_interval: 300,
      scan_paths: [byBaseName(`${this.logs}/*.log*`)],
      destinations: [this.url],
    };
    this.clientConfig = common;
    this.configure(typeof options.client === "function" ? options.client(this) : (options.client ?? {}));
    writeServerConfig(below("server.yaml"), this.serverConfig);
    this.#witness = new Witness(this.spool, this.store, options.truncates !== true);
    if (options.unwatched === true) this.#witness.stop();
    this.#unwatched = options.unwatched === true;
    t.after(() => this.#witness.stop());
  }

  /** Changes keys of the client's configuration, for its next start. */
  configure(changes: Partial<ClientConfig>): void {
    this.clientConfig = { ...this.clientConfig, ...changes };
    writeClientConfig(path.join(this.home, "client.yaml"), this.clientConfig);
  }

  get client(): Daemon {
    assert.ok(this.#client !== undefined, "the client was started");
    return this.#client;
  }

  get server(): Daemon {
    assert.ok(this.#server !== undefined, "the server was started");
    return this.#server;
  }

  get spool(): string {
    return this.clientConfig.datadir;
  }

  get store(): string {
    return this.serverConfig.datadir;
  }

  log(name: string): string {
    return path.join(this.logs, name);
  }

  /** Both, up and running. */
  async start(launch: Launch = {}): Promise<void> {
    await this.startServer();
    await this.startClient(launch);
  }

  async startServer(launch: Launch = {}): Promise<void> {
    const { logfile } = this.serverConfig;
    const started = () => this.server.events("server-started").length;
    this.#server = start(this.t, "server", path.join(this.home, "server.yaml"), logfile, launch);
    const before = started();
    await this.until("the server listens", () => started() > before);
  }

  async startClient(launch: Launch = {}): Promise<void> {
    const { logfile } = this.clientConfig;
    const started = () => this.client.events("client-started").length;
    this.#client = start(this.t, "client", path.join(this.home, "client.yaml"), logfile, launch);
    const before = started();
    await this.until("the client runs", () => started() > before);
  }

  syncOnce(...flags: readonly string[]): Ended {
    return run(["sync-once", "-f", path.join(this.home, "client.yaml"), ...flags]);
  }

  /** Like `until`, and fails at once when a daemon died; the message has the ends of both logs. */
  async until<T>(what: string, condition: () => T | undefined | false, within = PATIENCE): Promise<T> {
    try {
      return await until(
        () => {
          const value = condition();
          for (const daemon of [this.#client, this.#server]) {
            assert.ok(typeof daemon?.end !== "number" || daemon.end === 0, `a daemon ended with ${daemon?.end}`);
          }
          return value;
        },
        what,
        within,
      );
    } catch (error) {
      const tails = [this.#client, this.#server].map((daemon) => daemon?.tail() ?? "");
      throw new Error(`${(error as Error).message}\n${tails.join("\n--- server\n")}`, { cause: error });
    }
  }

  /** The names in the spool of the file at `source`. */
  namesOf(source: string | Buffer): string[] {
    const { ino, dev } = fs.statSync(source, { bigint: true });
    return [...filesBelow(this.spool)].filter(([, it]) => it.ino === ino && it.dev === dev).map(([name]) => name);
  }

  /** Waits until these files are held and all that is held is at the server. */
  async delivered(...sources: readonly (string | Buffer)[]): Promise<void> {
    const wanted = sources.map((source) => ({ source, id: idOf(fs.statSync(source, { bigint: true })) }));
    let left: unknown[] = [];
    const done = () => {
      const held = new Set([...filesBelow(this.spool).values()].map(idOf));
      const missing = wanted.filter(({ id }) => !held.has(id)).map(({ source }) => String(source));
      left = [...missing, ...behind(this.spool, this.store)];
      return left.length === 0;
    };
    await this.until("everything delivered", done).catch((error: Error) => {
      throw new Error(`${error.message}\nnot delivered: ${left.join(" ").slice(0, 500)}`);
    });
  }

  /** Lets some scans pass, for what must not happen: there is no sign to wait for. `scan_interval` is a number here. */
  async scansPass(times = 3): Promise<void> {
    await pace(Number(this.clientConfig.scan_interval) * times);
  }

  /** The server's files as texts. */
  texts(wanted: (name: string) => boolean = () => true): [name: string, text: string][] {
    return [...filesBelow(this.store).keys()].filter(wanted).map((name) => [name, this.text(name)]);
  }

  /** One file of the server as a text, "" where there is none. */
  text(name: string): string {
    const file = at(this.store, name);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  /** Stops what runs and applies the oracles. */
  async end({ gone = () => false, growing = [], errors = [] }: Ending = {}): Promise<void> {
    for (const daemon of [this.#client, this.#server]) if (daemon?.end === undefined) await daemon?.stop();
    if (!this.#unwatched) this.#witness.finish();
    assertEqual(this.spool, this.store, gone, growing);
    assertTidy(this.spool, [".lock", ".memory", ".released", ".machine-id", ".clean", ".leaves", ".status.sock"]);
    assertTidy(this.store, [".lock", ".leaves", ".acknowledged", ".status.sock"]);
    assert.equal(snapshot(this.#canary), this.#canaryBefore, "the canary was touched");
    const said = [this.#client, this.#server].flatMap((daemon) => daemon?.events() ?? []);
    const bad = said.filter(({ level, name }) => level === "ERROR" && !errors.includes(name));
    const words = bad.slice(0, 5).map(({ name, text }) => `${name} ${text}`);
    assert.ok(bad.length === 0, `${bad.length} errors in the logs: ${words.join("\n")}`);
  }
}

function idOf({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

async function freePort(address: string): Promise<number> {
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, address, resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
