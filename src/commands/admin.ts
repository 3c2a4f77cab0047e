// The admin listener of a client or server, where the configuration has one: nothing of it is loaded elsewhere, since
// prom-client and the page would make every start slower.

import type { Admin } from "../admin/admin.ts";
import type { AdminOptions } from "../admin/options.ts";
import { systemClock } from "../platform/clock.ts";

/** Throws StartFailure where it cannot listen. Until it is told what to serve it says that the process is being started. */
export async function openAdmin(
  role: "client" | "server",
  { admin: options, path }: { readonly admin: AdminOptions | undefined; readonly path: string },
): Promise<Admin | undefined> {
  if (options === undefined) return undefined;
  const { Admin } = await import("../admin/admin.ts");
  const { adminPage } = await import("../admin/page.ts");
  const { listenForAdmin } = await import("../platform/admin-http.ts");
  return await Admin.open({
    role,
    options,
    path,
    clock: systemClock,
    listen: listenForAdmin,
    page: adminPage(),
    surroundings: {
      nodeVersion: process.version,
      residentBytes: () => process.memoryUsage.rss(),
      cpuSeconds: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
    },
  });
}
