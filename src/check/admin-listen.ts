// Whether the listener for monitoring could open, or is open, and whether only this host reaches it: it asks nobody who he
// is.

import type { HostFacts } from "../platform/host-facts.ts";
import { type Finding, warning } from "./finding.ts";
import { checkListen, type Listening } from "./listen.ts";

const KEYS = { address: "admin.listen", port: "port in admin.listen" };

export interface AdminListening extends Omit<Listening, "name" | "keys"> {
  /** Not reached from beyond this host. */
  readonly isLoopback: boolean;
}

export function checkAdminListen(host: HostFacts, { isLoopback, ...listening }: AdminListening): Finding[] {
  const found = checkListen(host, { ...listening, name: "admin-listen", keys: KEYS });
  if (isLoopback) return found;
  const { address, port } = listening;
  const text =
    "beyond this host: whoever can connect reads names of log files, destinations, hosts and errors, without being asked who he is";
  const remedy = `ssh -L ${port}:127.0.0.1:${port} HOST   # and admin.listen: 127.0.0.1:${port}`;
  return [...found, warning("admin-exposed", `${address}:${port}`, text, remedy)];
}
