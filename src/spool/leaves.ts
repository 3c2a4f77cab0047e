// The hashes of full leaves that a spool keeps (protocol/leaf-file.ts), by generation name, and what is left of them by a
// crash between letting go of a name and forgetting its leaves: found once per life, in slices.

import { createHash } from "node:crypto";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import { LEAVES, placeOf, withLeafDirectory } from "../protocol/leaf-file.ts";
import { LeafKeeper } from "../protocol/leaf-keeper.ts";
import { leavesNotKept } from "./events.ts";
import { inSlices } from "./slices.ts";

const newHash = () => createHash("sha256");

export function openLeaves(root: Directory, datadir: Bytes, clock: Clock, emit: Emit): LeafKeeper {
  let told = false;
  const failed = (cause: unknown) => {
    if (!told) emit(leavesNotKept(datadir, cause));
    told = true;
  };
  return new LeafKeeper({ root, clock, newHash, failed });
}

/** Removes the leaves of names that are not held. */
export function sweepLeaves(
  root: Directory,
  clock: Clock,
  names: () => Iterable<Bytes>,
  stopped: () => boolean,
): Promise<void> {
  return inSlices(clock, sweep(root, names), stopped).catch(() => {
    // They are checked before they are used.
  });
}

function* sweep(root: Directory, names: () => Iterable<Bytes>): Generator<void, void> {
  if (root.lstat(LEAVES)?.kind !== "directory") return;
  const found: { readonly directory: Bytes; readonly name: Bytes }[] = [];
  for (let i = 0; i < 256; i++) {
    const directory = i.toString(16).padStart(2, "0");
    for (const { name } of withLeafDirectory(root, directory, (at) => at.list()) ?? []) found.push({ directory, name });
    yield;
  }
  const held = new Set<Bytes>();
  for (const name of found.length > 0 ? [...names()] : []) {
    held.add(placeOf(name, newHash).name);
    yield;
  }
  for (const { directory, name } of found) {
    // What came meanwhile was not found.
    if (!held.has(name)) withLeafDirectory(root, directory, (at) => at.unlink(name));
    yield;
  }
}
