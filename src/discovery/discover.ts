// Finding log files: a scan at start and each `scan_interval`, and directory watches that show a new or renamed file at
// once. Watches are set before a directory is read, so that nothing falls between; they are hints, and the scan is
// the guarantee. It passes over what did not change (unchanged.ts). What matches is adopted into its pattern's spool (adopt.ts); a file that is held
// already is compared with the look just taken.

import { describe, lacksDescriptors } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { type Bytes, bytesOf } from "../base/text.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Directory, Files } from "../platform/files.ts";
import { inSlices } from "../spool/slices.ts";
import type { Spools } from "../spool/spools.ts";
import * as events from "./events.ts";
import { Finder, type ScanReport } from "./finder.ts";
import { linksAreGuarded } from "./foreign.ts";
import { isOfInterest, type Place, topPlace } from "./interest.ts";
import type { PatternOptions } from "./options.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { openReal } from "./resolve.ts";
import { type Found, look, type WalkRules, walk } from "./walk.ts";
import { WatchedDirectories } from "./watched.ts";

export type { Problem, ScanReport } from "./finder.ts";

export interface DiscoveryPorts {
  readonly files: Files;
  readonly clock: Clock;
  readonly emit: Emit;
}

export interface DiscoveryOptions {
  readonly patterns: readonly PatternOptions[];
  /** The client's data directory, for patterns without their own. */
  readonly datadir: string;
  readonly scanInterval: number;
}

/** Hints for one name that come closer than this, in ms, are one look. */
const CLOSE = 2;
/** Paths remembered as of no interest. */
const MOST_DULL = 4096;
/** A directory that moved away starts a scan after this long, in ms, and at most one in a second. */
const RESCAN = 50;
const RESCAN_AGAIN = 1000;
/** So many times at the most is looked again where names moved meanwhile: in a large directory they may always do. */
const MOST_MORE = 3;

export function createDiscovery(ports: DiscoveryPorts, spools: Spools, options: DiscoveryOptions): Discovery {
  return new Discovery(ports, spools, options);
}

export class Discovery {
  readonly #clock: Clock;
  readonly #spools: Spools;
  readonly #scanInterval: number;
  readonly #patterns: readonly Pattern[];
  readonly #rules: WalkRules;
  readonly #finder: Finder;
  readonly #watched: WatchedDirectories;
  readonly #soon = new Map<Bytes, Timer>();
  /** Paths that no pattern asks for: a busy file beside ours must not cost a match for each of its lines. */
  readonly #dull = new Set<Bytes>();
  #watching = false;
  #stopped = false;
  #scans = 0;
  /** Floods of hints before the last scan. */
  #floods = 0;
  #scanning: Promise<ScanReport> | undefined;
  #timer: Timer | undefined;
  #rescanTimer: Timer | undefined;
  #rescannedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: DiscoveryPorts, spools: Spools, options: DiscoveryOptions) {
    const { files, clock, emit } = ports;
    const { patterns, datadir } = options;
    this.#clock = clock;
    this.#spools = spools;
    this.#scanInterval = options.scanInterval;
    this.#patterns = patterns.map(compilePattern);
    this.#rules = { top: files.open("/", false), mayFollowLiteral: () => false };
    const guarded = linksAreGuarded(files);
    if (!guarded) emit(events.linksNotGuarded());
    this.#finder = new Finder({
      distrust: guarded ? undefined : { us: files.uid() },
      clock,
      emit,
      spools,
      spoolOf: patterns.map((pattern) => spools.at(bytesOf(pattern.datadir ?? datadir))),
      watch: (directory, place) => (this.#watching ? this.#watched.add(directory, place, this.#scans) : "no"),
    });
    this.#watched = new WatchedDirectories({
      top: this.#rules.top,
      clock,
      watches: spools.watches,
      hinted: (id, place, name) => this.#hinted(id, place, name),
    });
  }

  /** Resolves when the first scan is done; scans and watches go on until `stop`. */
  async start(): Promise<void> {
    this.#watching = true;
    await this.#scan();
    this.#scanLater();
  }

  /**
   * A scan that passes over nothing, without watches unless started, and looks again where names moved under its eyes;
   * resolves when all that it adopted was announced.
   */
  async scanOnce(): Promise<ScanReport> {
    while (this.#scanning !== undefined) await this.#scanning;
    let report = await this.#scan(true);
    for (let more = 0; report.moved && more < MOST_MORE && !this.#stopped; more++) {
      const { adopted } = report;
      const next = await this.#scan(true);
      report = { ...next, adopted: [...adopted, ...next.adopted] };
    }
    await this.#spools.settled();
    return report;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#rescanTimer?.cancel();
    for (const timer of this.#soon.values()) timer.cancel();
    await this.#scanning;
    this.#watched.stop();
    this.#rules.top.close();
  }

  #scan(all = false): Promise<ScanReport> {
    this.#scanning ??= this.#scanNow(all).finally(() => {
      this.#scanning = undefined;
    });
    return this.#scanning;
  }

  async #scanNow(all: boolean): Promise<ScanReport> {
    this.#scans++;
    const { watches } = this.#spools;
    watches.retry();
    if (watches.floods !== this.#floods) this.#watched.closeAll();
    this.#floods = watches.floods;
    const report = this.#finder.beginScan(all);
    await this.#walk(this.#rules.top, topPlace(this.#patterns));
    await this.#inSlices(this.#lookAtDeferred(this.#finder.takeDeferred()));
    await this.#inSlices(this.#finder.sightings.endScan());
    if (!this.#stopped) this.#watched.endScan(this.#scans);
    this.#finder.endScan();
    return report;
  }

  *#lookAtDeferred(deferred: readonly Found[]): Generator<void, void> {
    for (const { place, path } of deferred) {
      this.#lookOnce(place, path.slice(path.lastIndexOf("/") + 1));
      yield;
    }
  }

  #lookOnce(place: Place, name: Bytes): void {
    let directory: Directory;
    try {
      directory = openReal(this.#rules.top, place.real);
    } catch {
      return; // moved away since; the next scan finds it
    }
    look(this.#rules, this.#finder, directory, place, { name, kind: "unknown" })?.directory.close();
    directory.close();
  }

  #hinted(id: string, place: Place, name: Bytes | null): void {
    if (this.#stopped) return;
    if (name === null) {
      this.#walkAgain(id, place);
      return;
    }
    const path = `${place.path}/${name}`;
    const entry = this.#finder.sightings.at(path);
    if (this.#soon.has(path) || (entry === undefined && this.#isDull(place, name, path))) return;
    const lookNow = () => {
      this.#soon.delete(path);
      this.#lookAt(id, place, name);
    };
    if (entry === undefined || this.#clock.elapsed() - entry.lookedAt >= CLOSE) lookNow();
    else this.#soon.set(path, this.#clock.after(CLOSE, lookNow));
  }

  #isDull(place: Place, name: Bytes, path: Bytes): boolean {
    if (this.#dull.has(path)) return true;
    if (isOfInterest(place, name, path)) return false;
    if (this.#dull.size >= MOST_DULL) this.#dull.clear();
    this.#dull.add(path);
    return true;
  }

  #lookAt(id: string, place: Place, name: Bytes): void {
    const directory = this.#watched.open(id, place);
    if (directory === undefined) {
      this.#scanSoon();
      return;
    }
    const step = look(this.#rules, this.#finder, directory, place, { name, kind: "unknown" });
    if (step !== undefined) void this.#inSlices(walk(this.#rules, this.#finder, step.directory, step.place));
  }

  #walkAgain(id: string, place: Place): void {
    const directory = this.#watched.open(id, place);
    if (directory === undefined) this.#scanSoon();
    else void this.#walk(directory, place);
  }

  /** `directory` is opened once more for it; where it cannot be, that is told, and the next scan comes by. */
  async #walk(directory: Directory, place: Place): Promise<void> {
    let again: Directory;
    try {
      again = directory.again();
    } catch (error) {
      if (!lacksDescriptors(error)) throw error;
      this.#finder.trouble("exhausted", place.path, describe(error));
      return;
    }
    await this.#inSlices(walk(this.#rules, this.#finder, again, place));
  }

  /** Somebody moved a watched directory. */
  #scanSoon(): void {
    if (this.#rescanTimer !== undefined || this.#stopped) return;
    const scan = async () => {
      await this.#scanning;
      this.#rescanTimer = undefined;
      this.#rescannedAt = this.#clock.elapsed();
      if (!this.#stopped) await this.#scan();
    };
    const wait = Math.max(RESCAN, this.#rescannedAt + RESCAN_AGAIN - this.#clock.elapsed());
    this.#rescanTimer = this.#clock.after(wait, () => void scan());
  }

  #scanLater(): void {
    if (this.#stopped) return;
    const scan = async () => {
      await this.#scan();
      this.#scanLater();
    };
    this.#timer = this.#clock.after(this.#scanInterval, () => void scan());
  }

  #inSlices(work: Generator<void, void>): Promise<void> {
    return inSlices(this.#clock, work, () => this.#stopped);
  }
}
