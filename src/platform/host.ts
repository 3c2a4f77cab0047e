// Who this host is, for `{hostname}` and `{machine}`. The machine's id is the system's where it has one, else a
// random one that is kept, since names at the destinations hang on it.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Directory } from "./files.ts";

/** Whether an IP address is one that no other host can reach. */
export function isLoopback(address: string): boolean {
  return isIPv4(address) ? address.startsWith("127.") : address === "::1" || /^::ffff:127\./i.test(address);
}

/** The IP addresses of this host's interfaces. */
export function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
}

/** gethostname(2). */
export function hostName(): string {
  return hostname();
}

/** Where systemd and D-Bus keep the machine's id (machine-id(5)), in order of preference. */
export const MACHINE_ID_FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"] as const;

/**
 * The machine's id. A host without one gets a random id that is kept in `datadir`, so that it stays the same.
 * Throws errno errors where that cannot be written.
 */
export function machineId(datadir: Directory): string {
  for (const path of MACHINE_ID_FILES) {
    const id = firstLine(() => readFileSync(path, "utf8"));
    if (id !== undefined) return id;
  }
  return keptId(datadir);
}

const KEPT = ".machine-id";

function keptId(datadir: Directory): string {
  const kept = firstLine(() => {
    const file = datadir.openRead(KEPT);
    try {
      const buffer = Buffer.alloc(256);
      return buffer.toString("latin1", 0, file.readNow(buffer, 0, buffer.length, 0));
    } finally {
      file.close();
    }
  });
  if (kept !== undefined) return kept;
  const id = randomUUID();
  const file = datadir.create(KEPT, 0o600);
  try {
    file.appendNow([Buffer.from(`${id}\n`)]);
  } finally {
    file.close();
  }
  datadir.syncNow();
  return id;
}

function firstLine(read: () => string): string | undefined {
  try {
    const line = read().split("\n", 1)[0]?.trim();
    return line === undefined || line === "" ? undefined : line;
  } catch {
    return undefined;
  }
}
