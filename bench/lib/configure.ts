// A server's and a client's configuration for a benchmark, on one port of the loopback, with all that they keep below
// one directory.

import fs from "node:fs";
import path from "node:path";

export interface Configuration {
  readonly port: number;
  /** Where the client sends to, if not to the server itself. */
  readonly target?: number | undefined;
  readonly pattern: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | undefined;
  /** What is cut off a file's path to make its name; below `home` if nothing is said. */
  readonly base?: string;
  /** So many below one another on the one server. */
  readonly destinations?: number;
  /** More lines about each destination. */
  readonly destination?: string | undefined;
  /** More lines at the top of the client's file. */
  readonly client?: string;
  /** And at the end of the server's. */
  readonly server?: string;
}

/** Writes a server's and a client's configuration below `home` and returns their paths. */
export function configure(home: string, options: Configuration): { server: string; client: string } {
  const { port, target = port, pattern, tls, base = `${home}/logs/`, destinations = 1 } = options;
  fs.mkdirSync(home, { recursive: true });
  const server = path.join(home, "server.yaml");
  const client = path.join(home, "client.yaml");
  const url = (i: number) => `${tls ? "https" : "http"}://127.0.0.1:${target}/bench${i === 0 ? "" : `-${i}`}/`;
  const trust = tls ? `  tls:\n    ca: ${tls.ca}\n` : "";
  fs.writeFileSync(
    server,
    `datadir: ${home}/store\nlogfile: ${home}/server.log\nlisten_port: ${port}\nbind_address: 127.0.0.1\n` +
      (tls ? `tls:\n  cert: ${tls.cert}\n  key: ${tls.key}\n` : "") +
      (options.server ?? ""),
  );
  fs.writeFileSync(
    client,
    `${options.client ?? ""}datadir: ${home}/spool\nlogfile: ${home}/client.log\nscan_paths:\n- name: bench\n` +
      `  pattern: ${pattern}\n  regex_from: "^${base}"\n  regex_to: ""\ndestinations:\n` +
      Array.from({ length: destinations }, (_, i) => `- url: ${url(i)}\n${trust}${options.destination ?? ""}`).join(""),
  );
  return { server, client };
}
