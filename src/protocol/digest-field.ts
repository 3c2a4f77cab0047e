// `Shaftlog-Digest: tree-sha-256=:BASE64:;size=N`: the digest of a file's first N bytes, as a structured field
// (RFC 8941 dictionary, in the shape of RFC 9530's Repr-Digest, with an algorithm of our own). Pure.
// `Shaftlog-Want-Digest: N` asks for one.

import { parseSize } from "./content-range.ts";

export const SHAFTLOG_DIGEST = "shaftlog-digest";
export const WANT_DIGEST = "shaftlog-want-digest";

/** The digest (32 bytes, tree-hash.ts) of a file's first `size` bytes. */
export interface PrefixDigest {
  readonly size: number;
  readonly digest: Uint8Array;
}

const FORM = /^tree-sha-256=:([A-Za-z0-9+/]{43}=):;size=(0|[1-9][0-9]{0,15})$/;

export function formatDigest({ size, digest }: PrefixDigest): string {
  return `tree-sha-256=:${Buffer.from(digest).toString("base64")}:;size=${size}`;
}

/** undefined where the value is malformed, doubled or of another algorithm. */
export function parseDigest(value: string | readonly string[] | undefined): PrefixDigest | undefined {
  const match = typeof value === "string" ? FORM.exec(value) : null;
  const size = match === null ? undefined : parseSize(match[2]);
  if (match === null || size === undefined) return undefined;
  return { size, digest: Buffer.from(match[1] as string, "base64") };
}

/** For people: the first bytes in hexadecimal. */
export function shortDigest(digest: Uint8Array): string {
  return Buffer.from(digest.subarray(0, 8)).toString("hex");
}
