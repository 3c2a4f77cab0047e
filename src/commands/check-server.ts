// What `shaftlog check` looks at for a server, also beside one that runs: who has the data directory is read from the
// kernel, and no lock is asked for.

import { bytesOf } from "../base/text.ts";
import { checkCertificates } from "../check/certificates.ts";
import { checkFileSystem } from "../check/file-systems.ts";
import { error, type Finding, warning } from "../check/finding.ts";
import { checkListen } from "../check/listen.ts";
import { checkFsync } from "../check/server-durability.ts";
import { checkDescriptors, checkFloor } from "../check/server-limits.ts";
import { checkDatadir } from "../check/spool.ts";
import type { ServerConfig } from "../config/options.ts";
import { parseTokens } from "../ingest/tokens.ts";
import { systemClock } from "../platform/clock.ts";
import { isLoopback, ownAddresses } from "../platform/host.ts";
import { holderOf } from "../platform/lock.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { nodeHostFacts } from "../platform/node-host-facts.ts";
import { openFileLimit } from "../platform/open-file-limit.ts";
import { readText } from "../platform/tls-files.ts";
import { checkAdmin } from "./check-admin.ts";
import { checkStore } from "./check-store.ts";
import { tlsOfServer } from "./check-tls.ts";

const KEYS = { address: "bind_address", port: "listen_port" };

export async function checkServer(config: ServerConfig): Promise<Finding[]> {
  const datadir = bytesOf(config.datadir);
  const owner = holderOf(datadir);
  const found = await checkDatadir(nodeFiles, nodeHostFacts, datadir, "server-datadir");
  found.push(...checkFileSystem(nodeHostFacts, datadir, "data directory"));
  found.push(...(await checkFsync(nodeFiles, systemClock, { datadir, fsync: config.fsync, path: config.path })));
  found.push(...checkFloor(nodeHostFacts, datadir, config.minFreeSpace));
  found.push(...(await checkStore(config)));
  const { bindAddress: address, listenPort: port } = config;
  const listening = { name: "server-listen", keys: KEYS, role: "server", owner, addresses: ownAddresses() } as const;
  found.push(...checkListen(nodeHostFacts, { ...listening, address, port }));
  found.push(...checkAdmin("server", config.admin, owner));
  found.push(...(await checkProtection(config)));
  found.push(...checkDescriptors(openFileLimit(owner), config.connectionLimits.connections, owner));
  return found;
}

async function checkProtection(config: ServerConfig): Promise<Finding[]> {
  const { bindAddress, tls, tokensFile, path } = config;
  const found: Finding[] = [];
  if (tls !== undefined) found.push(...checkCertificates(await tlsOfServer(config), systemClock.now()));
  else if (!isLoopback(bindAddress) && bindAddress !== "localhost") {
    const text =
      "plain HTTP beyond this host: whoever is on the way can read and change logs, and anybody can write them";
    const remedy =
      "shaftlog pki init --dir /root/shaftlog-ca   # then tls in the configuration, or a loopback bind_address";
    found.push(warning("server-plain-http", bindAddress, text, remedy));
  }
  if (tokensFile !== undefined) {
    const fault = faultOfTokens(tokensFile);
    if (fault !== undefined) found.push(error("server-tokens", path, fault, `ls -lL ${tokensFile}`));
  }
  return found;
}

function faultOfTokens(path: string): string | undefined {
  try {
    const tokens = parseTokens(readText(path));
    return "wrong" in tokens ? `${path}: ${tokens.wrong}` : undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}
