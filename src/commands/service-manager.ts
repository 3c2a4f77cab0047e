// What systemd is told of a client or a server that it started with `Type=notify`: when it is ready, what it does, that
// it stops, and, where the unit has `WatchdogSec=`, at half that interval that its event loop still turns; one that hangs
// is killed and started again. Under anything else all of this does nothing and loads nothing.

import { codeOf, describe } from "../base/errors.ts";
import { type Emit, warn } from "../base/events.ts";
import type { Clock, Timer } from "../platform/clock.ts";

/** Hands words to systemd; tells where that failed. */
export type Notify = (words: readonly string[], failed: (cause: Error) => void) => void;

export interface ServiceManager {
  ready(): void;
  /** Also the last sign of life: what is to be finished has the unit's `TimeoutStopSec=`. */
  stopping(): void;
}

const NOBODY: ServiceManager = { ready() {}, stopping() {} };

/** `status`: one line for `systemctl status`. */
export async function serviceManager(
  environment: NodeJS.ProcessEnv,
  clock: Clock,
  emit: Emit,
  status: () => string,
): Promise<ServiceManager> {
  if (!environment.NOTIFY_SOCKET) return NOBODY;
  const { notifySystemd } = await import("../platform/systemd-notify.ts");
  return notified(notifySystemd, watchdogInterval(environment, process.pid), clock, emit, status);
}

export function notified(
  notify: Notify,
  interval: number | undefined,
  clock: Clock,
  emit: Emit,
  status: () => string,
): ServiceManager {
  const tell = (...words: readonly string[]) => notify(words, (cause) => emit(notTold(cause)));
  let timer: Timer | undefined;
  const beat = () => {
    if (interval === undefined) return;
    timer = clock.after(interval / 2, () => {
      tell("WATCHDOG=1", `STATUS=${status()}`);
      beat();
    });
  };
  return {
    ready() {
      tell("READY=1", `STATUS=${status()}`);
      beat();
    },
    stopping() {
      timer?.cancel();
      tell("STOPPING=1", "STATUS=finishing what is on the wire");
    },
  };
}

/** ms, or undefined where nobody watches this process. sd_watchdog_enabled(3). */
export function watchdogInterval(environment: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { WATCHDOG_USEC: usec = "", WATCHDOG_PID: whose = "" } = environment;
  if (!/^[1-9]\d*$/.test(usec) || (whose !== "" && whose !== String(pid))) return undefined;
  return Number(usec) / 1000;
}

const notTold = (cause: Error) =>
  warn(
    "service-manager-not-told",
    `Cannot tell systemd how this process is: ${codeOf(cause) === "ENOENT" ? "there is no program systemd-notify" : describe(cause)}; ` +
      "have NotifyAccess=all and the program in the unit's PATH, or use Type=exec without WatchdogSec",
  );
