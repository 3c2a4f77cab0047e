// What `shaftlog check` looks at for the admin listener of a client or server, where the configuration has one. Nothing
// connects to it or takes its port.

import type { AdminOptions } from "../admin/options.ts";
import { checkAdminListen } from "../check/admin-listen.ts";
import type { Finding } from "../check/finding.ts";
import { isLoopback, ownAddresses } from "../platform/host.ts";
import { nodeHostFacts } from "../platform/node-host-facts.ts";

/** `owner`: the process that has the data directory; undefined where none has. */
export function checkAdmin(
  role: "client" | "server",
  admin: AdminOptions | undefined,
  owner: number | undefined,
): Finding[] {
  if (admin === undefined) return [];
  const { host: address, port } = admin;
  const addresses = ownAddresses();
  const isLocal = isLoopback(address) || address === "localhost";
  return checkAdminListen(nodeHostFacts, { role, address, port, owner, addresses, isLoopback: isLocal });
}
