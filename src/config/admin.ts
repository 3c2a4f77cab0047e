// The `admin` section, which both configuration files have: where the process tells of itself by HTTP. Absent, nothing
// listens. Who can reach it can read it, so a bare port means loopback.

import { isIP } from "node:net";
import type { AdminOptions } from "../admin/options.ts";
import { type Place, quoteShort, report } from "./place.ts";
import { type Judged, map, optional, required, scalar } from "./schema.ts";
import { bindAddress } from "./values.ts";

const LOOPBACK = "127.0.0.1";

const adminAddress = scalar(
  'an address and a port such as 127.0.0.1:10656 or "[::1]:10656", or a port alone, which means 127.0.0.1',
  (value): Judged<AdminOptions> => {
    const written = typeof value === "string" ? quoteShort(value) : String(value);
    const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]+)):)?([0-9]{1,5})$/.exec(String(value));
    if (match === null) return { wrong: `${written} is no address with a port` };
    const [, v6, name, digits] = match;
    const port = Number(digits);
    if (port > 65_535) return { wrong: `${written}: ${port} is no port` };
    if (v6 !== undefined && isIP(v6) !== 6) return { wrong: `${written} has no IPv6 address in its brackets` };
    const host = bindAddress.judge(v6 ?? name ?? LOOPBACK);
    return "value" in host ? { value: { host: host.value, port } } : { wrong: host.wrong };
  },
);

export const ADMIN_KEY = optional(map({ listen: required(adminAddress) }));

/** What tells of the server is never where logs are taken. */
export function checkAdminPort(
  admin: { readonly listen?: { readonly port?: number | undefined } | undefined } | undefined,
  dataPort: number | undefined,
  at: (path: string) => Place | undefined,
): void {
  const place = at("admin.listen");
  const port = admin?.listen?.port;
  if (place === undefined || port === undefined || port === 0 || port !== dataPort) return;
  report(place, `has the port of listen_port, ${port}`, "a port of its own");
}
