// tokens_file: `PREFIX SHA256 [NAME]` a line, where SHA256 is the hex digest of a bearer token and PREFIX the part of
// the tree that it opens. Promises: the file holds nothing that lets anybody in; tokens are compared by digest, all
// of them and in constant time, so an answer's timing tells nothing; one bad line and the whole file is refused.

import { createHash, timingSafeEqual } from "node:crypto";
import { bytesOf, quoteText } from "../base/text.ts";
import { faultOfName } from "../protocol/resource-path.ts";
import type { Identity } from "./identity.ts";

export interface Tokens {
  readonly count: number;
  find(token: string): Identity | undefined;
}

/** The tokens that `text` lists, or what is wrong with it. */
export function parseTokens(text: string): Tokens | { readonly wrong: string } {
  const known: { readonly digest: Buffer; readonly identity: Identity }[] = [];
  const seen = new Set<string>();
  for (const [i, line] of text.split("\n").entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [prefix = "", digest = "", name = prefix, ...more] = line.trim().split(/\s+/);
    const fault = faultOf(prefix, digest, more.length, seen);
    if (fault !== undefined) return { wrong: `line ${i + 1}: ${fault}` };
    seen.add(digest.toLowerCase());
    const identity = { name, prefix: bytesOf(prefix.slice(1)), notAfter: Number.POSITIVE_INFINITY };
    known.push({ digest: Buffer.from(digest, "hex"), identity });
  }
  return {
    count: known.length,
    find(token) {
      const digest = createHash("sha256").update(token).digest();
      let found: Identity | undefined;
      for (const one of known) if (timingSafeEqual(one.digest, digest)) found = one.identity;
      return found;
    },
  };
}

function faultOf(prefix: string, digest: string, more: number, seen: ReadonlySet<string>): string | undefined {
  if (more > 0) return "more than PREFIX SHA256 NAME";
  if (!/^\/.*\/$/.test(prefix)) return `the prefix ${quoteText(prefix)} does not begin and end with a slash`;
  const fault = faultOfName(bytesOf(prefix.slice(1, -1)));
  if (fault !== undefined) return `the prefix ${quoteText(prefix)} leads nowhere: ${fault}`;
  // What stands there may be a token by mistake: it is not repeated.
  if (!/^[0-9a-f]{64}$/i.test(digest)) return "the second word is no SHA-256 digest in hex";
  return seen.has(digest.toLowerCase()) ? "the digest stands in an earlier line too" : undefined;
}
