// What a file holds, as digests (protocol/tree-hash.ts). As long as all appends go through here the digest of the
// whole is at hand, at the cost of hashing what is appended; else the full leaves that are kept (leaf-file.ts) spare
// reading all but the open one, if nobody touched the file since it was left in order. All of that may be lost at
// any time. A no is told only on bytes that were just read; and leaves are kept only of bytes that are durable.

import { assert } from "../base/assert.ts";
import type { Bytes } from "../base/text.ts";
import type { OpenFile } from "../platform/files.ts";
import { LEAF, type NewHash, sameDigest, TreeHash } from "../protocol/tree-hash.ts";

/** How a file's content gets at the file, and at what is kept of it. */
export interface ContentParts {
  readonly newHash: NewHash;
  readonly file: Readable;
  /** The leaves that an earlier life kept, where nobody touched the file since. */
  recall(): readonly Uint8Array[];
  /** Leaf number `index` is durable, and is kept from now on. */
  keep(index: number, leaf: Uint8Array): void;
  /** Monotonic ms. */
  now(): number;
}

export interface Readable {
  /** Runs `read` with the file, which stays open that long. */
  reading(read: (file: OpenFile) => Promise<Uint8Array>): Promise<Uint8Array>;
}

/** What was read for somebody is "just read" for so many ms: finding the byte that differs takes many questions. */
const FRESH = 60_000;

export class Content {
  readonly #parts: ContentParts;
  /** Of all bytes up to its size, where that is known. */
  #whole: TreeHash | undefined;
  /** Its digest as it was asked for last, and how many bytes it had then: the next append names it. A string, which is small. */
  #digest: Bytes | undefined;
  #digestSize = 0;
  /** The whole was read from the disk in this life, and only what we appended came behind it. */
  #wasRead = false;
  /** The full leaves from the beginning on, as far as they are known. */
  #leaves: Uint8Array[] = [];
  /** What an earlier life kept was asked for. */
  #recalled = false;
  /** What is kept, or will be, is of these bytes. */
  #sound = false;
  /** So many of `#leaves` were handed on to be kept. */
  #kept = 0;
  /** Leaves that were read from the disk for somebody who wants no others. */
  #fresh: { readonly leaves: Uint8Array[]; usedAt: number } | undefined;
  /** Whoever reads on behalf of others comes one at a time: the next one goes on where it ended. */
  #reading: Promise<unknown> | undefined;

  constructor(parts: ContentParts) {
    this.#parts = parts;
  }

  /** The file is new: its digest is that of nothing. */
  begin(): void {
    this.#recalled = true;
    this.#sound = true;
    this.#whole = startHash(this.#parts.newHash, this.#leaves);
  }

  /** `pieces` are being appended: nobody asks for their digest before they are, and `cut` is called if they are not. */
  appended(pieces: readonly Uint8Array[]): void {
    if (this.#whole !== undefined) for (const piece of pieces) this.#whole.update(piece);
  }

  /** Of what was appended behind the first `size` bytes it is not known any more how much is there. */
  cut(size: number): void {
    this.#whole = undefined;
    this.#digest = undefined;
    this.#wasRead = false;
    // In place: whoever hashes on from these goes on with them.
    this.#leaves.length = Math.min(this.#leaves.length, Math.floor(size / LEAF));
    this.#kept = Math.min(this.#kept, this.#leaves.length);
  }

  /** Nothing is known any more. */
  forget(): void {
    this.#whole = undefined;
    this.#digest = undefined;
    this.#wasRead = false;
    this.#leaves = [];
    this.#fresh = undefined;
    this.#recalled = true;
    this.#sound = false;
    this.#kept = 0;
  }

  /** The first `size` bytes are durable. */
  published(size: number): void {
    if (!this.#sound) return;
    for (; this.#kept < this.#leaves.length && (this.#kept + 1) * LEAF <= size; this.#kept++) {
      this.#parts.keep(this.#kept, this.#leaves[this.#kept] as Uint8Array);
    }
  }

  /** True where what is kept, perhaps nothing, is known to be of the file's bytes. */
  isSound(): boolean {
    this.#recall();
    return this.#sound;
  }

  /** The digest of the file's first `end` bytes where it is at hand: they are all that is written. */
  at(end: number): Uint8Array | undefined {
    if (this.#whole?.size !== end) return undefined;
    if (this.#digest !== undefined && this.#digestSize === end) return Buffer.from(this.#digest, "latin1");
    const digest = this.#whole.digest();
    this.#digest = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("latin1");
    this.#digestSize = end;
    return digest;
  }

  /** True where the digest of all `size` bytes is at hand, and is this one. */
  isKnownAs(digest: Uint8Array, size: number): boolean {
    const whole = this.at(size);
    const same = whole !== undefined && sameDigest(whole, digest);
    // Two that do not know of each other say the same: so these are the bytes.
    if (same) this.#sound = true;
    return same;
  }

  /**
   * Undefined where all `size` bytes have this digest, else what theirs is: a digest that goes back to a look at the
   * disk. Nobody may append meanwhile.
   */
  async differs(digest: Uint8Array, size: number): Promise<Uint8Array | undefined> {
    this.#recall();
    if (this.#leaves.length > 0 && this.#whole === undefined) await this.#readOn(size);
    if (this.isKnownAs(digest, size)) return undefined;
    if (!this.#wasRead || this.at(size) === undefined) {
      this.forget();
      await this.#readOn(size);
      this.#wasRead = true;
    }
    return this.isKnownAs(digest, size) ? undefined : this.at(size);
  }

  /** The digest of the first `size` bytes; appending may go on. `fresh`: of bytes read from the disk just now. */
  async prefix(size: number, fresh: boolean): Promise<Uint8Array> {
    const atHand = fresh ? undefined : this.at(size);
    if (atHand !== undefined) return atHand;
    const digest = (this.#reading ?? Promise.resolve()).then(() => this.#readPrefix(size, fresh));
    this.#reading = digest.catch(() => {});
    return await digest;
  }

  async #readPrefix(size: number, fresh: boolean): Promise<Uint8Array> {
    const { newHash, file } = this.#parts;
    if (!fresh) this.#recall();
    else if (this.#fresh === undefined || this.#parts.now() - this.#fresh.usedAt > FRESH) {
      this.#fresh = { leaves: [], usedAt: this.#parts.now() };
    }
    const read = fresh ? this.#fresh : undefined;
    const leaves = read?.leaves ?? this.#leaves;
    const prefix = startHash(newHash, leaves);
    for (const leaf of leaves.slice(0, Math.floor(size / LEAF))) prefix.addLeaf(leaf);
    return await file.reading(async (open) => {
      await readInto(prefix, open, size);
      if (read !== undefined) read.usedAt = this.#parts.now();
      return prefix.digest();
    });
  }

  /** Reads what is not known of the first `size` bytes; goes on from there with what is appended. */
  async #readOn(size: number): Promise<void> {
    const { newHash, file } = this.#parts;
    const whole = startHash(newHash, this.#leaves);
    for (const leaf of this.#leaves) whole.addLeaf(leaf);
    await file.reading(async (open) => {
      await readInto(whole, open, size);
      this.#whole = whole;
      this.#digest = undefined;
      return whole.digest();
    });
  }

  #recall(): void {
    if (this.#recalled) return;
    this.#recalled = true;
    const leaves = this.#parts.recall();
    if (leaves.length === 0) return;
    for (const leaf of leaves) this.#leaves.push(leaf);
    this.#sound = true;
    this.#kept = leaves.length;
  }
}

/** A hash whose full leaves are put behind those that are known. */
function startHash(newHash: NewHash, leaves: Uint8Array[]): TreeHash {
  const hash: TreeHash = new TreeHash(newHash, (leaf) => {
    // Several may be under way at once; each leaf is kept once.
    if (leaves.length === hash.size / LEAF - 1) leaves.push(leaf);
  });
  return hash;
}

/** Reads on into `hash` up to `to`. Throws what reading throws, and where the file has become shorter. */
async function readInto(hash: TreeHash, file: OpenFile, to: number): Promise<void> {
  const buffer = Buffer.allocUnsafe(Math.min(LEAF, Math.max(0, to - hash.size)));
  while (hash.size < to) {
    const count = await file.read(buffer, 0, Math.min(buffer.length, to - hash.size), hash.size);
    assert(count > 0, "a file under our hand has become shorter");
    hash.update(buffer.subarray(0, count));
  }
}
