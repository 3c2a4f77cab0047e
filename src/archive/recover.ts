// At the start, before anything is told: what a crash left of a file that was being sealed is finished or undone. The
// file itself is the judge: where it is there and unchanged, with its record and its copy durable, only its removal is
// missing; where it is not there, it is sealed; else it goes on as if nothing had been. Run twice it does the same.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Directory } from "../platform/files.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import { look, parentOf, withDirectory } from "../store/tree.ts";
import { recordUnreadable, recovered } from "./events.ts";
import { COMPRESSED, type Facts, readFacts, UnreadableRecord } from "./record.ts";
import { identityOf, removeOriginal, syncNames } from "./seal.ts";
import { endUnderWay, readUnderWay, TEMPORARY, undo } from "./under-way.ts";

/** Rejects with what the kernel says: then nothing may be told, since nobody knows what would survive a power cut. */
export async function recover(root: Directory, newHash: NewHash, emit: Emit): Promise<void> {
  const path = readUnderWay(root, newHash);
  if (path === undefined) return;
  try {
    const how = await judge(root, path, newHash);
    endUnderWay(root);
    if (how !== undefined) emit(recovered(path, how));
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    emit(recordUnreadable(path, error));
  }
}

async function judge(root: Directory, path: Bytes, newHash: NewHash): Promise<"finished" | "undone" | undefined> {
  const facts = readFacts(root, path, newHash);
  const found = look(root, path);
  if (found.kind === "absent" && facts !== undefined) return await tidy(root, path);
  const copy = look(root, path + COMPRESSED);
  const whole = facts !== undefined && copy.kind === "file" && copy.stat.size === facts.copySize;
  if (whole && found.kind === "file" && identityOf(found.stat) === facts.original) {
    // The copy may have its name, and the name not be durable.
    await syncNames(root, path);
    await removeOriginal(root, path, () => {});
    return "finished";
  }
  await undoAll(root, path, facts, newHash);
  return "undone";
}

/** Sealed and told so perhaps; what is beside the copy is nobody's. */
async function tidy(root: Directory, path: Bytes): Promise<undefined> {
  if (look(root, parentOf(path) === "" ? TEMPORARY : `${parentOf(path)}/${TEMPORARY}`).kind !== "file") return;
  await withDirectory(root, parentOf(path), async (at) => {
    at.unlink(TEMPORARY);
    await at.sync();
  });
}

async function undoAll(root: Directory, path: Bytes, facts: Facts | undefined, newHash: NewHash): Promise<void> {
  await undo(root, path, newHash);
  if (facts === undefined || look(root, path).kind !== "file") return;
  const copy = look(root, path + COMPRESSED);
  if (copy.kind !== "file" || copy.stat.size !== facts.copySize) return;
  // It lost its other name already: the file was changed by hand meanwhile, so the copy is of what it was.
  await withDirectory(root, parentOf(path), async (at) => {
    at.unlink(path.slice(path.lastIndexOf("/") + 1) + COMPRESSED);
    await at.sync();
  });
}
