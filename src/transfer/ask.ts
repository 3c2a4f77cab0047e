// HEAD: how long is the destination's copy? And, where that is not enough to go on by, whether it begins with
// our bytes (compare.ts).

import type { HttpConnection } from "../platform/http.ts";
import type { Desk, Served } from "./desk.ts";
import type { Progress } from "./progress.ts";
import { troubleOf } from "./trouble.ts";

const NO_APPEND = "it replaced the file instead of appending; its copy is damaged, and nothing more is sent";

/** What is wrong, or undefined where the size is known now. */
export async function ask(progress: Progress, connection: HttpConnection, desk: Desk): Promise<Served | undefined> {
  // The digest of nothing costs nothing, and shows whether digests are known there.
  const want = desk.verifies === undefined ? { size: 0, fresh: false } : undefined;
  const reply = await desk.remote.head(connection, progress.generation.name, want);
  const { outcome, digest } = reply;
  progress.fresh = false;
  if (outcome.kind !== "failed") desk.heard(reply);
  if (outcome.kind !== "size") return troubleOf(outcome);
  // An absent file has no digest to show.
  if (want !== undefined && outcome.exists) desk.showed(digest !== undefined);
  if (desk.verifies === false) progress.compare = false;
  if (progress.appends === "asked") {
    if (outcome.size < progress.offset) {
      return { kind: "fault", fault: { kind: "no-append", text: NO_APPEND, lasting: true } };
    }
    progress.appends = "yes";
  }
  progress.known = true;
  desk.learned(progress, outcome.size, outcome.exists);
  return undefined;
}
