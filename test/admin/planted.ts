// An admin listener of this process that tells planted documents.

import type { TestContext } from "node:test";
import { Admin } from "../../src/admin/admin.ts";
import type { Status } from "../../src/admin/health.ts";
import { adminPage } from "../../src/admin/page.ts";
import { type AdminListener, listenForAdmin } from "../../src/platform/admin-http.ts";
import { systemClock } from "../../src/platform/clock.ts";
import { hourOf } from "./documents.ts";

export interface Planted {
  readonly url: string;
  /** What is told from now on. */
  status: Status;
  /** Why it is not ready. */
  notReady: string | undefined;
  leastFree: number;
  readonly admin: Admin;
  /** Takes the listener away, and gives it back on the same port. */
  close(): Promise<void>;
}

export async function openPlanted(t: TestContext, status: Status, port = 0): Promise<Planted> {
  let listener: AdminListener | undefined;
  const admin = await Admin.open({
    role: status.role,
    options: { host: "127.0.0.1", port },
    path: "/etc/test.yaml",
    clock: systemClock,
    async listen(options, answer) {
      listener = await listenForAdmin(options, (path) => (path === "/history" ? hour() : answer(path)));
      return listener;
    },
    surroundings: { nodeVersion: process.version, cpuSeconds: () => 1.5, residentBytes: () => 50_000_000 },
    page: adminPage(),
  });
  const planted: Planted = {
    url: `http://127.0.0.1:${listener?.port}/`,
    status,
    notReady: undefined,
    leastFree: 0,
    admin,
    close: () => admin.stop(),
  };
  const hour = () => ({
    status: 200,
    type: "application/json",
    body: JSON.stringify(hourOf(planted.status).document(planted.status.now)),
  });
  t.after(() => admin.stop());
  admin.serve(
    {
      status: () => planted.status,
      readings: () => [],
      leastFree: () => planted.leastFree,
      notReady: () => planted.notReady,
    },
    () => {},
  );
  return planted;
}
