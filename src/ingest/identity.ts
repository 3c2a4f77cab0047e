// Who may touch what: the names in a client's certificate → its own part of the tree. Pure.
// Promises: a name is taken as it is written or not at all; what could be read in two ways, or lead anywhere but
// into one directory below the prefix, is refused with the reason. One prefix is another's only if they are equal:
// both are decoded bytes and end with a slash. docs/SECURITY.md.

import { fill } from "../base/template.ts";
import { type Bytes, bytesOf, quoteText } from "../base/text.ts";
import type { Peer } from "../platform/http-server.ts";
import { faultOfName } from "../protocol/resource-path.ts";

/** A client that is known by name. */
export interface Identity {
  readonly name: string;
  /** What its paths begin with: without a slash in front, with one at the end. */
  readonly prefix: Bytes;
  /** ms since 1970 until when that holds. */
  readonly notAfter: number;
}

export type Caller =
  /** Nobody is asked who he is, and all may touch all. */
  | { readonly kind: "anyone" }
  | { readonly kind: "known"; readonly identity: Identity }
  /** `reason`: in words, for our log. */
  | { readonly kind: "unknown"; readonly reason: string };

/** `template`: the configured `client_prefix`; undefined where certificates are not asked for. */
export function callerOf({ certificate }: Peer, template: string | undefined): Caller {
  if (template === undefined) return { kind: "anyone" };
  if (certificate.kind === "not-asked") return { kind: "unknown", reason: "it shows no client certificate" };
  if (certificate.kind === "rejected") return { kind: "unknown", reason: certificate.reason };
  const { commonNames, dnsNames, notAfter } = certificate;
  const names: Record<string, string | undefined> = { cn: commonNames[0], san: dnsNames[0] };
  const used = Object.keys(names).filter((key) => template.includes(`{${key}}`));
  for (const key of used) {
    const what = WHAT[key] ?? key;
    if (key === "cn" && commonNames.length > 1)
      return unknown(`its certificate has ${commonNames.length} common names`);
    const name = names[key];
    if (name === undefined) return unknown(`its certificate has no ${what}`);
    const fault = faultOfIdentity(name);
    if (fault !== undefined) return unknown(`the ${what} of its certificate, ${quoteText(name)}, is no name: ${fault}`);
  }
  const prefix = fill(template, (key) => names[key]).slice(1);
  // The template's own text may stand around a name: host-{cn}.
  const fault = faultOfName(bytesOf(prefix.slice(0, -1)));
  if (fault !== undefined) return unknown(`its prefix ${quoteText(`/${prefix}`)} leads nowhere: ${fault}`);
  const name = used.map((key) => names[key]).join(" ");
  return { kind: "known", identity: { name, prefix: bytesOf(prefix), notAfter } };
}

/** Why `name`, from a certificate, cannot be a path segment, or undefined where it can. */
function faultOfIdentity(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.includes("/")) return "it holds a slash";
  if (name.includes("*")) return "it holds a star";
  if (/\p{Cc}/u.test(name)) return "it holds a control character";
  // What is no character was put in by a decoder that lost bytes: two names could look the same here.
  if (name.includes("\ufffd") || !name.isWellFormed()) return "it is not UTF-8";
  return faultOfName(bytesOf(name));
}

const WHAT: Readonly<Record<string, string>> = { cn: "common name", san: "DNS name" };

function unknown(reason: string): Caller {
  return { kind: "unknown", reason };
}
