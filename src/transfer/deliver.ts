// Serves one file at one destination over one connection: asks, compares where there is doubt, sends. After any
// outcome of a PUT but a clean success the next request for that file is HEAD. Decides nothing about when or
// whether to try again: that is the destination's one loop (destination.ts).

import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import { ask } from "./ask.ts";
import { compare } from "./compare.ts";
import type { Desk, Served } from "./desk.ts";
import { nextStep } from "./next-step.ts";
import type { Progress } from "./progress.ts";
import { send } from "./send.ts";
import { unreadable } from "./trouble.ts";

/**
 * Brings `progress` forward until nothing is left, something went wrong, or about `most` bytes were sent.
 * `most` 0: only asks. `depth`: how many ranges may be on the wire at once (1 unless the destination is strict).
 */
export async function deliver(
  progress: Progress,
  connection: HttpConnection,
  desk: Desk,
  depth: number,
  most: number,
): Promise<Served> {
  if (nextStep(progress, desk).kind === "ask") {
    const trouble = await ask(progress, connection, desk);
    if (trouble !== undefined) return trouble;
    // Something may end each connection behind an answer, and word of it comes too late: the append gets its own.
    if (progress.broken > 0 && most > 0) connection.destroy();
  }
  if (most === 0 || !connection.usable) return { kind: "again" };
  const step = nextStep(progress, desk);
  if (step.kind === "rest") return { kind: "rest" };
  if (step.kind === "ask") return { kind: "again" };
  let file: OpenFile;
  try {
    file = progress.generation.entry.holder.open(progress.generation.entry);
  } catch (error) {
    return unreadable(error);
  }
  try {
    if (step.kind === "compare") {
      return (await compare(progress, file, connection, desk, progress.thorough)) ?? { kind: "again" };
    }
    const served = await send(progress, file, connection, desk, depth, most);
    if (served.kind !== "doubt") return served;
    return await settleDoubt(progress, file, connection, desk);
  } finally {
    file.close();
  }
}

/** Something did not fit: how much is there, and is it the same? */
async function settleDoubt(
  progress: Progress,
  file: OpenFile,
  connection: HttpConnection,
  desk: Desk,
): Promise<Served> {
  progress.known = false;
  const trouble = (await ask(progress, connection, desk)) ?? (await compare(progress, file, connection, desk, true));
  if (trouble !== undefined) return trouble;
  // All the same after all. Once may be a race with a writer; again and again is a fault.
  if (++progress.refusals === 1) return { kind: "again" };
  const text = "its digests do not fit what it says when it is asked";
  return { kind: "fault", fault: { kind: "denied", text, lasting: false } };
}
