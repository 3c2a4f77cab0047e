// What the spool has to say to the operator, one function for each event.
// Each name is listed in docs/OPERATIONS.md with its level and what to do.

import { describe } from "../base/errors.ts";
import { type Event, error, info, warn } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import { escapeText, quote } from "../base/text.ts";
import type { Entry, Generation } from "./entry.ts";
import type { Cut } from "./held.ts";

export function tightened(datadir: Bytes, mode: number): Event {
  return warn(
    "datadir-tightened",
    `Data directory ${quote(datadir)} could be entered by others (mode ${mode.toString(8).padStart(4, "0")}); it is 0700 now`,
  );
}

export function foreignOwner(datadir: Bytes, uid: number): Event {
  return error(
    "datadir-foreign-owner",
    `Data directory ${quote(datadir)} belongs to another user (uid ${uid}), who can change what is delivered; chown it to the user of the client`,
  );
}

export function swept(datadir: Bytes, count: number): Event {
  return info("leftovers-swept", `Removed ${count} temporary links that an interrupted run left in ${quote(datadir)}`);
}

export function oddInSpool(datadir: Bytes, count: number, first: Bytes): Event {
  return warn(
    "odd-file-in-datadir",
    `Ignored in data directory ${quote(datadir)}: ${quote(first)}${count > 1 ? ` and ${count - 1} more` : ""}, neither regular files nor directories of its file system; remove them`,
  );
}

export function secondName(datadir: Bytes, kept: Bytes, other: Bytes): Event {
  return error(
    "second-name-in-datadir",
    `${quote(other)} in data directory ${quote(datadir)} is the same file as ${quote(kept)}, and only that is delivered; remove the one that is not wanted while the client is stopped`,
  );
}

export function syncFailed(datadir: Bytes, cause: unknown): Event {
  return error(
    "datadir-sync-failed",
    `Cannot make names durable in data directory ${quote(datadir)}: ${describe(cause)}; nothing newly found there is sent any more: check the disk, then restart the client`,
  );
}

export function memoryFailed(datadir: Bytes, cause: string): Event {
  return warn(
    "memory-not-written",
    `Cannot write ".memory" in data directory ${quote(datadir)}: ${cause}; tried again, nothing is lost`,
  );
}

export function leavesNotKept(datadir: Bytes, cause: unknown): Event {
  return warn(
    "leaves-not-kept",
    `Cannot write below ".leaves" in data directory ${quote(datadir)}: ${describe(cause)}; nothing is lost, large files are read once more after a restart`,
  );
}

export interface Reached {
  readonly destination: string;
  /** Bytes of the generation that it acknowledged; undefined: it was not asked yet. */
  readonly acknowledged: number | undefined;
}

/** `size`: what the file has now; `next`: the new name. */
export function shrunk(old: Generation, cut: Cut, size: number, next: Bytes, reached: readonly Reached[]): Event {
  const { entry, name, start } = old;
  const length = Math.max(0, cut.before - start);
  const losses = reached.map(({ destination, acknowledged }) => {
    const lost =
      acknowledged === undefined
        ? "all that it did not have yet"
        : acknowledged < length
          ? `${acknowledged} to ${length}`
          : "none";
    return `${lost} at ${escapeText(destination)}`;
  });
  const first = entry.acknowledged?.offset ?? start;
  const may = losses.length > 0 ? losses.join(", ") : `those from ${first - start} on that were not delivered before`;
  return error(
    "file-shrunk",
    `File ${sourceOf(entry)} (${quote(name)}) ${cut.reason}: it held ${cut.before} bytes and holds ${size}. Bytes that may be lost: ${may}. It goes on as ${quote(next)}; let its writer rotate by rename instead of truncating`,
  );
}

export function notSuperseded(old: Generation, cause: unknown): Event {
  return error(
    "generation-not-made",
    `Cannot go on with ${sourceOf(old.entry)} (${quote(old.name)}) under a new name: ${describe(cause)}; tried again at each sweep`,
  );
}

export function shorterThanDelivered(generation: Generation, offset: number): Event {
  return warn(
    "file-shorter-than-delivered",
    `File ${sourceOf(generation.entry)} (${quote(generation.name)}) has ${generation.entry.size} bytes, and ${offset} were delivered before: its tail was lost here, perhaps by a power cut; nothing is sent until it is longer`,
  );
}

export function spoolLinkGone(generation: Generation, datadir: Bytes): Event {
  return error(
    "datadir-link-gone",
    `${quote(generation.name)} is gone from data directory ${quote(datadir)}, or is another file now; somebody else changes that directory`,
  );
}

export function released(generation: Generation, early: boolean): Event {
  return info(
    "file-released",
    `Released ${quote(generation.name)}: delivered everywhere, deleted by its owner${early ? ", and the file system is nearly full" : ""}`,
  );
}

export function notReleased(generation: Generation, cause: unknown): Event {
  return warn("file-not-released", `Cannot release ${quote(generation.name)}: ${describe(cause)}; tried again`);
}

export function diskNearlyFull(datadir: Bytes, percent: number, bytes: number): Event {
  return error(
    "disk-nearly-full",
    `The file system of data directory ${quote(datadir)} is nearly full (${percent.toFixed(1)} % free); ${bytes} bytes there are files that only the client holds, until they are delivered`,
  );
}

function sourceOf(entry: Entry): string {
  return entry.source === undefined ? "that has no name outside the data directory" : quote(entry.source);
}
