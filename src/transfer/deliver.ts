// Serves one file at one destination over one connection: asks, sends, and stops at the first answer that is
// not a clean success, after which the next request for that file is HEAD. Decides nothing about when or
// whether to try again: that is the destination's one loop (destination.ts).

import { codeOf, describe } from "../base/errors.ts";
import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import type { HeadOutcome, PutOutcome } from "../protocol/outcome.ts";
import { lengthOf } from "../spool/entry.ts";
import { type Mark, TAIL } from "../spool/mark.ts";
import { denial } from "./events.ts";
import { nextStep } from "./next-step.ts";
import type { Fault, Progress } from "./progress.ts";
import { type Reading, readRange } from "./read-range.ts";
import type { Failed, Remote, Reply } from "./remote.ts";

/** Why serving a file ended. */
export type Served =
  | { readonly kind: "rest" }
  /** More to do at once. */
  | { readonly kind: "again" }
  | { readonly kind: "fault"; readonly fault: Omit<Fault, "retryAt"> }
  /** The destination as a whole is in trouble; the connection is given up. */
  | {
      readonly kind: "down";
      readonly cause: string;
      readonly answered: boolean;
      readonly retryAfter: number | undefined;
    };

/** What serving a file needs of its destination. */
export interface Desk {
  readonly remote: Remote;
  /** The destination has shown the id of a strict server. */
  readonly strict: boolean;
  /** Bytes of the next range. */
  rangeSize(): number;
  /** A buffer of at least `length` bytes, given back when its answer has come. */
  takeBuffer(length: number): Uint8Array;
  giveBuffer(buffer: Uint8Array): void;
  /** Time on the connection of one range that was answered. */
  answered(length: number, ms: number): void;
  /** False where no smaller range is worth trying. */
  tooLarge(length: number): boolean;
  now(): number;
  /** An answer came; `start` is the server's life. */
  heard(start: string | undefined): void;
  /** The destination said how much it has. */
  learned(progress: Progress, size: number, exists: boolean): void;
  /** The destination acknowledged up to `offset`. */
  appended(progress: Progress, offset: number, mark: Mark | undefined): void;
  /** The file is not what it was: let the spool look; false where that changed nothing. */
  lookAgain(progress: Progress, reading: Exclude<Reading, { kind: "piece" }>): boolean;
}

const NO_APPEND = "it replaced the file instead of appending; its copy is damaged, and nothing more is sent";

interface Sent {
  readonly from: number;
  readonly to: number;
  readonly buffer: Uint8Array;
  readonly mark: Mark | undefined;
  readonly reply: Promise<Reply<PutOutcome>>;
}

/**
 * Brings `progress` forward until nothing is left, something went wrong, or about `most` bytes were sent.
 * `depth`: how many ranges may be on the wire at once (1 unless the destination is strict).
 */
export async function deliver(
  progress: Progress,
  connection: HttpConnection,
  desk: Desk,
  depth: number,
  most: number,
): Promise<Served> {
  if (nextStep(progress, desk.strict).kind === "ask") {
    const failed = await ask(progress, connection, desk);
    if (failed !== undefined) return failed;
  }
  const step = nextStep(progress, desk.strict);
  if (step.kind !== "send") return { kind: step.kind === "ask" ? "again" : "rest" };
  let file: OpenFile;
  try {
    file = progress.generation.entry.holder.open(progress.generation.entry);
  } catch (error) {
    return unreadable(error);
  }
  try {
    return await send(progress, file, connection, desk, depth, most);
  } finally {
    file.close();
  }
}

/** HEAD. What is wrong, or undefined where the size is known now. */
async function ask(progress: Progress, connection: HttpConnection, desk: Desk): Promise<Served | undefined> {
  const { outcome, start } = await desk.remote.head(connection, progress.generation.name);
  progress.fresh = false;
  if (outcome.kind !== "failed") desk.heard(start);
  if (outcome.kind !== "size") return troubleOf(outcome);
  if (progress.appends === "asked") {
    if (outcome.size < progress.offset)
      return { kind: "fault", fault: { kind: "no-append", text: NO_APPEND, lasting: true } };
    progress.appends = "yes";
  }
  progress.known = true;
  desk.learned(progress, outcome.size, outcome.exists);
  return undefined;
}

async function send(
  progress: Progress,
  file: OpenFile,
  connection: HttpConnection,
  desk: Desk,
  depth: number,
  most: number,
): Promise<Served> {
  const { generation } = progress;
  const first = progress.known ? progress.offset : 0;
  const inFlight: Sent[] = [];
  let next = first;
  let stop: Served | undefined;
  for (;;) {
    while (stop === undefined && inFlight.length < depth && connection.usable && next - first < most) {
      const length = Math.min(desk.rangeSize(), lengthOf(generation) - next);
      if (length <= 0) break;
      const buffer = desk.takeBuffer(length + TAIL);
      let reading: Reading;
      try {
        reading = await readRange(file, generation, next, length, buffer);
      } catch (error) {
        stop = unreadable(error);
        break;
      }
      if (reading.kind !== "piece") {
        stop = desk.lookAgain(progress, reading)
          ? { kind: "again" }
          : { kind: "fault", fault: { kind: "local", text: "it is shorter here than what was sent", lasting: true } };
        break;
      }
      const { bytes, mark } = reading.piece;
      // From here until its answer is in, nobody can tell how much is there.
      progress.known = false;
      progress.fresh = false;
      const reply = desk.remote.put(connection, generation.name, next, lengthOf(generation), bytes);
      inFlight.push({ from: next, to: next + length, buffer, mark, reply });
      next += length;
    }
    const head = inFlight.shift();
    if (head === undefined) break;
    const trouble = await settle(progress, head, desk);
    if (trouble === undefined) continue;
    // What is pipelined behind a range that was not appended can only be refused, or be in doubt as well.
    if (inFlight.length > 0) connection.destroy();
    for (const rest of inFlight) await rest.reply;
    return trouble;
  }
  if (next > first) progress.known = true;
  return stop ?? (progress.offset < lengthOf(generation) ? { kind: "again" } : { kind: "rest" });
}

/** Waits for one range's answer. What is wrong, or undefined where it was appended. */
async function settle(progress: Progress, sent: Sent, desk: Desk): Promise<Served | undefined> {
  const since = desk.now();
  const { outcome, start } = await sent.reply;
  if (outcome.kind !== "failed") desk.heard(start);
  if (outcome.kind === "appended") {
    desk.answered(sent.to - sent.from, desk.now() - since);
    desk.giveBuffer(sent.buffer); // all of it was read by the peer; else it is left to the collector
    desk.appended(progress, sent.to, sent.mark);
    if (desk.strict || sent.from === 0 || progress.appends === "yes") return undefined;
    // Not a server of ours: did it append, or put these bytes in place of the file?
    progress.appends = "asked";
    progress.known = false;
    return { kind: "again" };
  }
  if (outcome.kind === "too-large") {
    if (desk.tooLarge(sent.to - sent.from)) return { kind: "again" };
    return { kind: "fault", fault: { kind: "denied", text: denial(413), lasting: true } };
  }
  if (outcome.kind === "refused") {
    progress.refusals++;
    if (progress.refusals === 1) return { kind: "again" }; // ask, and go on from there
    const text =
      outcome.status === 409
        ? "409: another writer holds the file there, a directory is in its place, or its directory is missing"
        : "416: it says that it is not at the end, and then that it is";
    return { kind: "fault", fault: { kind: "denied", text, lasting: false } };
  }
  return troubleOf(outcome);
}

/** What an outcome that is no success means for the file or for the destination. */
export function troubleOf(outcome: Exclude<HeadOutcome | PutOutcome | Failed, { kind: "size" | "appended" }>): Served {
  switch (outcome.kind) {
    case "failed":
      return { kind: "down", cause: outcome.cause, answered: false, retryAfter: undefined };
    case "unavailable":
      return { kind: "down", cause: unavailability(outcome.status), answered: true, retryAfter: outcome.retryAfter };
    case "denied":
      return { kind: "fault", fault: { kind: "denied", text: denial(outcome.status), lasting: true } };
    case "unknown":
      return { kind: "fault", fault: { kind: "denied", text: denial(outcome.status), lasting: false } };
    default:
      return { kind: "fault", fault: { kind: "denied", text: "refused", lasting: false } };
  }
}

function unavailability(status: number): string {
  switch (status) {
    case 507:
      return "507, no space or quota left there";
    case 503:
      return "503, it is overloaded or shutting down";
    case 429:
      return "429, it is asked too often";
    default:
      return `${status}, a proxy does not reach it`;
  }
}

function unreadable(error: unknown): Served {
  const passing = codeOf(error) === "EMFILE" || codeOf(error) === "ENFILE";
  return { kind: "fault", fault: { kind: "local", text: describe(error), lasting: !passing } };
}
