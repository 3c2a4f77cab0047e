// From the running client to its document. Promises: what is asked for is made in slices of a few ms, so that nothing
// waits for it, and once for all who ask at a time; costs nothing while nobody asks but a reading of a counter for
// each destination every two seconds.

import { readable } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Generation, SpoolListener } from "../spool/entry.ts";
import { isOnlyOurs } from "../spool/held.ts";
import { inSlices } from "../spool/slices.ts";
import type { Spool } from "../spool/spool.ts";
import type { Spools } from "../spool/spools.ts";
import { stateOf } from "../transfer/destination-parts.ts";
import { reachOf } from "../transfer/progress.ts";
import type { Lacking } from "./behind.ts";
import type { ClientStatus, DestinationStatus, FileBehind, FilesStatus, SpoolStatus } from "./client-document.ts";
import type { DestinationWatch } from "./destination-watch.ts";
import { Rates } from "./rates.ts";
import type { RecentErrors } from "./recent-errors.ts";
import { iso, seconds, spaceOf } from "./units.ts";

/** A file that changed within so many ms is live. */
const LATELY = 3_600_000;
/** So many files are told of as furthest behind. */
const MOST_BEHIND = 10;
/** A document is good for this long, in ms: for many who ask at once. */
const FRESH = 250;

export interface ClientStatusParts {
  readonly clock: Clock;
  readonly version: string;
  readonly pid: number;
  readonly config: string;
  readonly watches: readonly DestinationWatch[];
  readonly spools: Spools;
  /** Each data directory. */
  readonly each: readonly Spool[];
  readonly errors: RecentErrors;
  /** By the destination's place. */
  readonly daysLeft: (index: number) => number | undefined;
}

type Behindmost = Lacking & { readonly watch: DestinationWatch };

/** Open from its making until `stop`. */
export class ClientStatusSource implements SpoolListener {
  readonly #parts: ClientStatusParts;
  readonly #startedAt: number;
  readonly #rates: Rates<DestinationWatch>;
  #found = 0;
  #released = 0;
  #listening = false;
  #making: Promise<ClientStatus> | undefined;
  #madeAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ClientStatusParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#rates = new Rates(parts.clock, () =>
      parts.watches.map((watch) => [watch, watch.destination.bytesSent] as const),
    );
    parts.spools.listen(this);
    this.#listening = true;
  }

  /** SpoolListener. */
  added(generation: Generation): void {
    if (this.#listening && generation.number === 1) this.#found++;
  }

  /** SpoolListener: nothing to note. */
  changed(): void {}

  /** SpoolListener. */
  released({ entry }: Generation): void {
    if (entry.generations.length === 0) this.#released++;
  }

  document(): Promise<ClientStatus> {
    const { clock } = this.#parts;
    if (this.#making === undefined || clock.elapsed() - this.#madeAt > FRESH) {
      this.#madeAt = Number.POSITIVE_INFINITY;
      this.#making = this.#make().finally(() => {
        this.#madeAt = clock.elapsed();
      });
    }
    return this.#making;
  }

  stop(): void {
    this.#rates.stop();
  }

  async #make(): Promise<ClientStatus> {
    const { clock, version, pid, config, watches, spools, errors } = this.#parts;
    const held = await this.#lookAtSpools();
    const furthest: Behindmost[] = [];
    const destinations: DestinationStatus[] = [];
    for (const [i, watch] of watches.entries()) destinations.push(await this.#destination(watch, i, furthest));
    return {
      schema: 1,
      role: "client",
      version,
      pid,
      config,
      started_at: iso(this.#startedAt),
      now: iso(clock.now()),
      destinations,
      behind: furthest.map((lacking) => this.#fileBehind(lacking)),
      files: held.files,
      spool: held.spool,
      watches_exhausted: spools.watches.exhausted,
      errors: errors.list(),
    };
  }

  async #destination(watch: DestinationWatch, index: number, furthest: Behindmost[]): Promise<DestinationStatus> {
    const { clock, daysLeft } = this.#parts;
    const { destination, behind } = watch;
    let since = Number.POSITIVE_INFINITY;
    let least = 0;
    const look = (lacking: Lacking) => {
      since = Math.min(since, lacking.since);
      if (lacking.bytes <= least) return;
      // Put in order now and then: where each is larger than the ones before, that must not cost an order for each.
      if (furthest.push({ ...lacking, watch }) >= 8 * MOST_BEHIND) least = keepFurthest(furthest);
    };
    await this.#inSlices(behind.all(), look);
    keepFurthest(furthest);
    const { outage, faults, bytesSent } = destination;
    const rate = Math.max(0, this.#rates.of(watch, bytesSent));
    const state = stateOf(outage.trouble !== undefined, faults.size, behind.files);
    const { appendedAt } = outage;
    return {
      url: destination.url,
      state,
      backlog_bytes: behind.bytes,
      files_behind: behind.files,
      lag_seconds: behind.files === 0 || since === Infinity ? 0 : seconds(clock.elapsed() - since),
      bytes_sent: bytesSent,
      bytes_spared: destination.compression?.spared ?? 0,
      rate_bytes_per_second: rate,
      catch_up_seconds: behind.bytes === 0 ? 0 : rate === 0 ? null : Math.ceil(behind.bytes / rate),
      files_refused: faults.size,
      requests: { ...destination.remote.counts },
      last_error: watch.lastError(),
      last_acknowledged_at: appendedAt === undefined ? null : iso(clock.now() - (clock.elapsed() - appendedAt)),
      certificate_days_left: daysLeft(index) ?? null,
    };
  }

  #fileBehind({ progress, bytes, since, watch }: Behindmost): FileBehind {
    const { of, fault } = progress;
    const { source } = of.entry;
    const reach = reachOf(progress);
    return {
      destination: watch.destination.url,
      name: readable(of.name),
      source: source === undefined ? null : readable(source),
      size: reach + bytes,
      acknowledged: reach,
      backlog_bytes: bytes,
      lag_seconds: seconds(this.#parts.clock.elapsed() - since),
      trouble: fault?.text ?? null,
    };
  }

  async #lookAtSpools(): Promise<{ readonly files: FilesStatus; readonly spool: SpoolStatus[] }> {
    const { clock, spools, each } = this.#parts;
    const sums = new Map(each.map((spool) => [spool as unknown, { bytes: 0, onlyHere: 0 }]));
    let adopted = 0;
    let live = 0;
    const [now, elapsed] = [clock.now(), clock.elapsed()];
    await this.#inSlices(spools.entries(), (entry) => {
      adopted++;
      if (elapsed - entry.changedAt < LATELY || now - entry.mtimeMs < LATELY) live++;
      const sum = sums.get(entry.holder);
      if (sum === undefined) return;
      sum.bytes += entry.size;
      if (isOnlyOurs(entry)) sum.onlyHere += entry.size;
    });
    const spool = each.map((one) => ({
      datadir: readable(one.path),
      bytes: sums.get(one)?.bytes ?? 0,
      bytes_only_here: sums.get(one)?.onlyHere ?? 0,
      ...spaceOf(one.root),
    }));
    return { files: { adopted, live, released: this.#released, found: this.#found }, spool };
  }

  #inSlices<T>(items: Iterable<T>, look: (item: T) => void): Promise<void> {
    return inSlices(
      this.#parts.clock,
      (function* () {
        for (const item of items) {
          look(item);
          yield;
        }
      })(),
      () => false,
    );
  }
}

/** Leaves those with most bytes, in order; how many bytes one must have to belong to them. */
function keepFurthest(files: Behindmost[]): number {
  files.sort((a, b) => b.bytes - a.bytes);
  files.length = Math.min(files.length, MOST_BEHIND);
  return files[MOST_BEHIND - 1]?.bytes ?? 0;
}
