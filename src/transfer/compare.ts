// Compares what is here with what is there by digests, and finds the exact byte where they part by bisection
// (docs/PROTOCOL.md, "When local and remote differ"). Nothing is said to differ but on bytes that both sides have
// just read. Then: who changed? Where our own bytes no longer are what was acknowledged, we did.

import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import { LEAF, sameDigest } from "../protocol/tree-hash.ts";
import { lengthOf } from "../spool/entry.ts";
import { holds } from "../spool/mark.ts";
import type { Desk, Parted, Served } from "./desk.ts";
import { diverged } from "./events.ts";
import { LocalDigest, ShorterFile } from "./local-digest.ts";
import type { Progress } from "./progress.ts";
import { troubleOf, unreadable } from "./trouble.ts";

/** A generation begins at a line break where there is one this near before the byte that differs. */
const NEAR = 64 * 1024;

/** How a comparison ended: undefined where all that both have is the same. */
export async function compare(
  progress: Progress,
  file: OpenFile,
  connection: HttpConnection,
  desk: Desk,
): Promise<Served | undefined> {
  try {
    const size = Math.min(progress.offset, lengthOf(progress.generation));
    const local = await LocalDigest.read(file, progress.generation.start, size, desk.newHash);
    const first = await askDigest(progress, size, connection, desk);
    if (!("digest" in first)) return first;
    if (first.size < size) {
      progress.known = false; // it was restored meanwhile and is shorter now
      return { kind: "again" };
    }
    const ours = local.whole.digest();
    if (sameDigest(ours, first.digest)) {
      progress.hash = local.whole;
      desk.same(progress, size);
      return undefined;
    }
    const at = await bisect(progress, local, size, connection, desk);
    if (typeof at !== "number") return at;
    return judge(progress, file, { at, size, ours, theirs: first.digest }, desk);
  } catch (error) {
    if (!(error instanceof ShorterFile)) return unreadable(error);
    // It is being truncated under our eyes, and sync-once has nobody else who would look.
    desk.lookAgain(progress, { kind: "shorter", stat: file.stat() });
    return { kind: "again" };
  }
}

/** How many first bytes are the same, knowing that of `size` bytes not all are. */
async function bisect(
  progress: Progress,
  local: LocalDigest,
  size: number,
  connection: HttpConnection,
  desk: Desk,
): Promise<number | Served> {
  let same = 0;
  let other = size;
  while (other - same > 1) {
    // By whole leaves first: their digests are at hand at both ends.
    const leaves = Math.floor((other - 1) / LEAF) - Math.floor(same / LEAF);
    const middle =
      leaves > 0 ? (Math.floor(same / LEAF) + Math.ceil(leaves / 2)) * LEAF : same + Math.floor((other - same) / 2);
    const theirs = await askDigest(progress, middle, connection, desk);
    if (!("digest" in theirs)) return theirs;
    if (theirs.size !== middle) return { kind: "again" };
    if (sameDigest(await local.prefix(middle), theirs.digest)) same = middle;
    else other = middle;
  }
  return same;
}

async function askDigest(
  progress: Progress,
  size: number,
  connection: HttpConnection,
  desk: Desk,
): Promise<{ size: number; digest: Uint8Array } | Served> {
  const { outcome, start, digest } = await desk.remote.head(connection, progress.generation.name, size);
  if (outcome.kind !== "failed") desk.heard(start);
  if (outcome.kind !== "size") return troubleOf(outcome);
  if (digest === undefined || digest.size !== Math.min(size, outcome.size)) {
    const text = "it does not tell the digest that it was asked for";
    return { kind: "fault", fault: { kind: "denied", text, lasting: false } };
  }
  return digest;
}

function judge(progress: Progress, file: OpenFile, parted: Parted, desk: Desk): Served {
  const { entry, start } = progress.generation;
  const size = file.stat().size;
  const memory = entry.acknowledged;
  const here = start + parted.at;
  const weChanged =
    memory === undefined
      ? parted.at > 0
      : memory.offset > size ||
        !holds(memory, file) ||
        // The memory of an earlier life may be older than what was acknowledged last.
        (memory.loaded === true && here >= memory.offset);
  if (!weChanged) return { kind: "fault", fault: { kind: "diverged", text: diverged(parted), lasting: true } };
  desk.partedHere(progress, lineBreakBefore(file, start, here) - start);
  return { kind: "again" };
}

/** Where the line begins that `at` is in: behind the last line break in `[start, at)`, or at `start`; `at` where that is far. */
function lineBreakBefore(file: OpenFile, start: number, at: number): number {
  const length = Math.min(NEAR, at - start);
  const before = Buffer.allocUnsafe(length);
  const count = file.readNow(before, 0, length, at - length);
  const found = before.subarray(0, count).lastIndexOf(0x0a);
  if (found !== -1) return at - length + found + 1;
  return at - length === start ? start : at;
}
