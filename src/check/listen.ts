// Whether a process could listen where it is told to, or does so already: a server for logs, or either for monitoring. It
// is read from the kernel's tables (proc(5)), since trying it would take the port for a moment.

import type { HostFacts } from "../platform/host-facts.ts";
import { CAPABILITY, hasCapability } from "./capabilities.ts";
import { error, type Finding, ok, warning } from "./finding.ts";

type Name = "server-listen" | "admin-listen";

export interface Listening {
  readonly name: Name;
  /** What one changes for another address, and for another port. */
  readonly keys: { readonly address: string; readonly port: string };
  /** Whose unit it is. */
  readonly role: "client" | "server";
  /** As configured: an IP address, or a host name. */
  readonly address: string;
  readonly port: number;
  /** The process that has the data directory; undefined where none has. */
  readonly owner: number | undefined;
  /** The addresses of this host. */
  readonly addresses: readonly string[];
}

const ANY = new Set(["0.0.0.0", "::", "::0"]);

export function checkListen(host: HostFacts, listening: Listening): Finding[] {
  const { name, keys, role, address, port, owner, addresses } = listening;
  const subject = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  if (/^[0-9.]+$|:/.test(address) && !ANY.has(address) && !address.startsWith("127.") && !addresses.includes(address)) {
    return [
      error(
        name,
        subject,
        "no interface of this host has that address",
        `ip -brief address   # set ${keys.address} to one of these`,
      ),
    ];
  }
  if (port === 0) return [ok(name, subject, "any port that is free")];
  const taken = listenersOf(host, port).filter(
    (at) => ANY.has(at.address) || ANY.has(address) || at.address === address,
  );
  const ours = owner !== undefined && taken.some(({ inode }) => holds(host, owner, inode));
  if (ours) return [ok(name, subject, `process ${owner}, which has this data directory, listens there`)];
  const remedy = `ss -ltnp 'sport = :${port}'   # stop that, or set another ${keys.port}`;
  if (taken.length > 0) {
    // Another user's descriptors cannot be seen: then it may well be our own.
    const hidden = owner !== undefined && host.names(`/proc/${owner}/fd`) === undefined;
    if (hidden) return [ok(name, subject, `taken, as it seems by process ${owner}, which has this data directory`)];
    return [error(name, subject, "another program listens there", remedy)];
  }
  if (owner !== undefined) {
    const text = `process ${owner} has this data directory and does not listen there: it was started with another configuration`;
    return [warning(name, subject, text, `kill ${owner}   # and start it again`)];
  }
  const lowest = Number(host.text("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024);
  if (port < lowest && !hasCapability(host, CAPABILITY.NET_BIND_SERVICE)) {
    return [
      error(
        name,
        subject,
        `ports below ${lowest} are not for user ${host.uid}`,
        `systemctl edit shaftlog-${role}   # AmbientCapabilities=CAP_NET_BIND_SERVICE, or another ${keys.port}`,
      ),
    ];
  }
  return [ok(name, subject, "free")];
}

interface Listener {
  readonly address: string;
  readonly inode: string;
}

const LISTEN = "0A";

function listenersOf(host: HostFacts, port: number): Listener[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["tcp", "tcp6"].flatMap((table) => (host.text(`/proc/net/${table}`) ?? "").split("\n"));
  return lines.flatMap((line) => {
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    const [address = "", at] = local.split(":");
    return state === LISTEN && at === wanted ? [{ address: addressOf(address), inode }] : [];
  });
}

/** The kernel writes 32 bit words of the host's byte order. */
function addressOf(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, "hex").reverse());
  const bytes = Buffer.concat(words);
  if (bytes.length === 4) return [...bytes].join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  const groups = bytes.toString("hex").match(/.{4}/g) ?? [];
  if (bytes.subarray(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  return groups.map((group) => group.replace(/^0{1,3}/, "")).join(":");
}

function holds(host: HostFacts, pid: number, inode: string): boolean {
  return (host.names(`/proc/${pid}/fd`) ?? []).some((fd) => host.link(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`);
}
