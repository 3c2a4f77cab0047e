// `shaftlog sync-once`: the client's stations without watching. One scan, then every byte that was there goes
// to every destination, and it ends, however fast files grow. Its exit code is the promise that cron, backups
// and shutdown scripts rely on (docs/OPERATIONS.md, "sync-once").

import { StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { bytesOf, quoteText } from "../base/text.ts";
import { loadClientConfig } from "../config/load.ts";
import type { ClientConfig } from "../config/options.ts";
import { createDiscovery, type DiscoveryOptions, type DiscoveryPorts, type ScanReport } from "../discovery/discover.ts";
import { type InPlace, isUnstable, openInPlace } from "../discovery/in-place.ts";
import { systemClock } from "../platform/clock.ts";
import { keepHeapSmall } from "../platform/heap.ts";
import { LockedError } from "../platform/lock.ts";
import { openLog } from "../platform/log.ts";
import { nodeFiles } from "../platform/node-files.ts";
import type { Generation } from "../spool/entry.ts";
import type { Spools } from "../spool/spools.ts";
import type { Destination } from "../transfer/destination.ts";
import { openClientSpools } from "./client.ts";
import { createDestinations, deliveryTo, destinationUrls, hearing } from "./destinations.ts";
import { EXIT, type SyncOnceFlags } from "./flags.ts";
import { allAnnounced } from "./sync-announced.ts";
import { askClient } from "./sync-asked.ts";
import { SyncGoals } from "./sync-goals.ts";
import { baseOf, hostNames } from "./sync-host.ts";
import { planReport, planText } from "./sync-plan.ts";
import { SyncProgress } from "./sync-progress.ts";
import {
  describeReport,
  exitCode,
  makeReport,
  problemReports,
  type SyncFacts,
  type SyncReport,
} from "./sync-report.ts";
import { timeoutOf } from "./timeout.ts";
import { renewablesOf, tellExpiry } from "./tls-renewal.ts";
import { openTransports, type Transport, tellPlainHttp } from "./transports.ts";

/** ms that a request on the wire gets to finish when nothing more is waited for. */
const GRACE = 500;

/** One run. */
interface Run {
  readonly flags: SyncOnceFlags;
  readonly config: ClientConfig;
  /** Empty for a dry run, which asks nobody. */
  readonly transports: readonly Transport[];
  /** Absolute. */
  readonly base: string | undefined;
  readonly timeout: number;
  /** Clock.elapsed() */
  readonly began: number;
  readonly emit: Emit;
  readonly progress: SyncProgress;
  /** Resolves with the signal that ends this. */
  readonly stopped: Promise<string>;
}

export async function runSyncOnce(flags: SyncOnceFlags): Promise<number> {
  keepHeapSmall();
  const began = systemClock.elapsed();
  const config = loadClientConfig(flags.config);
  const timeout = timeoutOf(flags.timeout);
  const base = baseOf(flags.base);
  if (base !== undefined) refuseUnstable(config);
  const transports = flags.dryRun ? [] : await openTransports(config.destinations);
  const progress = new SyncProgress(flags.quiet ? undefined : process.stderr, systemClock);
  const log = openLog({ path: "stderr", debug: false });
  const emit: Emit = (event) => {
    if (flags.quiet && event.level === "info") return;
    progress.clear();
    log.emit(event);
  };
  const stopped = flags.dryRun ? new Promise<never>(() => {}) : untilStopped();
  const run: Run = { flags, config, transports, base, timeout, began, emit, progress, stopped };
  try {
    if (flags.dryRun) return await plan(run);
    return await (base === undefined ? syncAdopted(run) : syncInPlace(run));
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    return await askOwner(run, error);
  } finally {
    log.close();
  }
}

/** A client that has the data directory delivers from it by itself, and is asked to do it all now. */
async function askOwner(run: Run, taken: LockedError): Promise<number> {
  const { config, flags, timeout, stopped, progress } = run;
  const urls = destinationUrls(config.destinations, hostNames(config, undefined, flags)).map(({ href }) => href);
  const begun = () => {
    if (flags.quiet) return;
    process.stderr.write(`shaftlog: the client that runs on ${quoteText(config.datadir)} is asked to deliver now\n`);
  };
  const answer =
    flags.hostname === undefined
      ? await askClient({ config, urls, timeout, stopped, begun, progress: (totals) => progress.show(() => totals) })
      : { cannot: "with --hostname it cannot be asked to deliver" };
  if (answer === "ended")
    return tell(run, { urls, files: [], problems: [], shrunk: 0, unfinished: true, bytesSent: 0 });
  if (!("cannot" in answer)) return print(run, answer);
  process.stderr.write(
    `shaftlog: ${taken.message}, and ${answer.cannot}. A running client delivers by itself: stop it first, or leave it to it\n`,
  );
  return EXIT.OWNED;
}

/** Files are adopted as the client does. */
async function syncAdopted(run: Run): Promise<number> {
  const { config, emit } = run;
  // A name that cannot stand in a URL is told before anything is made; an id may have to be made.
  destinationUrls(config.destinations, { ...hostNames(config, undefined, run.flags), machine: () => "machine" });
  const spools = await openClientSpools(config, emit);
  const { destinations, goals } = prepare(run, spools);
  const scan = async (): Promise<ScanReport> => {
    await spools.sweep();
    // Delivery begins while the scan goes on. What was held before may be known at a destination; a name that is
    // given now cannot be.
    let isScanning = false;
    const isNew = ({ number }: Generation) => isScanning && number === 1;
    deliverTo(destinations, spools, isNew);
    isScanning = true;
    return await createDiscovery(ports(emit), spools, optionsOf(config)).scanOnce();
  };
  return await sync(run, spools, destinations, goals, scan());
}

/** With --base files are only read where they are. */
async function syncInPlace(run: Run): Promise<number> {
  const opening = openFiles(run);
  const opened = await Promise.race([opening, run.stopped]);
  if (typeof opened === "string") {
    opening.catch(() => {});
    return tell(run, { urls: [], files: [], problems: [], shrunk: 0, unfinished: true, bytesSent: 0 });
  }
  const { spools, report, made } = opened;
  const { destinations, goals } = prepare(run, spools);
  for (const generation of made) goals.goesOn(generation);
  // Names are given anew at each run: the run before may have sent them.
  deliverTo(destinations, spools, () => false);
  return await sync(run, spools, destinations, goals, Promise.resolve(report));
}

/** `isNew`: nobody can have been sent any of it yet. */
function deliverTo(
  destinations: readonly Destination[],
  spools: Spools,
  isNew: (generation: Generation) => boolean,
): void {
  for (const destination of destinations) spools.listen(hearing(destination, isNew));
  spools.attach(deliveryTo(destinations));
}

/** Destinations, and goals that hear of every truncation from now on. */
function prepare(run: Run, spools: Spools): { destinations: Destination[]; goals: SyncGoals } {
  const { config, transports, base, flags, emit, timeout } = run;
  const urls = destinationUrls(config.destinations, hostNames(config, base, flags));
  tellPlainHttp(urls, emit);
  tellExpiry(renewablesOf(urls, transports), systemClock.now(), emit);
  // A base may well be mounted read-only, and is no live file system.
  const syncSource = config.syncSource && base === undefined;
  const how = { compareAll: true, syncSource, options: config.destinations };
  const destinations = createDestinations(urls, spools, { transports, clock: systemClock, emit }, how);
  const goals = new SyncGoals(destinations, systemClock, timeout);
  spools.listen(goals);
  goals.listening();
  return { destinations, goals };
}

async function sync(
  run: Run,
  spools: Spools,
  destinations: readonly Destination[],
  goals: SyncGoals,
  scanning: Promise<ScanReport>,
): Promise<number> {
  const { stopped } = run;
  const urls = destinations.map(({ url }) => url);
  const sent = () => destinations.reduce((sum, one) => sum + one.bytesSent, 0);
  const found = await Promise.race([scanning, stopped]);
  if (typeof found === "string") {
    // A scan cannot be broken off: the process ends under it, which is as safe as a kill.
    scanning.catch(() => {});
    return tell(run, { urls, files: [], problems: [], shrunk: 0, unfinished: true, bytesSent: sent() });
  }
  goals.begin(spools.generations());
  void stopped.then((signal) => goals.stop(`stopped by ${signal}`));
  await goals.reached(
    () => run.progress.show(() => goals.totals()),
    () => spools.settled(),
  );
  await Promise.all(destinations.map((destination) => destination.stop(GRACE)));
  const files = [...goals.results()];
  const { shrunk } = spools.counts();
  const unfinished = !allAnnounced(spools);
  await spools.retain();
  await spools.close();
  return tell(run, { urls, files, problems: found.problems, shrunk, unfinished, bytesSent: sent() });
}

function tell(run: Run, facts: Omit<SyncFacts, "elapsed">): number {
  return print(run, makeReport({ ...facts, elapsed: systemClock.elapsed() - run.began }));
}

function print({ flags, progress }: Run, report: SyncReport): number {
  progress.clear();
  if (flags.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  if (!flags.quiet || report.result !== "delivered") process.stderr.write(`${describeReport(report)}\n`);
  return exitCode(report);
}

async function plan(run: Run): Promise<number> {
  const { config, base, flags } = run;
  const { spools, report } = await openFiles(run);
  const urls = destinationUrls(config.destinations, hostNames(config, base, flags)).map(({ href }) => href);
  const problems = problemReports(report.problems, urls);
  const generations = [...spools.generations()];
  await spools.close();
  const document = planReport(generations, problems, urls, systemClock.elapsed() - run.began);
  const text = flags.json ? `${JSON.stringify(document, undefined, 2)}\n` : planText(generations, problems, urls);
  process.stdout.write(text);
  return problems.length > 0 ? EXIT.REFUSED : EXIT.OK;
}

function openFiles({ config, base, emit }: Run): Promise<InPlace> {
  return openInPlace(ports(emit), { ...optionsOf(config), base: base === undefined ? undefined : bytesOf(base) });
}

function ports(emit: Emit): DiscoveryPorts {
  return { files: nodeFiles, clock: systemClock, emit };
}

function optionsOf({ patterns, datadir, scanInterval }: ClientConfig): DiscoveryOptions {
  return { patterns, datadir, scanInterval };
}

/** Resolves with the first SIGTERM or SIGINT; a second one ends the process at once. */
function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        process.removeAllListeners("SIGTERM");
        process.removeAllListeners("SIGINT");
        resolve(signal);
      });
    }
  });
}

/** In a snapshot a name must be the same at each run, or the second run would send everything again. */
function refuseUnstable({ patterns, path }: ClientConfig): void {
  const unstable = patterns.filter(isUnstable);
  if (unstable.length === 0) return;
  throw new StartFailure(
    `With --base a name may not hold {time} or {atime}, which differ at each run: ` +
      `pattern ${unstable.map(({ name }) => quoteText(name)).join(", ")} in ${path}`,
  );
}
