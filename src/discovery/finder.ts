// What becomes of what a walk finds: a file that is held already is compared with the look just taken, another one is
// adopted into its pattern's spool, and what stands in the way is told once and reported to the scan.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory, Listed } from "../platform/files.ts";
import type { Generation } from "../spool/entry.ts";
import type { HeldEntry } from "../spool/held.ts";
import type { Spool } from "../spool/spool.ts";
import type { Spools } from "../spool/spools.ts";
import { type Adoption, adopt, type Candidate } from "./adopt.ts";
import { Complaints } from "./complaints.ts";
import * as events from "./events.ts";
import { isWatchable, type Place } from "./interest.ts";
import type { Pattern } from "./pattern.ts";
import { Sightings } from "./sightings.ts";
import { Unchanged } from "./unchanged.ts";
import type { Entered, Found, Trouble, Visitor } from "./walk.ts";
import type { Watching } from "./watched.ts";

/** Something that keeps a matching file from being delivered. */
export interface Problem {
  readonly kind: "unreadable" | "unlinkable" | "refused-name" | "link-not-followed";
  readonly source: Bytes;
  /** One line, with the remedy where there is one. */
  readonly reason: string;
}

export interface ScanReport {
  /** Regular files at matching names. */
  matched: number;
  /** What was adopted by this scan; already announced. */
  readonly adopted: Generation[];
  readonly problems: Problem[];
  /** Names came or went while it looked: a file that was rotated under its eyes may have been passed by. */
  moved: boolean;
}

export interface FinderParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly spools: Spools;
  /** As adopt has it. */
  readonly distrust: Candidate["distrust"];
  /** By the pattern's place in the configuration. */
  readonly spoolOf: readonly Spool[];
  /** Watches the directory from now on, if that is possible and wanted. */
  readonly watch: (directory: Directory, place: Place) => Watching;
}

export class Finder implements Visitor {
  readonly sightings: Sightings;
  readonly #parts: FinderParts;
  readonly #complaints: Complaints;
  readonly #unchanged = new Unchanged();
  readonly #watchedPlaces = new WeakSet<Place>();
  /** Of the scan under way. */
  #report: ScanReport | undefined;
  #isThorough = false;
  /** Files with several names, adopted at the end of a scan so that the first pattern names them. */
  #deferred: Found[] | undefined;

  constructor(parts: FinderParts) {
    this.#parts = parts;
    this.sightings = new Sightings(parts.spools);
    this.#complaints = new Complaints(parts.clock, parts.emit);
  }

  /** `all`: nothing is passed over, whatever watches and times say. */
  beginScan(all: boolean): ScanReport {
    this.sightings.beginScan();
    this.#unchanged.beginScan(this.#parts.spools.watches.floods, all);
    this.#deferred = [];
    this.#report = { matched: 0, adopted: [], problems: [], moved: false };
    this.#isThorough = all;
    return this.#report;
  }

  /** The files that were left for the end of the scan, in the order in which they are to be looked at again. */
  takeDeferred(): Found[] {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    if (this.#report !== undefined) this.#report.matched -= deferred.length; // counted when looked at again
    const index = (found: Found) => found.pattern()?.index ?? 0;
    return deferred.sort((a, b) => index(a) - index(b) || (a.path < b.path ? -1 : 1));
  }

  /** The scan came to its end. */
  endScan(): void {
    const count = this.#report?.adopted.length ?? 0;
    this.#report = undefined;
    this.#unchanged.endScan();
    this.#complaints.endScan();
    if (count > 0) this.#parts.emit(events.foundMany(count));
  }

  enter(directory: Directory, place: Place): Entered | undefined {
    const { spools, spoolOf, clock } = this.#parts;
    const { stat } = directory;
    if (spools.isOwn(stat)) return undefined;
    const watching = isWatchable(place) ? this.#watch(directory, place) : "no";
    const isShown = spoolOf.some((spool) => spool.isShown && spool.root.stat.dev === stat.dev);
    const report = this.#report;
    if (report === undefined) return {};
    const now = clock.now();
    // Without a watch to tell of it, or somebody to wait for the next scan.
    const ended = this.#isThorough ? () => noteMoves(report, directory, now) : undefined;
    if (watching === "no" || !isShown) return { ended };
    const instead = watching === "already" ? this.#unchanged.rest(place.path, stat) : undefined;
    if (instead === undefined) {
      return { wasRead: (rest) => this.#unchanged.wasRead(place.path, stat, now, rest), ended };
    }
    report.matched += this.sightings.stay(place.path);
    const isHeld = ({ name }: Listed) => this.isKnown(`${place.path}/${name}`);
    return { instead: instead.filter((listed) => !isHeld(listed)) };
  }

  missing(directory: Directory, place: Place): void {
    this.#watch(directory, place);
  }

  isKnown(path: Bytes): boolean {
    return this.sightings.at(path) !== undefined;
  }

  file(found: Found): void {
    const { stat } = found;
    if (this.#report !== undefined) this.#report.matched++;
    const entry = this.#parts.spools.find(stat.dev, stat.ino);
    if (entry !== undefined) {
      this.#parts.spools.noticed(entry, stat);
      this.#see(found, entry);
    } else if (stat.nlink > 1 && this.#deferred !== undefined) this.#deferred.push(found);
    else this.#adopt(found);
  }

  absent(path: Bytes): void {
    this.sightings.absent(path);
  }

  trouble(kind: Trouble, path: Bytes, reason: string): void {
    this.#report?.problems.push({ kind: kind === "exhausted" ? "unreadable" : kind, source: path, reason });
    this.#complaints.trouble(kind, path, reason);
  }

  skippedLink(path: Bytes): void {
    this.#complaints.tell(`link ${path}`, events.linkSkipped(path));
  }

  #watch(directory: Directory, place: Place): Watching {
    const watching = this.#parts.watch(directory, place);
    if (watching !== "no") this.#watchedPlaces.add(place);
    // What was written before the watch was there made no hint.
    if (watching === "newly") this.#unchanged.forget(place.path);
    return watching;
  }

  #adopt(found: Found): void {
    const { directory, name, stat, path } = found;
    const { clock, spools, spoolOf, distrust } = this.#parts;
    const pattern = found.pattern();
    if (pattern === undefined) return; // its path was known, but for another file
    const spool = spoolOf[pattern.index] as Spool;
    this.#settle(found, pattern, adopt({ directory, name, stat, path, pattern, distrust }, spool, spools, clock.now()));
  }

  #settle(found: Found, pattern: Pattern, adoption: Adoption): void {
    const { path } = found;
    const { spools, emit } = this.#parts;
    switch (adoption.kind) {
      case "adopted": {
        const { entry, generation, wanted } = adoption;
        this.#report?.adopted.push(generation);
        emit(
          generation.name === wanted
            ? events.adopted(path, generation)
            : events.suffixed(path, wanted, generation.name),
        );
        this.#see(found, entry);
        break;
      }
      case "known":
        spools.noticed(adoption.entry, adoption.stat);
        this.#see(found, adoption.entry);
        break;
      case "gone":
        this.sightings.absent(path);
        break;
      case "refused":
        this.#report?.problems.push({ kind: "refused-name", source: path, reason: adoption.reason });
        this.#complaints.tell(
          `name ${path}`,
          events.refusedName(path, adoption.name, adoption.reason, pattern.options),
        );
        break;
      case "unlinkable":
        this.#report?.problems.push({ kind: "unlinkable", source: path, reason: adoption.reason });
        this.#complaints.tell(`adopt ${path}`, events.unlinkable(path, adoption.reason));
        break;
    }
  }

  #see({ path, place, linked }: Found, entry: HeldEntry): void {
    // A link's target is written to in another directory than the one that is watched for the link.
    this.sightings.see(path, entry, !linked && this.#watchedPlaces.has(place));
  }
}

/** File systems count time in ticks: a change this many ms before may be followed by one without a time of its own. */
const TICK = 20;

/** `directory` was entered at `now`, ms since 1970, and looked at to its end. */
function noteMoves(report: ScanReport, directory: Directory, now: number): void {
  const { mtimeMs, ctimeMs } = directory.now();
  if (Math.max(mtimeMs, ctimeMs) > now - TICK) report.moved = true;
}
