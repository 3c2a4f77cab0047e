// Files that are sealed: not there any more under their own name, and remembered. Says what requests are told of them,
// which digests of their beginnings can be told (docs/PROTOCOL.md, "Sealed files"), and keeps requests waiting for the
// moment in which a file becomes one. Asked only about paths where nothing is, so it costs the others nothing.

import { codeOf } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Codec } from "../platform/codec.ts";
import type { Directory } from "../platform/files.ts";
import type { PrefixDigest } from "../protocol/digest-field.ts";
import { LEAF, type NewHash, sameDigest, TreeHash } from "../protocol/tree-hash.ts";
import type { Wanted } from "../store/judge.ts";
import type { HeadOutcome, PutOutcome, Want } from "../store/outcome.ts";
import { look, open } from "../store/tree.ts";
import { readLeaf } from "./compress.ts";
import { lateAppend, recordUnreadable } from "./events.ts";
import { ARCHIVE, COMPRESSED, type Facts, type Leaf, readFacts, readLeavesOf } from "./record.ts";

/** So many are remembered, those asked about last. */
const REMEMBERED = 1024;

export interface SealedParts {
  /** The open data directory; stays the caller's. */
  readonly root: Directory;
  readonly newHash: NewHash;
  readonly codec: Codec;
  readonly emit: Emit;
}

export class SealedFiles {
  readonly #parts: SealedParts;
  readonly #known = new Map<Bytes, Facts>();
  readonly #claims = new Map<Bytes, Promise<void>>();
  /** False: nothing was ever sealed here, so nothing is looked up. */
  #any: boolean;

  constructor(parts: SealedParts) {
    this.#parts = parts;
    this.#any = parts.root.lstat(ARCHIVE) !== undefined;
  }

  /** Where nothing is at `path`: what is remembered of the file that was there. */
  find(path: Bytes): Facts | "unreadable" | undefined {
    if (!this.#any) return undefined;
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    try {
      const facts = readFacts(this.#parts.root, path, this.#parts.newHash);
      if (facts !== undefined) this.#remember(facts);
      return facts;
    } catch (error) {
      // Never taken for "nothing there": it would be delivered again.
      this.#parts.emit(recordUnreadable(path, error));
      return "unreadable";
    }
  }

  /** Whether `path` is the compressed copy of a sealed file: no client's, whatever it is called. */
  isCopy(path: Bytes): boolean {
    if (!this.#any || !path.endsWith(COMPRESSED)) return false;
    const { root } = this.#parts;
    const original = path.slice(0, -COMPRESSED.length);
    try {
      const found = look(root, path);
      if (found.kind !== "file") return false;
      const facts = this.find(original);
      if (facts === undefined || look(root, original).kind === "file") return false;
      return facts === "unreadable" || facts.copySize === found.stat.size;
    } catch {
      return false; // told by whoever opens it
    }
  }

  /**
   * The digest of the first `size` bytes, or of fewer where the copy is gone or damaged: then of the full leaves that lie
   * in them. Of all bytes it is always told.
   */
  async prefix(facts: Facts, size: number): Promise<PrefixDigest> {
    if (size >= facts.size) return { size: facts.size, digest: facts.digest };
    const { root, newHash } = this.#parts;
    const leaves = readLeavesOf(root, facts, newHash);
    const full = Math.min(leaves.length, Math.floor(size / LEAF));
    const hash = new TreeHash(newHash);
    for (const leaf of leaves.slice(0, full)) hash.addLeaf(leaf.hash);
    const rest = full * LEAF < size ? await this.#leaf(facts, leaves, full) : undefined;
    if (rest !== undefined) hash.update(rest.subarray(0, size - full * LEAF));
    return { size: hash.size, digest: hash.digest() };
  }

  /** What a HEAD is told where nothing is at `path`; undefined: nothing ever was. */
  tell(path: Bytes, want: Want | undefined): HeadOutcome | Promise<HeadOutcome> | undefined {
    const facts = this.find(path);
    if (facts === undefined) return undefined;
    if (facts === "unreadable") return { kind: "failed", size: undefined };
    const { size } = facts;
    if (want === undefined) return { kind: "size", size };
    return this.prefix(facts, Math.min(want.size, size)).then((digest) => ({ kind: "size", size, digest }));
  }

  /** What a PUT is told where nothing is at `path`; undefined: it may be made. */
  refuse(path: Bytes, { range, believed }: Wanted): PutOutcome | undefined {
    const facts = this.find(path);
    if (facts === undefined) return undefined;
    if (facts === "unreadable") return { kind: "failed", size: undefined };
    const { size, digest } = facts;
    if (range.start !== size) return { kind: "not-at-end", size };
    if (believed !== undefined && !sameDigest(believed, digest)) return { kind: "diverged", size, digest };
    this.#parts.emit(lateAppend(path, size));
    return { kind: "sealed", size, digest };
  }

  /** True where `path` is being sealed this moment: calls `again` when that is over. */
  waits(path: Bytes, again: () => void): boolean {
    const claim = this.#claims.size === 0 ? undefined : this.#claims.get(path);
    void claim?.then(again);
    return claim !== undefined;
  }

  /** Requests for `path` wait until what is returned is called. */
  claim(path: Bytes): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#claims.set(path, promise);
    return () => {
      this.#any = true;
      this.#known.delete(path);
      this.#claims.delete(path);
      resolve();
    };
  }

  async #leaf(facts: Facts, leaves: readonly Leaf[], index: number): Promise<Uint8Array | undefined> {
    const leaf = leaves[index];
    if (leaf === undefined) return undefined;
    try {
      const opened = open(this.#parts.root, facts.path + COMPRESSED, "read");
      if ("kind" in opened) return undefined;
      try {
        const at = leaves.slice(0, index).reduce((sum, { frame }) => sum + frame, 0);
        return await readLeaf(opened.file, at, leaf, this.#parts);
      } finally {
        opened.file.close();
      }
    } catch (error) {
      if (codeOf(error) === "") throw error;
      return undefined;
    }
  }

  #remember(facts: Facts): void {
    this.#known.set(facts.path, facts);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= REMEMBERED) break;
      this.#known.delete(oldest);
    }
  }
}
