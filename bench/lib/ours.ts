// shaftlog as a contender: a server of the built binary, and `sync-once` of it, its start-up included.

import fs from "node:fs";
import path from "node:path";
import { configure } from "./configure.ts";
import { bytesBelow } from "./logs.ts";
import { BINARY, freePort, listening, run, start, stop, timed } from "./processes.ts";
import type { Contender } from "./rounds.ts";
import { settled, type Task } from "./task.ts";

export interface Variant {
  readonly name: string;
  /** Lines of the client's file about its destination. */
  readonly destination?: string;
  /** In place of our server: starts what listens on `port` and keeps files in `store`. */
  readonly server?: (port: number, store: string) => ReturnType<typeof start>;
}

export function ours(task: Task, { name, server, destination }: Variant = { name: "shaftlog" }): Contender {
  return {
    name,
    run: async () => {
      const { home } = task;
      const port = await freePort();
      const store = path.join(home, "store");
      const via = task.link === undefined ? undefined : await task.link(port);
      const tls = task.tls ? certificates(home) : undefined;
      const config = configure(home, { port, target: via?.port, pattern: `${task.logs}/**/*.log`, tls, destination });
      const daemon = server
        ? await server(port, store)
        : await start(BINARY, ["server", "-s", "-f", config.server], /server-started/);
      await listening(port);
      settled(task);
      const seconds = timed(BINARY, ["sync-once", "-q", "-f", config.client]);
      await stop(daemon);
      if (via !== undefined) await stop(via.process);
      const delivered = bytesBelow(store);
      if (delivered !== task.bytes) throw new Error(`${delivered} bytes arrived instead of ${task.bytes}`);
      for (const made of ["store", "spool"]) fs.rmSync(path.join(home, made), { recursive: true });
      return seconds;
    },
  };
}

/** An authority's and a server's certificate below `home`, made once. */
export function certificates(home: string): { readonly ca: string; readonly cert: string; readonly key: string } {
  const dir = path.join(home, "pki");
  if (!fs.existsSync(dir)) {
    run(BINARY, ["pki", "init", "--dir", dir]);
    run(BINARY, ["pki", "issue", "--dir", dir, "--server", "127.0.0.1"]);
  }
  const find = (pattern: RegExp) => {
    const name = fs.readdirSync(dir, { recursive: true, encoding: "utf8" }).find((name) => pattern.test(name));
    if (name === undefined) throw new Error(`no ${pattern} in ${dir}`);
    return path.join(dir, name);
  };
  return { ca: path.join(dir, "ca.crt"), cert: find(/127\.0\.0\.1\.crt$/), key: find(/127\.0\.0\.1\.key$/) };
}
