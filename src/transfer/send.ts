// PUTs consecutive ranges of one file over one connection, several on the wire at once where the destination is
// strict, and stops at the first answer that is not a clean success. Each range says what the bytes before it
// are, and each answer what all bytes up to its end are: both are compared, end to end, with no extra request.

import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import type { PrefixDigest } from "../protocol/digest-field.ts";
import type { PutOutcome } from "../protocol/outcome.ts";
import { sameDigest, type TreeHash } from "../protocol/tree-hash.ts";
import { type Generation, isSuperseded, lengthOf } from "../spool/entry.ts";
import { type Mark, TAIL } from "../spool/mark.ts";
import type { Desk, Served } from "./desk.ts";
import { denial } from "./events.ts";
import { hashFromStart, keptLeaves } from "./kept-leaves.ts";
import { readMarked, ShorterFile } from "./local-digest.ts";
import { LIVE } from "./next-step.ts";
import { keepHash, type Progress, reachOf, runningHash } from "./progress.ts";
import { type Reading, readRange } from "./read-range.ts";
import type { Reply } from "./remote.ts";
import { troubleOf, unreadable } from "./trouble.ts";

/** Our bytes and the destination's, or ours and what we remember of them, are not the same: compare. */
export interface Doubt {
  readonly kind: "doubt";
}

type Outcome = Reply<PutOutcome>["outcome"];

interface Sent {
  readonly from: number;
  readonly to: number;
  /** What it was read into, where that is what is on the wire. */
  readonly buffer: Uint8Array | undefined;
  /** So many bytes fewer are on the wire, since they are compressed; 0 where they are not. */
  readonly spared: number;
  readonly mark: Mark | undefined;
  /** Of all bytes before `from`. */
  readonly believed: Uint8Array | undefined;
  /** Of all bytes up to `to`. */
  readonly digest: Uint8Array | undefined;
  /** Monotonic ms at which it was sent. */
  readonly at: number;
  readonly reply: Promise<Reply<PutOutcome>>;
}

/**
 * `depth`: ranges on the wire at once; about `most` bytes. With `allRead` one range of a small new file; told once that was
 * read, before anything else happens.
 */
export async function send(
  progress: Progress,
  file: OpenFile,
  allRead: (() => void) | undefined,
  connection: HttpConnection,
  desk: Desk,
  depth: number,
  most: number,
): Promise<Served | Doubt> {
  const { generation } = progress;
  const first = progress.known ? progress.offset : 0;
  const inFlight: Sent[] = [];
  let next = first;
  /** So many of our bytes are known to be durable here, where that is asked for. */
  let synced = 0;
  let stop: Served | Doubt | undefined;
  /** An answer came that is no clean success, or none will. */
  let inTrouble = false;
  const { rateLimit: limit } = desk;
  const live = most <= LIVE;
  // Before the digest is taken: what is found while it is made counts as well.
  const { rewrites } = generation.entry;
  const isJudged = desk.strict && desk.verifies !== false;
  let hash = isJudged && allRead !== undefined ? hashFromStart(generation, desk.newHash) : undefined;
  if (isJudged && allRead === undefined) {
    hash = await hashAt(progress, file, first, desk).catch((error: unknown) => {
      stop = unreadable(error);
      if (error instanceof ShorterFile) {
        // Perhaps nobody else looks: sync-once has no sweeps.
        desk.lookAgain(progress, { kind: "shorter", stat: file.stat() });
        stop = { kind: "doubt" };
      }
      return undefined;
    });
  }
  progress.hash = undefined; // it runs ahead of the answers from here on
  let digest = hash?.digest();
  for (;;) {
    while (
      (allRead === undefined || next === first) &&
      stop === undefined &&
      !inTrouble &&
      inFlight.length < depth &&
      connection.usable &&
      next - first < most
    ) {
      const length = Math.min(desk.window.size, limit?.most ?? Number.POSITIVE_INFINITY, lengthOf(generation) - next);
      if (length <= 0) break;
      if (limit !== undefined && !limit.take(length, live)) {
        if (inFlight.length > 0) break; // answers first
        if (!(await limit.wait(length, live))) stop = { kind: "again" };
        if (stop !== undefined || !connection.usable) break;
      }
      if (desk.syncSource && next + length > synced) {
        synced = lengthOf(generation);
        stop = await file.sync().then(() => undefined, unreadable);
        if (stop !== undefined) break;
      }
      const buffer = desk.buffers.take(length + TAIL);
      const read = readRange(file, generation, next, length, buffer).catch(unreadable);
      // A small range is read by now, before anybody else has opened a file.
      allRead?.();
      const reading = await read;
      if (reading.kind !== "piece") {
        stop = reading.kind === "fault" ? reading : changed(progress, reading, desk);
        break;
      }
      const coded = await desk.compression?.code(progress, reading.piece.bytes);
      // Another destination's comparison found that the file is not what it was: our digest is of what was.
      if (generation.entry.rewrites !== rewrites) {
        stop = { kind: "doubt" };
        break;
      }
      // It ended meanwhile: what was read belongs to the generation that goes on.
      if (lengthOf(generation) < next + length) {
        stop = { kind: "again" };
        break;
      }
      // While that took its time an answer may have come behind which nothing follows unasked.
      if (inTrouble || !connection.usable) break;
      const { bytes, mark } = reading.piece;
      // Only now: what was read and never sent says nothing of the file, which may have been cut since.
      leaveMark(generation, mark);
      // From here until its answer is in, nobody can tell how much is there.
      progress.known = false;
      progress.fresh = false;
      const believed = digest;
      hash?.update(bytes);
      digest = hash?.digest();
      const at = desk.now();
      const reply = desk.remote.put(connection, generation.name, next, lengthOf(generation), bytes, believed, coded);
      void reply.then(({ outcome }) => {
        inTrouble ||= outcome.kind !== "appended";
      });
      const spared = coded === undefined ? 0 : length - coded.body.byteLength;
      if (coded !== undefined) {
        desk.buffers.give(buffer);
        limit?.spared(spared);
      }
      const kept = coded === undefined ? buffer : undefined;
      inFlight.push({ from: next, to: next + length, buffer: kept, spared, mark, believed, digest, at, reply });
      next += length;
    }
    const head = inFlight.shift();
    if (head === undefined) break;
    const trouble = await settle(progress, head, desk);
    if (trouble === undefined) continue;
    // What is pipelined behind a range that was not appended can only be refused, or be in doubt as well.
    if (inFlight.length > 0) connection.destroy();
    for (const rest of inFlight) mayBeTaken(progress, rest, (await rest.reply).outcome);
    return trouble;
  }
  if (next > first) progress.known = true;
  if (hash?.size === progress.offset) keepHash(progress, hash, rewrites);
  return stop ?? (progress.offset < lengthOf(generation) ? { kind: "again" } : { kind: "rest" });
}

/** Whoever reads on looks first whether what was sent is still there. */
function leaveMark(generation: Generation, mark: Mark | undefined): void {
  const { entry } = generation;
  if (mark === undefined || isSuperseded(generation)) return;
  if (mark.offset >= (entry.mark?.offset ?? 0)) entry.mark = mark;
}

/** The running digest of the first `size` bytes as they are here. */
async function hashAt(progress: Progress, file: OpenFile, size: number, desk: Desk): Promise<TreeHash> {
  const running = runningHash(progress, size);
  if (running !== undefined) return running;
  const { generation } = progress;
  const kept = keptLeaves(generation, size, file);
  return (await readMarked(file, generation, size, desk.newHash, kept)).whole;
}

/** The file is not the one whose first bytes were sent. */
function changed(progress: Progress, reading: Exclude<Reading, { kind: "piece" }>, desk: Desk): Served | Doubt {
  if (reading.kind === "shorter" && desk.lookAgain(progress, reading)) return { kind: "again" };
  if (desk.verifies === true && reachOf(progress) > 0) return { kind: "doubt" };
  return desk.lookAgain(progress, reading)
    ? { kind: "again" }
    : { kind: "fault", fault: { kind: "local", text: "it is shorter here than what was sent", lasting: true } };
}

/** No answer, or one that leaves it open: the bytes may be there, and are ours then. */
function mayBeTaken(progress: Progress, sent: Sent, { kind }: Outcome): void {
  if (kind !== "failed" && kind !== "unknown" && kind !== "unavailable") return;
  const { entry, start } = progress.generation;
  entry.sentTo = Math.max(entry.sentTo, start + sent.to);
  // A power cut there may have left NULs in their place, and their number. Where nothing follows, no append would tell.
  progress.compare = true;
}

/** Whether what is there has bytes, and they are those before what was sent. */
function isOurs({ from, believed }: Sent, there: PrefixDigest | undefined): boolean {
  if (from === 0 || believed === undefined || there?.size !== from) return false;
  return sameDigest(believed, there.digest);
}

/** Waits for one range's answer. What is wrong, or undefined where it was appended. */
async function settle(progress: Progress, sent: Sent, desk: Desk): Promise<Served | Doubt | undefined> {
  const since = desk.now();
  const reply = await sent.reply;
  const { outcome, digest } = reply;
  if (outcome.kind !== "failed") desk.heard(reply);
  mayBeTaken(progress, sent, outcome);
  switch (outcome.kind) {
    case "appended":
      desk.window.answered(sent.to - sent.from, desk.now() - since, desk.now() - sent.at);
      desk.compression?.appended(progress, sent.spared);
      if (sent.buffer !== undefined) desk.buffers.give(sent.buffer); // all of it was read by the peer; else it is left to the collector
      if (sent.digest !== undefined && desk.strict) desk.showed(digest !== undefined);
      if (sent.digest !== undefined && digest !== undefined) {
        // Appended, but not what we sent: nothing is believed of it.
        if (digest.size !== sent.to || !sameDigest(digest.digest, sent.digest)) return { kind: "doubt" };
        desk.same(progress, sent.to);
      }
      desk.appended(progress, sent.to, sent.mark);
      if (desk.strict || sent.from === 0 || progress.appends === "yes") return undefined;
      // Not a server of ours: did it append, or put these bytes in place of the file?
      progress.appends = "asked";
      progress.known = false;
      return { kind: "again" };
    case "too-large":
      if (desk.window.tooLarge(sent.to - sent.from)) return { kind: "again" };
      return { kind: "fault", fault: { kind: "denied", text: denial(413), lasting: true } };
    case "diverged":
      // Not the server any more that offered to take it: it gets the bytes as they are.
      if (sent.spared > 0 && !desk.strict) return { kind: "again" };
      if (desk.verifies !== false && sent.digest !== undefined) return { kind: "doubt" };
      return { kind: "fault", fault: { kind: "denied", text: denial(412), lasting: true } };
    case "sealed":
      if (!isOurs(sent, digest) || outcome.size !== sent.from || !desk.strict) {
        return { kind: "fault", fault: { kind: "denied", text: denial(410), lasting: true } };
      }
      desk.sealed(progress, sent.from);
      return { kind: "again" };
    case "refused": {
      progress.refusals++;
      if (progress.refusals === 1) return { kind: "again" }; // ask, and go on from there
      const text =
        outcome.status === 409
          ? "409: another writer holds the file there, a directory is in its place, or its directory is missing"
          : "416: it says that it is not at the end, and then that it is";
      return { kind: "fault", fault: { kind: "denied", text, lasting: false } };
    }
    case "denied":
      if (sent.spared > 0 && desk.compression?.refused(progress, outcome.status)) return { kind: "again" };
      // Not a server of ours, and not able to append: each try would cost a body and change nothing.
      if (outcome.status === 501 && !desk.strict) {
        return { kind: "fault", fault: { kind: "no-append", text: denial(501), lasting: true } };
      }
      return troubleOf(outcome);
    default:
      return troubleOf(outcome);
  }
}
