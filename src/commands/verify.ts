// `shaftlog verify`: which half of shaftlog it is about is told by the configuration. A client's names what to deliver
// and where to, and its files are compared with the destinations' copies; any other file, and whatever --server names,
// is a server's, whose files are compared with what it kept of them.

import { StartFailure } from "../base/errors.ts";
import { loadServerConfig } from "../config/load.ts";
import { loadAnyConfig } from "../config/load-any.ts";
import type { VerifyFlags } from "./flags.ts";
import { verifyClient } from "./verify-client.ts";
import { verifyServer } from "./verify-server.ts";

const OF_CLIENT = "/etc/shaftlog-client-config.yaml";
const OF_SERVER = "/etc/shaftlog-server-config.yaml";

export async function runVerify(flags: VerifyFlags): Promise<number> {
  const path = flags.config ?? (flags.server ? OF_SERVER : OF_CLIENT);
  const loaded = flags.server ? { half: "server" as const, config: loadServerConfig(path) } : loadAnyConfig(path);
  if (loaded.half === "client") return await verifyClient(loaded.config, flags);
  if (flags.base !== undefined || flags.hostname !== undefined) {
    throw new StartFailure(`--base and --hostname are for a client's configuration, and ${path} is a server's`);
  }
  return await verifyServer(loaded.config, flags);
}
