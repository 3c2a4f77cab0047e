// What a walk finds where files are only read where they are: each inode once, under the path of the first
// pattern that matches it, and what stands in the way.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory, Stat } from "../platform/files.ts";
import { Complaints } from "./complaints.ts";
import * as events from "./events.ts";
import type { Problem } from "./finder.ts";
import type { Place } from "./interest.ts";
import type { Pattern } from "./pattern.ts";
import type { Entered, Found, Trouble, Visitor } from "./walk.ts";

export interface Gathered {
  readonly path: Bytes;
  readonly pattern: Pattern;
  readonly stat: Stat;
  /** Where the file is really: a directory below the top, and its name there. */
  readonly real: Bytes;
  readonly name: Bytes;
}

export class Gatherer implements Visitor {
  matched = 0;
  readonly problems: Problem[] = [];
  readonly complaints: Complaints;
  readonly #byInode = new Map<string, Gathered>();
  readonly #isOwn: (stat: Stat) => boolean;

  constructor(clock: Clock, emit: Emit, isOwn: (stat: Stat) => boolean) {
    this.complaints = new Complaints(clock, emit);
    this.#isOwn = isOwn;
  }

  /** By inode, so that each run decides alike. */
  sorted(): Gathered[] {
    return [...this.#byInode.values()].sort(
      (a, b) => compare(a.stat.ino, b.stat.ino) || compare(a.stat.dev, b.stat.dev),
    );
  }

  refused(path: Bytes, name: Bytes, reason: string, pattern: Pattern): void {
    this.problems.push({ kind: "refused-name", source: path, reason });
    this.complaints.tell(`name ${path}`, events.refusedName(path, name, reason, pattern.options));
  }

  file(found: Found): void {
    const { stat, path, real, name } = found;
    const pattern = found.pattern();
    if (pattern === undefined) return;
    this.matched++;
    const id = `${stat.dev}:${stat.ino}`;
    const known = this.#byInode.get(id);
    const isFirst =
      known === undefined ||
      pattern.index < known.pattern.index ||
      (pattern.index === known.pattern.index && path < known.path);
    if (isFirst) this.#byInode.set(id, { path, pattern, stat, real, name });
  }

  trouble(kind: Trouble, path: Bytes, reason: string): void {
    this.problems.push({ kind: kind === "exhausted" ? "unreadable" : kind, source: path, reason });
    this.complaints.trouble(kind, path, reason);
  }

  skippedLink(path: Bytes): void {
    this.complaints.tell(`link ${path}`, events.linkSkipped(path));
  }

  enter(directory: Directory): Entered | undefined {
    return this.#isOwn(directory.stat) ? undefined : {};
  }

  isKnown(): boolean {
    return false;
  }

  missing(_directory: Directory, _place: Place): void {}

  absent(_path: Bytes): void {}
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
