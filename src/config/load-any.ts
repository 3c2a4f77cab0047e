// A configuration file of either half, for a command that serves both: one with `scan_paths` or `destinations` is a
// client's, since these two it must have; any other is a server's, which needs no key at all.

import { loadClientConfig, loadServerConfig, type ReadConfig, readConfigFile } from "./load.ts";
import type { ClientConfig, ServerConfig } from "./options.ts";

export type AnyConfig =
  | { readonly half: "client"; readonly config: ClientConfig }
  | { readonly half: "server"; readonly config: ServerConfig };

/** Throws ConfigError and nothing else. */
export function loadAnyConfig(path: string): AnyConfig {
  const bytes = readConfigFile(path);
  const read: ReadConfig = () => bytes; // once: it may be a pipe
  const text = bytes instanceof Uint8Array ? Buffer.from(bytes).toString("latin1") : "";
  return OF_CLIENT.test(text.replace(/^\s*#.*$/gm, ""))
    ? { half: "client", config: loadClientConfig(path, read) }
    : { half: "server", config: loadServerConfig(path, read) };
}

/** Either key, in YAML's block or flow form or in JSON. */
const OF_CLIENT = /(?:^|[{,])[ \t]*["']?(?:scan_paths|destinations)["']?[ \t]*:/m;
