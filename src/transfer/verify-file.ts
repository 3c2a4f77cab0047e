// Compares one file with one destination's copy by digests of bytes that both sides read for it; transfers no content.
// Beside a running client both may grow meanwhile: what counts are the bytes that were there when this began.

import { describe } from "../base/errors.ts";
import type { OpenFile } from "../platform/files.ts";
import type { HttpConnection } from "../platform/http.ts";
import type { PrefixDigest } from "../protocol/digest-field.ts";
import { type NewHash, sameDigest } from "../protocol/tree-hash.ts";
import { type Generation, isSuperseded } from "../spool/entry.ts";
import { bisect } from "./bisect.ts";
import { continuationOf } from "./continuation.ts";
import { diverged } from "./events.ts";
import { LocalDigest, ShorterFile } from "./local-digest.ts";
import type { Remote } from "./remote.ts";
import { troubleOf } from "./trouble.ts";

export type Verdict =
  | { readonly kind: "equal" }
  /** Its `same` bytes are our beginning. */
  | { readonly kind: "behind"; readonly same: number }
  /** It has `size` bytes, and ours are its beginning. */
  | { readonly kind: "ahead"; readonly size: number }
  /** The first `same` bytes are the same. */
  | { readonly kind: "diverged"; readonly same: number; readonly text: string }
  | { readonly kind: "missing" }
  /** It tells no digests. */
  | { readonly kind: "unverifiable"; readonly size: number }
  /** Trying again will not help. */
  | { readonly kind: "refused"; readonly text: string }
  /** No answer that says anything: to be tried again. */
  | { readonly kind: "unreachable"; readonly text: string };

/**
 * `goal`: how many bytes of the generation there were at the beginning. Where its copy ends before that, it may be sealed
 * there and go on under a further name (continuation.ts).
 */
export async function verifyFile(
  generation: Generation,
  goal: number,
  connection: HttpConnection,
  remote: Remote,
  newHash: NewHash,
): Promise<Verdict> {
  const first = await verifyOne(generation, goal, connection, remote, newHash);
  if (first.kind !== "behind" || first.same === 0) return first;
  const next = continuationOf(generation, first.same);
  const rest = await verifyFile(next, goal - first.same, connection, remote, newHash);
  switch (rest.kind) {
    case "missing":
      return first;
    case "behind":
    case "diverged":
      return { ...rest, same: first.same + rest.same };
    case "ahead":
    case "unverifiable":
      return { ...rest, size: first.same + rest.size };
    default:
      return rest;
  }
}

async function verifyOne(
  generation: Generation,
  goal: number,
  connection: HttpConnection,
  remote: Remote,
  newHash: NewHash,
): Promise<Verdict> {
  let file: OpenFile;
  try {
    file = generation.entry.holder.open(generation.entry);
  } catch (error) {
    return { kind: "refused", text: `it cannot be read here: ${describe(error)}` };
  }
  try {
    const { outcome, digest } = await remote.head(connection, generation.name, { size: goal, fresh: true });
    if (outcome.kind !== "size") return noSize(outcome);
    if (!outcome.exists) return goal === 0 ? { kind: "equal" } : { kind: "missing" };
    const both = Math.min(goal, outcome.size);
    if (digest === undefined || digest.size > both) return { kind: "unverifiable", size: outcome.size };
    const local = await LocalDigest.read(file, generation.start, both, newHash);
    const ours = await local.prefix(digest.size);
    if (sameDigest(ours, digest.digest)) return judgeSizes(generation, file, goal, outcome.size);
    const at = await bisect(local, digest.size, (size) => ask(generation, size, connection, remote));
    if (typeof at !== "number") return at;
    const text = diverged({ at, size: digest.size, ours, theirs: digest.digest });
    return { kind: "diverged", same: at, text };
  } catch (error) {
    const text =
      error instanceof ShorterFile ? "it became shorter meanwhile" : `it cannot be read here: ${describe(error)}`;
    return { kind: "refused", text };
  } finally {
    file.close();
  }
}

/** All that both have is the same. */
function judgeSizes(generation: Generation, file: OpenFile, goal: number, size: number): Verdict {
  if (size < goal) return { kind: "behind", same: size };
  // What a copy has behind the end of a generation is what this host lost: it goes on elsewhere.
  if (isSuperseded(generation) || size <= file.stat().size - generation.start) return { kind: "equal" };
  return { kind: "ahead", size };
}

async function ask(
  { name }: Generation,
  size: number,
  connection: HttpConnection,
  remote: Remote,
): Promise<PrefixDigest | Verdict> {
  const { outcome, digest } = await remote.head(connection, name, { size, fresh: true });
  if (outcome.kind !== "size") return noSize(outcome);
  return digest !== undefined && digest.size <= size
    ? digest
    : { kind: "unreachable", text: "its copy changed while it was compared" };
}

function noSize(outcome: Parameters<typeof troubleOf>[0]): Verdict {
  const trouble = troubleOf(outcome);
  if (trouble.kind === "down") return { kind: "unreachable", text: trouble.cause };
  return { kind: trouble.fault.lasting ? "refused" : "unreachable", text: trouble.fault.text };
}
