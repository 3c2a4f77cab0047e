// Compares what is here with what is there by digests, and finds the exact byte where they part by bisection
// (docs/PROTOCOL.md, "When local and remote differ"). Nothing is said to differ but on bytes that both sides have
// just read. Then: who changed? Where our own bytes no longer are what was acknowledged, we did.

import type { Bytes } from "../base/text.ts";
import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import type { PrefixDigest } from "../protocol/digest-field.ts";
import { sameDigest } from "../protocol/tree-hash.ts";
import { isSuperseded, lengthOf } from "../spool/entry.ts";
import { holds, type Mark } from "../spool/mark.ts";
import { bisect } from "./bisect.ts";
import { sealedBefore } from "./continuation.ts";
import type { Desk, Parted, Served } from "./desk.ts";
import { diverged } from "./events.ts";
import { newLeaves } from "./kept-leaves.ts";
import { LocalDigest, readMarked, ShorterFile } from "./local-digest.ts";
import { keepHash, type Progress, runningHash } from "./progress.ts";
import { troubleOf, unreadable } from "./trouble.ts";

/** So many equal bytes are no coincidence. */
const ENOUGH = 64;
/** A generation begins at a line break where there is one this near before the byte that differs. */
const NEAR = 64 * 1024;

/**
 * How a comparison ended: undefined where all that both have is the same. What either side remembers may say so; that
 * they differ is told only of bytes that both have read just now. `thorough`: ours are read in any case.
 */
export async function compare(
  progress: Progress,
  file: OpenFile,
  connection: HttpConnection,
  desk: Desk,
  thorough: boolean,
): Promise<Served | undefined> {
  try {
    const { generation } = progress;
    const size = Math.min(progress.offset, lengthOf(generation));
    const { entry } = generation;
    // Before anything is read: what another destination finds meanwhile counts as well.
    const { rewrites } = entry;
    // Before it is marked anew: are these the bytes that were read before?
    const rewritten = !isSuperseded(generation) && entry.mark !== undefined && !holds(entry.mark, file);
    const running = thorough || rewritten ? undefined : runningHash(progress, size);
    const read = () => readMarked(file, generation, size, desk.newHash, newLeaves(generation));
    let local = running === undefined ? await read() : undefined;
    const first = await askDigest(progress, size, false, connection, desk);
    if ("kind" in first) return first;
    // Fewer where the bytes there are gone: what is told has to do.
    const hash = first.size === size ? (local?.whole ?? running) : undefined;
    if (hash !== undefined && sameDigest(hash.digest(), first.digest)) {
      keepHash(progress, hash, rewrites);
      desk.same(progress, size);
      return undefined;
    }
    local ??= await read();
    const theirs = await askDigest(progress, size, true, connection, desk);
    if ("kind" in theirs) return theirs;
    const told = theirs.size;
    const ours = await local.prefix(told);
    if (sameDigest(ours, theirs.digest)) {
      keepHash(progress, local.whole, rewrites);
      desk.same(progress, size);
      return undefined;
    }
    const at = await bisect(local, told, (middle) => askDigest(progress, middle, true, connection, desk));
    if (typeof at !== "number") return at;
    // Meanwhile another destination's comparison had the file go on under a further name: they part behind its end.
    if (isSuperseded(generation) && at >= lengthOf(generation)) return { kind: "again" };
    const parted = { at, size: told, ours, theirs: theirs.digest };
    const foreign: Served = { kind: "fault", fault: { kind: "diverged", text: diverged(parted), lasting: true } };
    if (!isOurs(progress, file, parted, rewritten)) return foreign;
    const { start } = generation;
    let from = start;
    let here = start + at;
    if (at < ENOUGH && start > 0) {
      // Where nothing of a later generation is left as it was, what lies before it may be new as well.
      const before = await partedBefore(progress, file, connection, desk);
      if (before !== undefined) {
        if (!("here" in before)) return before;
        if (before.here === 0 && memoryOf(progress, at) === undefined) return foreign;
        ({ from, here } = before);
      }
    }
    desk.partedHere(progress, lineBreakBefore(file, from, here));
    return { kind: "again" };
  } catch (error) {
    if (!(error instanceof ShorterFile)) return unreadable(error);
    // It is being truncated under our eyes, and sync-once has nobody else who would look.
    desk.lookAgain(progress, { kind: "shorter", stat: file.stat() });
    return { kind: "again" };
  }
}

/** The digest of the first `size` bytes there; `fresh`: of bytes that are read for it. */
async function askDigest(
  progress: Progress,
  size: number,
  fresh: boolean,
  connection: HttpConnection,
  desk: Desk,
): Promise<PrefixDigest | Served> {
  const told = await askPrefix(progress.generation.name, { size, fresh }, connection, desk);
  if ("kind" in told) return told;
  if (told.of < size) {
    progress.known = false; // it was restored meanwhile and is shorter now
    return { kind: "again" };
  }
  // Of fewer bytes: of those that it can tell of (docs/PROTOCOL.md, "Sealed files").
  if (told.digest !== undefined && told.digest.size <= size) return told.digest;
  const text = "it does not tell the digest that it was asked for";
  return { kind: "fault", fault: { kind: "denied", text, lasting: false } };
}

/** How many bytes there are under `name`, and the digest of the first of them that it tells. */
async function askPrefix(
  name: Bytes,
  want: { readonly size: number; readonly fresh: boolean },
  connection: HttpConnection,
  desk: Desk,
): Promise<{ readonly of: number; readonly digest: PrefixDigest | undefined } | Served> {
  const reply = await desk.remote.head(connection, name, want);
  const { outcome, digest } = reply;
  if (outcome.kind !== "failed") desk.heard(reply);
  if (outcome.kind !== "size") return troubleOf(outcome);
  return { of: outcome.size, digest };
}

/**
 * Where the file parts from the copies of its older generations, and where the generation begins that it is in;
 * undefined: they hold what lies before this one. Where nothing is known to lie before it, they part at its first byte.
 */
async function partedBefore(
  { of, generation }: Progress,
  file: OpenFile,
  connection: HttpConnection,
  desk: Desk,
): Promise<{ readonly from: number; readonly here: number } | Served | undefined> {
  let known = 0;
  const older = generation.entry.generations.map(({ name, start, end = start }) => ({ name, start, end }));
  const before = older.filter(({ start, end }) => start < of.start && end > start);
  for (const { name, start, end } of [...before, ...sealedBefore(generation)]) {
    const ask = async (size: number): Promise<PrefixDigest | Served> => {
      const told = await askPrefix(name, { size, fresh: true }, connection, desk);
      return "kind" in told ? told : (told.digest ?? { size: 0, digest: desk.newHash().digest() });
    };
    const theirs = await ask(end - start);
    if ("kind" in theirs) return theirs;
    const local = await LocalDigest.read(file, start, theirs.size, desk.newHash);
    if (!sameDigest(local.whole.digest(), theirs.digest)) {
      const at = await bisect(local, theirs.size, ask);
      if (typeof at !== "number") return at;
      // Of what lay before the oldest that is kept nothing is known.
      return at === 0 && known === 0 ? { from: 0, here: 0 } : { from: start, here: start + at };
    }
    known = end;
  }
  return known === generation.start ? undefined : { from: 0, here: 0 };
}

/** Whether we changed. `rewritten`: our bytes are not those that we have read ourselves. */
function isOurs(progress: Progress, file: OpenFile, parted: Parted, rewritten: boolean): boolean {
  const { entry, start } = progress.generation;
  const size = file.stat().size;
  const here = start + parted.at;
  const memory = memoryOf(progress, parted.at);
  return (
    rewritten ||
    entry.rewritten ||
    (memory === undefined
      ? here > 0 // a common beginning; that of a later generation is there under the first name
      : memory.offset > size ||
        !holds(memory, file) ||
        // Behind it may be what was taken and not answered, or answered and forgotten in a power cut.
        (here >= memory.offset && (memory.loaded === true || entry.sentTo > memory.offset)))
  );
}

/** What it had before this life is judged by what was remembered then: another one's answer since says nothing of it. */
function memoryOf({ generation: { entry }, hadAtFirst }: Progress, at: number): Mark | undefined {
  return at < (hadAtFirst ?? 0) ? entry.remembered : entry.acknowledged;
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
