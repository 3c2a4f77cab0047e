// `shaftlog sync-once`: the client's stations without watching. One scan, then every byte that was there goes
// to every destination, and it ends, however fast files grow. Its exit code is the promise that cron, backups
// and shutdown scripts rely on (docs/OPERATIONS.md, "sync-once").

import { StartFailure } from "../base/errors.ts";
import { bytesOf } from "../base/text.ts";
import { parseDuration } from "../config/duration.ts";
import { loadClientConfig } from "../config/load.ts";
import type { ClientConfig } from "../config/options.ts";
import { createDiscovery, type ScanReport } from "../discovery/discover.ts";
import { isUnstable, openInPlace, readLineBelow } from "../discovery/in-place.ts";
import { systemClock } from "../platform/clock.ts";
import { hostName, MACHINE_ID_FILES } from "../platform/host.ts";
import { LockedError } from "../platform/lock.ts";
import { type Log, openLog } from "../platform/log.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { undiciHttp } from "../platform/undici-http.ts";
import { NO_PROGRESS } from "../protocol/fields.ts";
import type { Spools } from "../spool/spools.ts";
import { machineOf, openClientSpools } from "./client.ts";
import { createDestinations, deliveryTo, destinationUrls, hearing } from "./destinations.ts";
import { EXIT, type SyncOnceFlags } from "./flags.ts";
import { SyncGoals } from "./sync-goals.ts";
import { planOf } from "./sync-plan.ts";
import { SyncProgress } from "./sync-progress.ts";
import { describeReport, exitCode, makeReport } from "./sync-report.ts";

/** ms that a request on the wire gets to finish when time ran out. */
const GRACE = 500;

interface Opened {
  readonly spools: Spools;
  readonly scan: ScanReport;
}

export async function runSyncOnce(flags: SyncOnceFlags): Promise<number> {
  const config = loadClientConfig(flags.config);
  const timeout = parseDuration(flags.timeout);
  if (timeout === undefined || timeout <= 0) {
    throw new StartFailure(`--timeout ${flags.timeout}: expected a time such as 60s, 5m or a number of milliseconds`);
  }
  refuseUnstable(config, flags.base);
  const log = openLog({ path: "stderr", debug: false });
  try {
    const opened = await open(config, flags, log);
    const urls = destinationUrls(config.destinations, hostNames(config, flags));
    if (flags.dryRun) return plan(opened, urls, flags);
    return await sync(opened, urls, timeout, flags, log);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    process.stderr.write(
      `shaftlog: ${error.message}. A running client delivers by itself: stop it first, or leave it to it\n`,
    );
    return EXIT.OWNED;
  } finally {
    log.close();
  }
}

/** With --base and for a dry run files are only read where they are; else they are adopted as the client does. */
async function open(config: ClientConfig, flags: SyncOnceFlags, { emit }: Log): Promise<Opened> {
  const ports = { files: nodeFiles, clock: systemClock, emit };
  const options = { patterns: config.patterns, datadir: config.datadir, scanInterval: config.scanInterval };
  if (flags.base !== undefined || flags.dryRun) {
    const base = flags.base === undefined ? undefined : bytesOf(flags.base);
    const { spools, report } = await openInPlace(ports, { ...options, base });
    return { spools, scan: report };
  }
  const spools = await openClientSpools(config, emit);
  await spools.sweep();
  return { spools, scan: await createDiscovery(ports, spools, options).scanOnce() };
}

async function sync(
  opened: Opened,
  urls: readonly URL[],
  timeout: number,
  flags: SyncOnceFlags,
  log: Log,
): Promise<number> {
  const { spools, scan } = opened;
  const began = systemClock.elapsed();
  const destinations = createDestinations(urls, spools, {
    http: undiciHttp(NO_PROGRESS),
    clock: systemClock,
    emit: log.emit,
  });
  const goals = new SyncGoals(destinations, systemClock, timeout);
  spools.listen(goals);
  const isNew = new Set(scan.adopted);
  for (const destination of destinations) {
    spools.listen(hearing(destination, (generation) => isNew.has(generation)));
  }
  spools.attach(deliveryTo(destinations));
  const progress = new SyncProgress(flags.quiet ? undefined : process.stderr, systemClock);
  await goals.reached(() => progress.show(() => goals.totals()));
  progress.clear();
  await Promise.all(destinations.map((destination) => destination.stop(GRACE)));
  const report = makeReport({
    goals,
    scan,
    shrunk: spools.counts().shrunk,
    bytesSent: destinations.reduce((sum, { bytesSent }) => sum + bytesSent, 0),
    elapsed: systemClock.elapsed() - began,
  });
  await spools.retain();
  await spools.close();
  if (flags.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  if (!flags.quiet) process.stderr.write(`${describeReport(report)}\n`);
  return exitCode(report);
}

async function plan({ spools, scan }: Opened, urls: readonly URL[], { json }: SyncOnceFlags): Promise<number> {
  const text = planOf(spools, scan, urls, json);
  await spools.close();
  process.stdout.write(text);
  return EXIT.OK;
}

function hostNames(
  config: ClientConfig,
  { base, hostname }: SyncOnceFlags,
): { hostname: () => string; machine: () => string } {
  if (base === undefined) return { hostname: () => hostname ?? hostName(), machine: () => machineOf(config) };
  const below = (paths: readonly string[], what: string): string => {
    for (const path of paths) {
      const line = readLineBelow(nodeFiles, bytesOf(base), path);
      if (line !== undefined && line !== "") return line;
    }
    throw new StartFailure(
      `Cannot tell {${what}}: no ${paths.join(" or ")} below ${base}${what === "hostname" ? "; give --hostname NAME" : ""}`,
    );
  };
  return {
    hostname: () => hostname ?? below(["/etc/hostname"], "hostname"),
    machine: () => below(MACHINE_ID_FILES, "machine"),
  };
}

/** In a snapshot a name must be the same at each run, or the second run would send everything again. */
function refuseUnstable(config: ClientConfig, base: string | undefined): void {
  if (base === undefined) return;
  const unstable = config.patterns.filter(isUnstable);
  if (unstable.length === 0) return;
  throw new StartFailure(
    `With --base a name may not hold {time} or {atime}, which differ at each run: ` +
      `pattern ${unstable.map(({ name }) => name).join(", ")} in ${config.path}`,
  );
}
