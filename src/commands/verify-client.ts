// `shaftlog verify` with a client's configuration: every entry of the spool, or with --base what sync-once would
// deliver of it, is compared with every destination by digest. Sends no content, changes nothing, takes no lock: it runs
// beside the client, whose deliveries it gives a second chance before it calls a copy behind.

import type { Emit } from "../base/events.ts";
import { bytesOf } from "../base/text.ts";
import type { ClientConfig } from "../config/options.ts";
import { openInPlace } from "../discovery/in-place.ts";
import { delay, systemClock } from "../platform/clock.ts";
import type { HttpConnection } from "../platform/http.ts";
import { openLog } from "../platform/log.ts";
import { nodeFiles } from "../platform/node-files.ts";
import { sha256 } from "../platform/node-hash.ts";
import { type Generation, lengthOf } from "../spool/entry.ts";
import { backoff } from "../transfer/backoff.ts";
import { createRemote } from "../transfer/remote.ts";
import { type Verdict, verifyFile } from "../transfer/verify-file.ts";
import { destinationUrls } from "./destinations.ts";
import type { VerifyFlags } from "./flags.ts";
import { baseOf, hostNames } from "./sync-host.ts";
import { SyncProgress } from "./sync-progress.ts";
import { problemReports } from "./sync-report.ts";
import { timeoutOf } from "./timeout.ts";
import { openTransports, type Transport } from "./transports.ts";
import { describeVerified, type Verified, verifyExit, verifyReport } from "./verify-report.ts";

/** Files compared at the same time with one destination. */
const AT_ONCE = 4;
/** Bytes that a destination reads in a ms at the least: so long is waited for its digest of a large file. */
const READ_THERE = 32 * 1024;
/** ms that a running client gets to deliver what was just written. */
const SECOND_CHANCE = 1000;

/** One file to be compared with every destination. */
interface Task {
  readonly generation: Generation;
  readonly goal: number;
  readonly verdicts: Verdict[];
}

class Place {
  readonly url: URL;
  readonly index: number;
  readonly #transport: Transport;
  readonly #timeout: number;
  #heardAt = systemClock.elapsed();

  constructor(url: URL, index: number, transport: Transport, timeout: number) {
    this.url = url;
    this.index = index;
    this.#transport = transport;
    this.#timeout = timeout;
  }

  /** Compares all of `tasks`, a few at a time. */
  async verify(tasks: readonly Task[], done: (task: Task) => void): Promise<void> {
    const queue = tasks.values();
    const worker = async () => {
      let connection: HttpConnection | undefined;
      for (const task of queue) {
        connection = await this.#verifyOne(task, connection);
        done(task);
      }
      connection?.destroy();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Tries until there is a verdict or nothing was heard for too long; the connection that is left. */
  async #verifyOne(task: Task, before: HttpConnection | undefined): Promise<HttpConnection> {
    const remote = createRemote(this.url.pathname);
    const began = systemClock.elapsed();
    let connection = before;
    for (let tries = 1; ; tries++) {
      if (connection?.usable !== true) connection = this.#transport.http.connect(this.url.origin, { pipelining: 1 });
      const verdict = await verifyFile(task.generation, task.goal, connection, remote, sha256);
      task.verdicts[this.index] = verdict;
      const now = systemClock.elapsed();
      if (verdict.kind !== "unreachable") {
        this.#heardAt = now;
        return connection;
      }
      connection.destroy();
      const patience = this.#timeout + ((await this.#answers(task)) ? task.goal / READ_THERE : 0);
      // What says nothing for so long is not waited for with each file.
      if (now - began >= patience || now - this.#heardAt >= patience) return connection;
      await delay(systemClock, backoff(tries, Math.random()));
    }
  }

  /** Whether it answers at all, when it is not asked to read. */
  async #answers({ generation }: Task): Promise<boolean> {
    const connection = this.#transport.http.connect(this.url.origin, { pipelining: 1 });
    const { outcome } = await createRemote(this.url.pathname).head(connection, generation.name);
    connection.destroy();
    return outcome.kind === "size";
  }
}

export async function verifyClient(config: ClientConfig, flags: VerifyFlags): Promise<number> {
  const began = systemClock.elapsed();
  const timeout = timeoutOf(flags.timeout);
  const base = baseOf(flags.base);
  const transports = await openTransports(config.destinations);
  const progress = new SyncProgress(flags.quiet ? undefined : process.stderr, systemClock);
  const log = openLog({ path: "stderr", debug: false });
  const emit: Emit = (event) => {
    if (flags.quiet && event.level === "info") return;
    progress.clear();
    log.emit(event);
  };
  const urls = destinationUrls(
    config.destinations,
    hostNames(config, base, { hostname: flags.hostname, dryRun: true }),
  );
  const { patterns, datadir, scanInterval } = config;
  const ports = { files: nodeFiles, clock: systemClock, emit };
  const options = { patterns, datadir, scanInterval, base: base === undefined ? undefined : bytesOf(base) };
  const { spools, report } = await openInPlace(ports, options);
  // On this host itself only what the client holds: the rest has no name yet.
  const unheld = new Set(base === undefined ? report.adopted : []);
  const tasks = [...spools.generations()]
    .filter((generation) => !unheld.has(generation))
    .map((generation): Task => ({ generation, goal: lengthOf(generation), verdicts: [] }));
  const places = urls.map((url, i) => new Place(url, i, transports[i] as Transport, timeout));
  await verifyAll(places, tasks, progress);
  const hrefs = urls.map(({ href }) => href);
  const problems = base === undefined ? [] : problemReports(report.problems, hrefs);
  const document = verifyReport(tasks as readonly Verified[], problems, hrefs, systemClock.elapsed() - began);
  await spools.close();
  progress.clear();
  if (flags.json) process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
  if (!flags.quiet || document.result !== "equal") process.stderr.write(`${describeVerified(document)}\n`);
  log.close();
  return verifyExit(document);
}

async function verifyAll(places: readonly Place[], tasks: readonly Task[], progress: SyncProgress): Promise<void> {
  const files = tasks.length * places.length;
  const bytes = tasks.reduce((sum, { goal }) => sum + goal, 0) * places.length;
  let [filesDone, bytesDone] = [0, 0];
  const done = ({ goal }: Task) => {
    filesDone++;
    bytesDone += goal;
    progress.show(() => ({ files, filesDone, bytes, bytesDone, bytesSent: bytesDone }));
  };
  await Promise.all(places.map((place) => place.verify(tasks, done)));
  const isBehind = (place: Place) => (task: Task) => task.verdicts[place.index]?.kind === "behind";
  const again = places.filter((place) => tasks.some(isBehind(place)));
  if (again.length === 0) return;
  await delay(systemClock, SECOND_CHANCE);
  await Promise.all(again.map((place) => place.verify(tasks.filter(isBehind(place)), () => {})));
}
