// What a file holds, as digests (protocol/tree-hash.ts). As long as all appends go through here the digest of the
// whole is at hand, at the cost of hashing what is appended; anything else is read anew from the disk. What is
// kept may be lost at any time: nobody is told "these bytes differ" but after reading them again.

import { assert } from "../base/assert.ts";
import type { OpenFile } from "../platform/files.ts";
import { LEAF, type NewHash, TreeHash } from "../protocol/tree-hash.ts";

export class Content {
  readonly #newHash: NewHash;
  /** Of all bytes up to its size, where that is known. */
  #whole: TreeHash | undefined;
  /** The whole was read from the disk in this life, and only what we appended came behind it. */
  #wasRead = false;
  /** The full leaves from the beginning on, as far as they are known. */
  #leaves: Uint8Array[] = [];

  constructor(newHash: NewHash) {
    this.#newHash = newHash;
  }

  /** The file is new: its digest is that of nothing. */
  begin(): void {
    this.#whole = this.#start();
  }

  /** `pieces` were appended. */
  appended(pieces: readonly Uint8Array[]): void {
    if (this.#whole !== undefined) for (const piece of pieces) this.#whole.update(piece);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#whole = undefined;
    this.#wasRead = false;
    this.#leaves = [];
  }

  /** The digest of the file's first `end` bytes where it is at hand: they are all that is written. */
  at(end: number): Uint8Array | undefined {
    return this.#whole?.size === end ? this.#whole.digest() : undefined;
  }

  /** The same, where it may be told that the bytes differ: a digest that goes back to a look at the disk. */
  readAt(end: number): Uint8Array | undefined {
    return this.#wasRead ? this.at(end) : undefined;
  }

  /** The digest of all `size` bytes, read from the disk; goes on from there. Nobody may append meanwhile. */
  async readAll(file: OpenFile, size: number): Promise<Uint8Array> {
    this.forget();
    const whole = this.#start();
    await readInto(whole, file, 0, size);
    this.#whole = whole;
    this.#wasRead = true;
    return whole.digest();
  }

  /** The digest of the first `size` bytes, with what is known of full leaves; appending may go on. */
  async prefix(file: OpenFile, size: number): Promise<Uint8Array> {
    const prefix = this.#start();
    const full = Math.min(this.#leaves.length, Math.floor(size / LEAF));
    for (const leaf of this.#leaves.slice(0, full)) prefix.addLeaf(leaf);
    await readInto(prefix, file, prefix.size, size);
    return prefix.digest();
  }

  #start(): TreeHash {
    const leaves = this.#leaves;
    const hash: TreeHash = new TreeHash(this.#newHash, (leaf) => {
      // Several may be under way at once; each leaf is kept once.
      if (leaves.length === hash.size / LEAF - 1) leaves.push(leaf);
    });
    return hash;
  }
}

/** Reads `[from, to)` into `hash`. Throws what reading throws, and where the file has become shorter. */
async function readInto(hash: TreeHash, file: OpenFile, from: number, to: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(LEAF, to - from));
  for (let at = from; at < to; ) {
    const count = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
    assert(count > 0, "a file under our hand has become shorter");
    hash.update(buffer.subarray(0, count));
    at += count;
  }
}
