// The digest of a generation's first bytes as they are on our disk now: read once from the beginning, and then
// of any shorter prefix at the cost of one leaf.

import type { OpenFile } from "../platform/files.ts";
import { LEAF, type NewHash, TreeHash } from "../protocol/tree-hash.ts";
import { type Generation, isSuperseded } from "../spool/entry.ts";
import { holds, type Mark, markOf, TAIL } from "../spool/mark.ts";
import type { KeptLeaves } from "./kept-leaves.ts";

/** The file has fewer bytes than are to be hashed. */
export class ShorterFile extends Error {
  override readonly name = "ShorterFile";
}

export class LocalDigest {
  /** Of all bytes that were read; may go on with those that follow. */
  readonly whole: TreeHash;
  readonly #file: OpenFile;
  readonly #start: number;
  readonly #newHash: NewHash;
  readonly #leaves: Uint8Array[] = [];

  private constructor(file: OpenFile, start: number, newHash: NewHash, kept: KeptLeaves | undefined) {
    this.#file = file;
    this.#start = start;
    this.#newHash = newHash;
    this.whole = new TreeHash(newHash, (leaf) => {
      kept?.note(this.#leaves.length, leaf);
      this.#leaves.push(leaf);
    });
  }

  /**
   * Reads `size` bytes of `file` from `start`, where the generation begins, but for the leaves that are `kept`. Throws
   * what reading throws, and ShorterFile.
   */
  static async read(
    file: OpenFile,
    start: number,
    size: number,
    newHash: NewHash,
    kept?: KeptLeaves,
  ): Promise<LocalDigest> {
    const local = new LocalDigest(file, start, newHash, kept);
    for (const leaf of kept?.leaves.slice(0, Math.floor(size / LEAF)) ?? []) {
      local.whole.addLeaf(leaf);
      local.#leaves.push(leaf);
    }
    await local.#readInto(local.whole, size);
    return local;
  }

  /** The digest of the first `size` bytes, at most as many as were read. */
  async prefix(size: number): Promise<Uint8Array> {
    if (size === this.whole.size) return this.whole.digest();
    const prefix = new TreeHash(this.#newHash);
    for (const leaf of this.#leaves.slice(0, Math.floor(size / LEAF))) prefix.addLeaf(leaf);
    await this.#readInto(prefix, size);
    return prefix.digest();
  }

  async #readInto(hash: TreeHash, size: number): Promise<void> {
    const buffer = Buffer.allocUnsafe(Math.min(LEAF, size - hash.size));
    while (hash.size < size) {
      const wanted = Math.min(buffer.length, size - hash.size);
      const count = await this.#file.read(buffer, 0, wanted, this.#start + hash.size);
      if (count < wanted) throw new ShorterFile("the file became shorter while it was read");
      hash.update(buffer.subarray(0, count));
    }
  }
}

/**
 * The same for a file that others may truncate: the bytes right before `size` are marked, so that whoever goes on from
 * here sees a change between this look and the next. Throws ShorterFile also where it changed meanwhile.
 */
export async function readMarked(
  file: OpenFile,
  generation: Generation,
  size: number,
  newHash: NewHash,
  kept: KeptLeaves | undefined,
): Promise<LocalDigest> {
  const { entry, start } = generation;
  // Before the first byte there is nothing to mark.
  const nothing = start + size === 0 && entry.mark === undefined;
  const mark = nothing || isSuperseded(generation) ? undefined : markAt(file, start + size);
  const local = await LocalDigest.read(file, start, size, newHash, kept);
  if (mark === undefined) return local;
  if (!holds(mark, file)) throw new ShorterFile("the file changed while it was read");
  if (entry.mark !== undefined && !holds(entry.mark, file)) {
    // What was read before is not there any more; whatever goes on from it must read again.
    entry.rewrites++;
    entry.rewritten = true;
    entry.mark = mark;
  } else if (mark.offset > (entry.mark?.offset ?? 0)) entry.mark = mark;
  return local;
}

function markAt(file: OpenFile, offset: number): Mark {
  const length = Math.min(TAIL, offset);
  const before = Buffer.allocUnsafe(length);
  if (file.readNow(before, 0, length, offset - length) < length) throw new ShorterFile("the file is shorter");
  return markOf(before, offset);
}
