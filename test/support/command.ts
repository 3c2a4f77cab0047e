// Starts the program under test and waits for the line that says it is up. The built binary where it is at
// least as new as the sources, else the sources; SHAFTLOG_BINARY names another binary.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { tempDir } from "./temp-dir.ts";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname, "../..");

/** The words that start the program. */
export function program(): string[] {
  if (process.env.SHAFTLOG_BINARY !== undefined) return [process.env.SHAFTLOG_BINARY];
  const binary = join(ROOT, "dist/shaftlog");
  const source = [process.execPath, join(ROOT, "src/main.ts")];
  if (!existsSync(binary)) return source;
  const built = statSync(binary).mtimeMs;
  const paths = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  return paths.every((path) => statSync(join(ROOT, "src", path)).mtimeMs <= built) ? [binary] : source;
}

export interface CommandOptions {
  /** Words in front of the program: `strace …`, `prlimit …`. */
  readonly wrap?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A running program. It is killed when the test process ends. */
export class Command {
  readonly child: ChildProcess;
  readonly #exited: Promise<number | string>;
  #output = "";
  #over: number | string | undefined;

  constructor(args: readonly string[], { wrap = [], env }: CommandOptions = {}) {
    const [command, ...rest] = [...wrap, ...program(), ...args];
    this.child = spawn(command as string, rest, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    running.add(this.child);
    // A program that a test leaves running does not keep the test process alive.
    this.child.unref();
    (this.child.stdout as Socket).unref();
    (this.child.stderr as Socket).unref();
    this.#exited = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => {
        running.delete(this.child);
        this.#over = code ?? signal ?? "?";
        resolve(this.#over);
      });
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Standard output and standard error so far. */
  get output(): string {
    return this.#output;
  }

  get over(): number | string | undefined {
    return this.#over;
  }

  /** Waits for a line; fails at once where the program ends first. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    return await until(
      () => {
        const match = pattern.exec(this.#output);
        if (match === null && this.#over !== undefined) {
          throw new Error(`ended with ${this.#over} instead of saying ${pattern}:\n${this.#output}`);
        }
        return match;
      },
      `${pattern} from ${this.child.spawnargs.join(" ")}`,
    );
  }

  /** Waits for the end: exit code or signal name. */
  async ended(): Promise<number | string> {
    this.child.ref();
    return await this.#exited;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | string> {
    this.kill(signal);
    return await this.ended();
  }
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export interface ServerOptions extends CommandOptions {
  /** Keys of the server's configuration file beside datadir and port. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Default: a new one. */
  readonly datadir?: string;
  /** Default: one that the kernel chooses. */
  readonly port?: number;
  readonly debug?: boolean;
  /** Where the log goes; default: standard output. */
  readonly log?: "stdout" | "file";
}

export class Server extends Command {
  readonly datadir: string;
  port = 0;
  /** The server's own process, also where it runs below another program. */
  serverPid = 0;

  constructor(datadir: string, args: readonly string[], options: CommandOptions) {
    super(args, options);
    this.datadir = datadir;
  }

  override kill(signal: NodeJS.Signals): void {
    if (this.serverPid > 0 && this.over === undefined) process.kill(this.serverPid, signal);
    else super.kill(signal);
  }

  /** With a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }
}

/** Starts `shaftlog server` on the loopback interface without waiting for it to listen. */
export function launchServer(options: ServerOptions = {}): Server {
  const home = tempDir();
  const datadir = options.datadir ?? join(home, "data");
  const config = {
    datadir,
    logfile: join(home, "server.log"),
    bind_address: "127.0.0.1",
    listen_port: options.port ?? 0,
    ...options.config,
  };
  const path = join(home, "server.yaml");
  writeFileSync(
    path,
    `${Object.entries(config)
      .map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
      .join("")}`,
  );
  const flags = ["server", ...(options.log === "file" ? [] : ["-s"]), ...(options.debug ? ["-d"] : []), "-f", path];
  return new Server(datadir, flags, options);
}

/** Starts `shaftlog server` on the loopback interface and waits until it listens. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const server = launchServer(options);
  const [, port, pid] = await server.says(/server-started Listening on \S+:(\d+), .* pid (\d+),/);
  server.port = Number(port);
  server.serverPid = Number(pid);
  return server;
}
