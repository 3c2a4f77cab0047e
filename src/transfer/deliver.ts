// Serves one file at one destination over one connection: asks, compares where there is doubt, sends. After any
// outcome of a PUT but a clean success the next request for that file is HEAD. Decides nothing about when or
// whether to try again: that is the destination's one loop (destination.ts).

import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import { ask } from "./ask.ts";
import { compare } from "./compare.ts";
import { compareSealed, startOver } from "./continuation.ts";
import type { Desk, Served } from "./desk.ts";
import { LIVE, nextStep, queueFor, SMALL } from "./next-step.ts";
import type { Progress } from "./progress.ts";
import { send } from "./send.ts";
import { unreadable } from "./trouble.ts";

/**
 * Brings `progress` forward until nothing is left, something went wrong, or about `most` bytes were sent.
 * `most` 0: only asks; SMALL: sends a new file, all of which is read before the first byte leaves. `depth`: how many
 * ranges may be on the wire at once (1 unless the destination is strict).
 */
export async function deliver(
  progress: Progress,
  connection: HttpConnection,
  desk: Desk,
  depth: number,
  most: number,
): Promise<Served> {
  if (progress.restart) startOver(progress);
  // On a connection with others' it does what it was put there for, or waits elsewhere.
  const first = nextStep(progress, desk);
  if (most === SMALL && (first.kind === "rest" || queueFor(progress, first, desk) !== "new")) return { kind: "again" };
  if (first.kind === "ask") {
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
  let isOpen = true;
  const close = () => {
    if (isOpen) file.close();
    isOpen = false;
  };
  try {
    if (step.kind === "compare") return (await compared(progress, file, connection, desk)) ?? { kind: "again" };
    const ranges = most > LIVE ? depth : 0; // live appends are small
    desk.window.begin(ranges);
    // Many new files may be on the wire: an open one each would be more than the kernel allows.
    const allRead = most === SMALL ? close : undefined;
    const served = await send(progress, file, allRead, connection, desk, depth, most).finally(() =>
      desk.window.end(ranges),
    );
    if (served.kind !== "doubt") return served;
    // How much is there, and is it the same? On another connection: this one may have ended with the refusal.
    progress.known = false;
    progress.doubt = true;
    // Else it would be sent again unasked, and in doubt again, without ever waiting for anything.
    progress.fresh = false;
    compareSealed(progress);
    return { kind: "again" };
  } finally {
    close();
  }
}

async function compared(
  progress: Progress,
  file: OpenFile,
  connection: HttpConnection,
  desk: Desk,
): Promise<Served | undefined> {
  const { doubt } = progress;
  const ended = await compare(progress, file, connection, desk, doubt || progress.thorough);
  if (ended !== undefined) return ended;
  progress.doubt = false;
  // All the same after all. Once may be a race with a writer; again and again is a fault.
  if (!doubt || ++progress.refusals === 1) return undefined;
  const text = "its digests do not fit what it says when it is asked";
  return { kind: "fault", fault: { kind: "denied", text, lasting: false } };
}
