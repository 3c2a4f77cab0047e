// `shaftlog server`: configuration, log, lock, store and listener, in this order, put together and taken apart
// again. Promises: what keeps it from starting is named with exit code 2 and nothing half-started; SIGTERM and
// SIGINT finish what is in flight and end with 0, a second one ends at once; SIGHUP reopens the log; a disk
// that failed ends it with 70. docs/OPERATIONS.md.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Admin } from "../admin/admin.ts";
import { ALL_HOSTS } from "../admin/history.ts";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { bytesOf, quoteText } from "../base/text.ts";
import { loadServerConfig } from "../config/load.ts";
import type { ServerConfig } from "../config/options.ts";
import { listening, plainHttp, stopped, stopping } from "../ingest/events.ts";
import { Ingest } from "../ingest/ingest.ts";
import { systemClock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { keepHeapSmall } from "../platform/heap.ts";
import { isLoopback } from "../platform/host.ts";
import { lockDirectory } from "../platform/lock.ts";
import { type Log, openLog } from "../platform/log.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { sha256 } from "../platform/node-hash.ts";
import { nodeHttpServer } from "../platform/node-http-server.ts";
import { zstd } from "../platform/node-zstd.ts";
import { openFileLimit } from "../platform/open-file-limit.ts";
import { RecentErrors } from "../status/recent-errors.ts";
import { ServerStatusSource } from "../status/server-status-source.ts";
import { leastFree } from "../store/free-space.ts";
import { Store } from "../store/store.ts";
import { openAdmin } from "./admin.ts";
import { refuseUnconfigured } from "./first-minute.ts";
import { EXIT, type ServerFlags } from "./flags.ts";
import { openSealed, ServerArchive } from "./server-archive.ts";
import { ServerCredentials } from "./server-credentials.ts";
import { ServerStatus } from "./server-status.ts";
import { serviceManager } from "./service-manager.ts";
import { untilStopped } from "./signals.ts";
import { openStatusSocket } from "./status-socket.ts";
import { version } from "./version.ts";

/** ms that what is in flight gets to finish when the server stops; writing down what was cut off comes behind it. */
const GRACE = 4_000;
/** Files that are kept open: what is closed costs an open, a sync and reading its last MiB when it is appended to again. */
const MOST_OPEN = 16_384;
/** Descriptors for the process itself, and some for what is open for a moment. */
const OWN_DESCRIPTORS = 40;
/** A probe that the data directory can be written to; hidden, as all that is ours. */
const PROBE = ".probe";

export async function runServer(flags: ServerFlags): Promise<number> {
  keepHeapSmall();
  refuseUnconfigured("server", flags.config);
  const config = loadServerConfig(flags.config);
  const root = openDatadir(config.datadir, config.fsync);
  const lock = lockDirectory(bytesOf(config.datadir));
  checkWritable(root, config.datadir);
  const log = openLog({ path: flags.stdout ? undefined : config.logfile, debug: flags.debug });
  // A file size limit must show as EFBIG at the write, not kill the process.
  process.on("SIGXFSZ", () => {});
  try {
    return await serve(config, root, log, flags.debug);
  } finally {
    lock.release();
    log.close();
  }
}

async function serve(config: ServerConfig, root: Directory, log: Log, verbose: boolean): Promise<number> {
  let admin: Admin | undefined;
  const errors = new RecentErrors(systemClock, (event) => {
    admin?.told(event);
    log.emit(event);
  });
  const { emit } = errors;
  const failed = Promise.withResolvers<number>();
  const credentials = await ServerCredentials.load(config, systemClock, emit);
  admin = await openAdmin("server", config);
  const limit = openFileLimit();
  const mostOpen = mostFiles(limit, config.connectionLimits.connections);
  const sealed = await openSealed(root, emit);
  const store = new Store({
    root,
    clock: systemClock,
    emit,
    fsync: config.fsync,
    newHash: sha256,
    quota: config.quota,
    minFreeSpace: config.minFreeSpace,
    mostOpen,
    sealed,
    fatal: () => failed.resolve(EXIT.INTERNAL),
    synced: admin === undefined ? undefined : (seconds) => admin.synced(seconds),
  });
  const ingest = await open(config, store, credentials, mostConnections(config, limit - mostOpen), emit, verbose);
  const status = new ServerStatus(systemClock, emit, config.statusInterval, ingest, store, credentials);
  const source = new ServerStatusSource({
    clock: systemClock,
    version,
    pid: process.pid,
    config: config.path,
    fsync: config.fsync,
    quota: config.quota,
    expectedInterval: config.expectedInterval,
    root,
    ingest,
    store,
    errors,
    daysLeft: () => credentials.daysLeft,
  });
  const fatal = () => failed.resolve(EXIT.INTERNAL);
  const archive = new ServerArchive({ config, root, store, sealed, emit, fatal });
  const hangup = () => {
    log.reopen();
    credentials.reload();
  };
  const stop = untilStopped(hangup).then(() => EXIT.OK);
  if (config.tls === undefined && !isLoopback(ingest.address)) emit(plainHttp(`${ingest.address}:${ingest.port}`));
  credentials.watch(ingest);
  const socket = await openStatusSocket(config.datadir, emit, {
    status: () => source.document(),
    archive: (question, peer) => archive.now(question, peer),
  });
  emit(listening(ingest.address, ingest.port, config.datadir, config.fsync, version));
  admin?.serve(
    {
      status: () => source.document(),
      readings: () => [{ name: ALL_HOSTS, bytes: store.totals.bytes }, ...ingest.activities()],
      leastFree: ({ size_bytes: size }) => leastFree(config.minFreeSpace, size ?? 0),
      notReady: () => undefined,
    },
    emit,
  );
  const atAGlance = () => `${ingest.counts().connections} connections, ${store.counts().bytes} bytes taken`;
  const manager = await serviceManager(process.env, systemClock, emit, atAGlance);
  manager.ready();
  const code = await Promise.race([stop, failed.promise]);
  manager.stopping();
  await socket?.close();
  admin?.stopping();
  status.stop();
  source.stop();
  credentials.stop();
  // After a failed disk nothing more is written or acknowledged: the process just ends.
  if (code !== EXIT.OK) return code;
  emit(stopping());
  const finished = Promise.all([archive.stop(), finish(ingest, store)])
    .then(() => admin?.stop())
    .then(() => EXIT.OK);
  const end = await Promise.race([finished, failed.promise]);
  if (end === EXIT.OK) emit(stopped());
  return end;
}

async function open(
  config: ServerConfig,
  store: Store,
  credentials: ServerCredentials,
  connections: number,
  emit: Emit,
  verbose: boolean,
): Promise<Ingest> {
  // 16 random bytes: no two lives share them.
  const start = randomBytes(16).toString("base64url");
  const options = { ...config, connectionLimits: { ...config.connectionLimits, connections } };
  const tokens = () => credentials.tokens;
  const own = { http: nodeHttpServer, clock: systemClock, codec: zstd };
  const parts = { ...own, store, emit, verbose, start, tls: credentials.tls, tokens };
  try {
    return await Ingest.open(options, parts);
  } catch (error) {
    const { bindAddress, listenPort, path } = config;
    throw new StartFailure(
      `Cannot listen on ${bindAddress}:${listenPort}: ${describe(error)}; ${listenRemedy(codeOf(error))} (${path})`,
    );
  }
}

/**
 * Of `limit` descriptors a quarter is for files at least, and more where `connections` do not need it; a quarter is left
 * for what is open for a moment.
 */
function mostFiles(limit: number, connections: number): number {
  return Math.min(MOST_OPEN, Math.max(4, Math.floor(limit / 4), Math.floor((limit * 3) / 4) - connections));
}

/** As many as are configured, and for which there are descriptors beside those of files and of the process itself. */
function mostConnections({ connectionLimits }: ServerConfig, descriptors: number): number {
  return Math.max(1, Math.min(connectionLimits.connections, descriptors - OWN_DESCRIPTORS));
}

async function finish(ingest: Ingest, store: Store): Promise<void> {
  await ingest.stop(GRACE);
  await store.stop();
}

function openDatadir(path: string, fsync: boolean): Directory {
  try {
    makeDirectory(path, fsync);
    return nodeFiles.open(bytesOf(path), true);
  } catch (error) {
    throw new StartFailure(`Cannot use the data directory ${quoteText(path)}: ${describe(error)}`);
  }
}

/** Like `mkdir -p`, which node's own form turns into an endless loop below /proc; each new entry is durable. */
function makeDirectory(path: string, fsync: boolean): void {
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (error) {
    // Where it is there, whoever made it may have been killed before its entry was durable.
    if (codeOf(error) !== "EEXIST") {
      if (codeOf(error) !== "ENOENT" || dirname(path) === path || existsSync(dirname(path))) throw error;
      makeDirectory(dirname(path), fsync);
      mkdirSync(path, { mode: 0o750 });
    }
  }
  if (fsync) syncEntries(dirname(path));
}

function syncEntries(path: string): void {
  const directory = nodeFiles.open(bytesOf(path), true);
  try {
    directory.syncNow();
  } catch (error) {
    // Not ours to read, so not ours to have made an entry in.
    if (codeOf(error) !== "EACCES") throw error;
  } finally {
    directory.close();
  }
}

function checkWritable(root: Directory, path: string): void {
  try {
    // Left by a process that was killed here.
    if (root.lstat(PROBE) !== undefined) root.unlink(PROBE);
    root.create(PROBE, 0o600).close();
    root.unlink(PROBE);
  } catch (error) {
    throw new StartFailure(`Cannot write to the data directory ${quoteText(path)}: ${describe(error)}`);
  }
}

function listenRemedy(code: string): string {
  switch (code) {
    case "EADDRINUSE":
      return "stop what listens there (ss -ltnp), or set another listen_port";
    case "EACCES":
      return "ports below 1024 need CAP_NET_BIND_SERVICE, or set another listen_port";
    default:
      return "check bind_address and listen_port";
  }
}
