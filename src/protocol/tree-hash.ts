// The digest of a file's prefix: the Merkle tree hash of RFC 9162, section 2.1.1, with SHA-256 over leaves of
// 1 MiB, the last one as it stands. Pure: the hash function is handed in. A growing file costs nothing twice:
// what is kept is the running hash of the open leaf and the root of each full subtree, one per level.

/** Bytes of a leaf; the last one of a file may be shorter. */
export const LEAF = 1024 * 1024;
/** Bytes of a digest. */
export const DIGEST = 32;

/** SHA-256, running. */
export interface RunningHash {
  update(bytes: Uint8Array): void;
  /** The same state once more; both go on independently. */
  copy(): RunningHash;
  /** 32 bytes. The hash is used up. */
  digest(): Uint8Array;
}

export type NewHash = () => RunningHash;

/** Up to so many bytes an open leaf is kept as it stands: hashing it anew costs less than a hash that may go on. */
const SMALL = 1024;
/** Once it grows it has room for so many bytes at once. */
const ROOM = 512;

const LEAF_MARK = Uint8Array.of(0);
const NODE_MARK = Uint8Array.of(1);

/** The digest of everything that was given to `update`, at any time. */
export class TreeHash {
  readonly #newHash: NewHash;
  /** Called with each leaf that is full, in order. */
  readonly #onLeaf: ((leaf: Uint8Array) => void) | undefined;
  /** Roots of full subtrees, the largest first; their sizes are the bits of the number of full leaves. */
  readonly #roots: Uint8Array[] = [];
  #leaves = 0;
  /** The open leaf, as bytes while there are few, behind its mark and with room for more, and as a running hash then. */
  #small: Uint8Array | undefined;
  #open: RunningHash | undefined;
  #openSize = 0;

  constructor(newHash: NewHash, onLeaf?: (leaf: Uint8Array) => void) {
    this.#newHash = newHash;
    this.#onLeaf = onLeaf;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#leaves * LEAF + this.#openSize;
  }

  /** Takes a full leaf that was hashed before. Only where no leaf is open. */
  addLeaf(leaf: Uint8Array): void {
    if (this.#openSize > 0) throw new RangeError("a leaf is open");
    let root = leaf;
    for (let count = this.#leaves; count % 2 === 1; count = (count - 1) / 2) {
      root = this.#node(this.#roots.pop() as Uint8Array, root);
    }
    this.#roots.push(root);
    this.#leaves++;
  }

  update(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    if (this.#open === undefined && this.#openSize + bytes.byteLength <= SMALL) {
      this.#keepSmall(bytes);
      return;
    }
    for (let at = 0; at < bytes.byteLength; ) {
      if (this.#open === undefined) {
        this.#open = this.#newHash();
        this.#open.update(this.#small?.subarray(0, 1 + this.#openSize) ?? LEAF_MARK);
        this.#small = undefined;
      }
      const end = Math.min(bytes.byteLength, at + LEAF - this.#openSize);
      this.#open.update(at === 0 && end === bytes.byteLength ? bytes : bytes.subarray(at, end));
      this.#openSize += end - at;
      at = end;
      if (this.#openSize < LEAF) continue;
      const leaf = this.#open.digest();
      this.#open = undefined;
      this.#openSize = 0;
      this.addLeaf(leaf);
      this.#onLeaf?.(leaf);
    }
  }

  /** 32 bytes: the digest of all bytes so far, which may go on. */
  digest(): Uint8Array {
    let root = this.#small === undefined ? this.#open?.copy().digest() : this.#smallLeaf(this.#small);
    for (let i = this.#roots.length - 1; i >= 0; i--) {
      const left = this.#roots[i] as Uint8Array;
      root = root === undefined ? left : this.#node(left, root);
    }
    return root ?? this.#newHash().digest();
  }

  #keepSmall(bytes: Uint8Array): void {
    const from = 1 + this.#openSize;
    const to = from + bytes.byteLength;
    if (this.#small === undefined) {
      this.#small = new Uint8Array(to); // it begins with LEAF_MARK, which is 0
    } else if (this.#small.byteLength < to) {
      const larger = new Uint8Array(Math.ceil(to / ROOM) * ROOM);
      larger.set(this.#small);
      this.#small = larger;
    }
    this.#small.set(bytes, from);
    this.#openSize += bytes.byteLength;
  }

  #smallLeaf(small: Uint8Array): Uint8Array {
    const hash = this.#newHash();
    hash.update(small.subarray(0, 1 + this.#openSize));
    return hash.digest();
  }

  #node(left: Uint8Array, right: Uint8Array): Uint8Array {
    const hash = this.#newHash();
    hash.update(NODE_MARK);
    hash.update(left);
    hash.update(right);
    return hash.digest();
  }
}

/** The hash of one leaf that is at hand as a whole. */
export function leafHash(newHash: NewHash, leaf: Uint8Array): Uint8Array {
  const hash = newHash();
  hash.update(LEAF_MARK);
  hash.update(leaf);
  return hash.digest();
}

/** True where two digests are the same bytes. */
export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false;
  for (let i = 0; i < a.byteLength; i++) if (a[i] !== b[i]) return false;
  return true;
}
