// What this process may do beyond what its user may (capabilities(7)), as the kernel tells it. Root in a
// container often lacks some.

import type { HostFacts } from "../platform/host-facts.ts";

/** By its number (linux/capability.h). */
export const CAPABILITY = { FOWNER: 3, NET_BIND_SERVICE: 10 } as const;

export function hasCapability(host: HostFacts, number: number): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(host.text("/proc/self/status") ?? "")?.[1] ?? "0";
  return ((BigInt(`0x${effective}`) >> BigInt(number)) & 1n) === 1n;
}
