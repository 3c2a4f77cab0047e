// The running tree hash against RFC 9162's recursive definition, and against bytes given in any pieces.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { formatDigest, parseDigest } from "../../src/protocol/digest-field.ts";
import { LEAF, TreeHash } from "../../src/protocol/tree-hash.ts";

const newHash = () => createHash("sha256");
const sha = (...parts: Uint8Array[]) => parts.reduce((hash, part) => hash.update(part), newHash()).digest();

/** RFC 9162, section 2.1.1, as it stands there. */
function mth(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return sha(Uint8Array.of(0), leaves[0] as Uint8Array);
  const k = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

function leavesOf(bytes: Buffer): Buffer[] {
  const leaves: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += LEAF) leaves.push(bytes.subarray(at, at + LEAF));
  return leaves;
}

function bytesOf(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i += 997) bytes[i] = (i ^ (i >> 8) ^ (i >> 16)) & 0xff;
  return bytes;
}

describe("the tree hash", () => {
  test("is that of RFC 9162 for every number of leaves up to twenty", () => {
    const bytes = bytesOf(20 * LEAF + 17);
    const hash = new TreeHash(newHash);
    let at = 0;
    for (const leaf of leavesOf(bytes)) {
      hash.update(leaf);
      at += leaf.length;
      assert.deepEqual(Buffer.from(hash.digest()), Buffer.from(mth(leavesOf(bytes.subarray(0, at)))), `${at} bytes`);
    }
  });

  test("around the borders of a leaf, in pieces of any size", () => {
    for (const size of [0, 1, 2, LEAF - 1, LEAF, LEAF + 1, 2 * LEAF, 3 * LEAF - 1, 3 * LEAF + 5]) {
      const bytes = bytesOf(size);
      const expected = Buffer.from(mth(leavesOf(bytes)));
      for (const piece of [997_001, LEAF, LEAF - 1, 5 * LEAF]) {
        const hash = new TreeHash(newHash);
        for (let at = 0; at < size; at += piece) {
          hash.update(bytes.subarray(at, at + piece));
          hash.digest(); // asking changes nothing
        }
        assert.equal(hash.size, size);
        assert.deepEqual(Buffer.from(hash.digest()), expected, `${size} bytes in pieces of ${piece}`);
      }
    }
  });

  test("nothing at all leaves no leaf open", () => {
    const hash = new TreeHash(newHash);
    hash.update(Buffer.alloc(0));
    assert.deepEqual(Buffer.from(hash.digest()), sha(Buffer.alloc(0)));
  });

  test("of a few bytes is not that of what their buffer holds later", () => {
    const buffer = Buffer.alloc(3000, "a");
    for (const sizes of [
      [10],
      [10, 20],
      [400, 624],
      [400, 625],
      [600, 300, 200],
      [1024, 952],
      [3000],
      [0, 10],
      [10, 0],
    ]) {
      const hash = new TreeHash(newHash);
      const bytes: Buffer[] = [];
      for (const [i, size] of sizes.entries()) {
        buffer.fill(String.fromCharCode(97 + i));
        bytes.push(Buffer.from(buffer.subarray(0, size)));
        hash.update(buffer.subarray(0, size));
        buffer.fill("z");
      }
      assert.deepEqual(Buffer.from(hash.digest()), Buffer.from(mth([Buffer.concat(bytes)])), `${sizes}`);
    }
  });

  test("goes on from leaves that were kept", () => {
    const bytes = bytesOf(7 * LEAF + 100);
    const kept: Uint8Array[] = [];
    const whole = new TreeHash(newHash, (leaf) => kept.push(leaf));
    whole.update(bytes);
    assert.equal(kept.length, 7);
    const resumed = new TreeHash(newHash);
    for (const leaf of kept) resumed.addLeaf(leaf);
    resumed.update(bytes.subarray(7 * LEAF));
    assert.deepEqual(resumed.digest(), whole.digest());
    assert.throws(() => resumed.addLeaf(kept[0] as Uint8Array));
  });
});

describe("the digest's field", () => {
  test("round trip", () => {
    const digest = { size: 1234567, digest: sha(Buffer.from("x")) };
    assert.deepEqual(parseDigest(formatDigest(digest)), digest);
  });

  test("anything else is nothing", () => {
    const good = formatDigest({ size: 1, digest: sha() });
    const bad = [
      "",
      "x",
      good.slice(1),
      `${good};x`,
      good.replace("=1", "=01"),
      good.replace("=1", "=-1"),
      `${good}, ${good}`,
    ];
    for (const value of [...bad, good.replace("tree-", ""), undefined, [good, good]])
      assert.equal(parseDigest(value), undefined);
  });
});
