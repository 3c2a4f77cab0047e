// `shaftlog client`: spools, discovery and destinations put together, running until a signal ends them.
// Order matters: the configuration before anything is touched, the locks before anything is written, the
// spool's files before the first look for new ones, so that nothing known is adopted again.

import type { Admin } from "../admin/admin.ts";
import type { Emit } from "../base/events.ts";
import { bytesOf } from "../base/text.ts";
import { loadClientConfig } from "../config/load.ts";
import type { ClientConfig } from "../config/options.ts";
import { createDiscovery } from "../discovery/discover.ts";
import { systemClock } from "../platform/clock.ts";
import { keepHeapSmall, leanHeapOnce } from "../platform/heap.ts";
import { hostName, machineId } from "../platform/host.ts";
import { lockDirectory } from "../platform/lock.ts";
import { openLog } from "../platform/log.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { openSpools, type Spools } from "../spool/spools.ts";
import { ClientStatusSource } from "../status/client-status.ts";
import { DestinationWatch } from "../status/destination-watch.ts";
import { RecentErrors } from "../status/recent-errors.ts";
import type { Destination } from "../transfer/destination.ts";
import { openAdmin } from "./admin.ts";
import { ClientSyncs } from "./client-sync.ts";
import { datadirsOf } from "./datadirs.ts";
import { createDestination, deliveryTo, destinationUrls, hearing } from "./destinations.ts";
import { refuseUnconfigured } from "./first-minute.ts";
import { type ClientFlags, EXIT } from "./flags.ts";
import { serviceManager } from "./service-manager.ts";
import { untilStopped } from "./signals.ts";
import { clientStarted, clientStopped, StatusLine } from "./status-line.ts";
import { openStatusSocket } from "./status-socket.ts";
import { configKey } from "./sync-asked.ts";
import { daysLeft, renewablesOf, TlsRenewal } from "./tls-renewal.ts";
import { openTransports, tellPlainHttp } from "./transports.ts";
import { version } from "./version.ts";

/** ms that what is on the wire gets to finish when the client is stopped. */
const GRACE = 4_000;

export async function runClient(flags: ClientFlags): Promise<number> {
  keepHeapSmall();
  refuseUnconfigured("client", flags.config);
  const config = loadClientConfig(flags.config);
  const transports = await openTransports(config.destinations);
  const log = openLog({ path: flags.stdout ? undefined : config.logfile, debug: flags.debug });
  let admin: Admin | undefined;
  const errors = new RecentErrors(systemClock, (event) => {
    admin?.told(event);
    log.emit(event);
  });
  const { emit } = errors;
  let renewal: TlsRenewal | undefined;
  // From here on a signal is heard, however long the start takes.
  const stopped = untilStopped(() => {
    log.reopen();
    renewal?.now();
  });
  const spools = await openClientSpools(config, emit);
  try {
    admin = await openAdmin("client", config);
  } catch (error) {
    await spools.close();
    throw error;
  }
  const urls = destinationUrls(config.destinations, { hostname: hostName, machine: () => machineOf(config) });
  const ports = { files: nodeFiles, clock: systemClock, emit };
  const how = { compareAll: false, syncSource: config.syncSource, options: config.destinations };
  const watches = urls.map(
    (url, i) =>
      new DestinationWatch(systemClock, emit, (told) =>
        createDestination(url, i, spools, { transports, clock: systemClock, emit: told }, how),
      ),
  );
  const destinations = watches.map(({ destination }) => destination);
  emit(clientStarted(version, config.path, destinations));
  tellPlainHttp(urls, emit);
  renewal = new TlsRenewal(systemClock, emit, renewablesOf(urls, transports));

  const hrefs = urls.map(({ href }) => href);
  const syncs = new ClientSyncs({ clock: systemClock, spools, config: configKey(config, hrefs) });
  spools.listen(syncs);
  for (const watch of watches) {
    // What lies in the spool already may be known at the destination; what comes later cannot be.
    let isNew = false;
    spools.listen(hearing(watch.destination, () => isNew));
    spools.listen(watch);
    isNew = true;
  }
  spools.attach(deliveryTo(destinations));
  spools.start();
  const discovery = createDiscovery(ports, spools, {
    patterns: config.patterns,
    datadir: config.datadir,
    scanInterval: config.scanInterval,
  });
  const days = (index: number) => daysLeft(transports[index]?.tls, systemClock.now());
  const status = new StatusLine(systemClock, emit, config.statusInterval, destinations, () => spools.counts(), days);
  const source = new ClientStatusSource({
    clock: systemClock,
    version,
    pid: process.pid,
    config: config.path,
    watches,
    spools,
    each: datadirsOf(config).map((path) => spools.at(path)),
    errors,
    daysLeft: days,
  });
  let isOver = false;
  const socket = await openStatusSocket(config.datadir, emit, {
    status: () => source.document(),
    sync: (question, peer) => syncs.begin(question, peer, discovery, watches),
  });
  let looked = false;
  admin?.serve(
    {
      status: () => source.document(),
      readings: () =>
        watches.map(({ destination, behind }) => ({
          name: destination.url,
          bytes: destination.bytesSent,
          backlog: behind.bytes,
        })),
      leastFree: () => 0,
      notReady: () => (looked ? undefined : "the first look for files is under way"),
    },
    emit,
  );
  const manager = await serviceManager(process.env, systemClock, emit, () => atAGlance(destinations));
  const started = discovery.start();
  manager.ready();
  await Promise.race([started, stopped]);
  looked = true;
  leanHeapOnce(() =>
    watches.every(({ behind, destination: { outage } }) => behind.files === 0 || outage.trouble !== undefined),
  );
  // Delivery has begun: nothing waits for this.
  void import("./check-host.ts").then(({ tellHost }) =>
    tellHost(config, spools, (event) => {
      if (!isOver) emit(event);
    }),
  );
  await stopped;

  isOver = true;
  manager.stopping();
  await socket?.close();
  admin?.stopping();
  status.stop();
  source.stop();
  renewal.stop();
  await discovery.stop();
  await Promise.all(destinations.map((destination) => destination.stop(GRACE)));
  await admin?.stop();
  await spools.close();
  emit(clientStopped());
  log.close();
  return EXIT.OK;
}

/** For `systemctl status`. */
function atAGlance(destinations: readonly Destination[]): string {
  const bad = destinations.filter(({ outage }) => outage.trouble !== undefined).length;
  const all = `${destinations.length} destination${destinations.length === 1 ? "" : "s"}`;
  return bad === 0 ? `delivering to ${all}` : `${bad} of ${all} in error`;
}

/** Opens and locks the spools that a configuration names. Throws StartFailure. */
export function openClientSpools(config: ClientConfig, emit: Emit): Promise<Spools> {
  return openSpools(
    { files: nodeFiles, clock: systemClock, emit, lock: lockDirectory },
    {
      datadirs: datadirsOf(config),
      retention: config.retention,
      scanInterval: config.scanInterval,
      periodicTriggerInterval: config.periodicTriggerInterval,
    },
  );
}

/** The id of this machine, kept in the client's own data directory where the system has none. */
export function machineOf(config: ClientConfig): string {
  const datadir = nodeFiles.open(bytesOf(config.datadir), true);
  try {
    return machineId(datadir);
  } finally {
    datadir.close();
  }
}

/** The data directories of a client: its own first, then those that patterns name. */
