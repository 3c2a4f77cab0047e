// Which files we let go of, and how. A file whose only names are ours is disk space that its owner does not see:
// it goes when every destination has it durably and it was unchanged for `retention`, or earlier, oldest first,
// when the file system is nearly full. Never while it has another name: its writer may be there.
//
//   append names to .released, fdatasync     crash: the links are there still, and go on as they were
//   lstat each link again                    what changed meanwhile stays
//   unlink each link                         crash: a link less; power cut: a link may be back, and is
//   rmdir empty parents                             delivered, so it is released again

import type { Clock } from "../platform/clock.ts";
import { below, removeEmptyDirectories } from "./below.ts";
import type { Generation } from "./entry.ts";
import { lengthOf } from "./entry.ts";
import { type HeldEntry, isOnlyOurs } from "./held.ts";
import type { Spool } from "./spool.ts";

/** Below this part of free space, delivered files go early. */
const SCARCE = 0.1;
/** Even then they must have been unchanged for this long, in ms, or for a scan interval. */
const QUIET = 60_000;
/** Ended generations kept of a file: so many losses of a tail, each further on than the last, nobody has; a rewriter may. */
const KEPT = 16;
/** Files whose names are noted together. */
const BATCH = 64;

export interface RetentionRules {
  readonly clock: Clock;
  /** ms; Infinity: never by age. */
  readonly retention: number;
  readonly scanInterval: number;
  /** Of an ended generation too: nothing more of it will be sent. */
  readonly isDelivered: (generation: Generation) => boolean;
}

export interface RetentionHooks {
  readonly stopped: () => boolean;
  /** The generation's link is gone. */
  readonly released: (generation: Generation, early: boolean) => void;
  readonly failed: (generation: Generation, cause: unknown) => void;
}

/** One round for one spool. */
export async function retainIn(
  spool: Spool,
  entries: () => Iterable<HeldEntry>,
  rules: RetentionRules,
  hooks: RetentionHooks,
): Promise<void> {
  const { retention, scanInterval } = rules;
  if (retention !== Number.POSITIVE_INFINITY) {
    await release(spool, releasable(spool, entries(), rules, retention), rules, () => true, false, hooks);
  }
  if (!isScarce(spool)) return;
  const early = releasable(spool, entries(), rules, Math.min(retention, QUIET, scanInterval));
  await release(spool, early, rules, () => isScarce(spool), true, hooks);
}

/**
 * Lets go of the entry's generations of which nothing counts any more, and of the oldest delivered ones beyond `KEPT`. The
 * others stay as long as the file: where a tail is lost once more, it is known from them what lies before it.
 */
export async function releaseEnded(
  spool: Spool,
  entry: HeldEntry,
  rules: RetentionRules,
  released: (generation: Generation) => void,
): Promise<void> {
  const counting = entry.generations.filter(({ start, end }) => end !== undefined && end > start);
  const kept = new Set(counting.slice(-KEPT));
  const isEnded = (generation: Generation) => {
    const { start, end } = generation;
    if (end === undefined || kept.has(generation)) return false;
    return end <= start || (entry.size >= end && rules.isDelivered(generation));
  };
  // While the newest could not be made, the last link is an ended one: without it the file would be gone.
  const ended = entry.due === undefined ? entry.generations.filter(isEnded) : [];
  if (ended.length === 0) return;
  await spool.released.add(ended.map(({ name }) => name));
  // Meanwhile the file may have been truncated once more, or its link found gone.
  if (entry.due !== undefined) return;
  for (const generation of ended) if (entry.generations.includes(generation)) drop(spool, generation, released);
}

/** The entries of `spool` that may go now, oldest first. */
function releasable(spool: Spool, entries: Iterable<HeldEntry>, rules: RetentionRules, quiet: number): HeldEntry[] {
  const found: HeldEntry[] = [];
  for (const entry of entries) {
    if (entry.holder !== spool || !isOnlyOurs(entry) || unchangedFor(entry, rules.clock) < quiet) continue;
    if (isAllDelivered(entry, rules)) found.push(entry);
  }
  return found.sort((a, b) => a.mtimeMs - b.mtimeMs);
}

/** Releases a few at a time, as long as `wanted` says so. */
async function release(
  spool: Spool,
  candidates: readonly HeldEntry[],
  rules: RetentionRules,
  wanted: () => boolean,
  early: boolean,
  hooks: RetentionHooks,
): Promise<void> {
  for (let i = 0; i < candidates.length && wanted() && !hooks.stopped(); i += BATCH) {
    const batch = candidates.slice(i, i + BATCH).filter(({ generations }) => generations.length > 0);
    const [first] = batch[0]?.generations ?? [];
    if (first === undefined) continue;
    try {
      await spool.released.add(batch.flatMap((entry) => entry.generations.map(({ name }) => name)));
      for (const entry of batch) {
        // A name that was noted and is held on costs nothing.
        if (!wanted()) return;
        if (!isUntouched(spool, entry) || !isAllDelivered(entry, rules)) continue;
        for (const generation of [...entry.generations]) drop(spool, generation, (one) => hooks.released(one, early));
      }
    } catch (cause) {
      hooks.failed(first, cause);
      return;
    }
  }
}

/** For how long the file was unchanged, in ms, as far as this process and the file's own time tell. */
function unchangedFor(entry: HeldEntry, clock: Clock): number {
  return Math.min(clock.now() - entry.mtimeMs, clock.elapsed() - entry.changedAt);
}

/** True where less than a tenth of the file system is free. */
function isScarce(spool: Spool): boolean {
  const { free, total } = spool.root.space();
  return total > 0 && free / total < SCARCE;
}

function isAllDelivered(entry: HeldEntry, rules: RetentionRules): boolean {
  if (entry.due !== undefined) return false;
  return entry.generations.every((generation) => lengthOf(generation) === 0 || rules.isDelivered(generation));
}

/** Between the decision and the unlink the writer may have come back. */
function isUntouched(spool: Spool, entry: HeldEntry): boolean {
  const first = entry.generations[0];
  const stat = first === undefined ? undefined : spool.look(first);
  if (stat === undefined) return false;
  return stat.size === entry.size && stat.mtimeMs === entry.mtimeMs && stat.nlink <= entry.generations.length;
}

function drop(spool: Spool, generation: Generation, done: (generation: Generation) => void): void {
  if (spool.look(generation) !== undefined) {
    below(spool.root, generation.name, (directory, leaf) => directory.unlink(leaf));
    if (generation.name.includes("/")) removeEmptyDirectories(spool.root, generation.name);
  }
  done(generation);
}
