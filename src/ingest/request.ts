// A request's line and fields → what it asks for, or the refusal that it deserves, before any file is looked at.
// Pure. The order of the checks is the order of precedence of docs/PROTOCOL.md, section 8; what node's parser
// lets through although an appending server must not take it is refused here.

import { type Bytes, textOf } from "../base/text.ts";
import { parseContentRange, parseSize, type Range } from "../protocol/content-range.ts";
import { parseDigest, SHAFTLOG_DIGEST, WANT_DIGEST } from "../protocol/digest-field.ts";
import { CODING, MAX_CODED_RANGE } from "../protocol/fields.ts";
import { decodePath, faultOfName } from "../protocol/resource-path.ts";
import type { RequestLimits } from "./options.ts";

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  /** Name, value, name, value, … */
  readonly fields: readonly string[];
}

export type Wish =
  /** `path` has no leading slash. */
  /** `want`: what digest is asked for. */
  { readonly kind: "head"; readonly path: Bytes; readonly want: Want | undefined } | PutWish | Refusal;

export interface PutWish {
  readonly kind: "put";
  readonly path: Bytes;
  readonly range: Range;
  /** The digest of the bytes before the range, as the sender has it. */
  readonly believed: Uint8Array | undefined;
  /** How long the body is that stands for the range's bytes; undefined where it is those. */
  readonly coded: number | undefined;
}

export interface Want {
  /** The number of first bytes. */
  readonly size: number;
  /** Of bytes that are read from the disk just now. */
  readonly fresh: boolean;
}

export interface Refusal {
  readonly kind: "refused";
  readonly status: 400 | 401 | 403 | 405 | 411 | 413 | 414 | 415 | 417 | 431;
  /** For people; holds nothing of this server's insides. */
  readonly detail: string;
}

/** The fields that decide something. Others mean nothing here. */
interface Fields {
  host: string | undefined;
  contentLength: string | undefined;
  contentRange: string | undefined;
  contentEncoding: string | undefined;
  transferEncoding: string | undefined;
  expect: string | undefined;
  digest: string | undefined;
  wantDigest: string | undefined;
  cacheControl: string | undefined;
  /** The name of one that came twice. */
  double: string | undefined;
}

/** What the configuration has to say of a request. */
export interface Gate {
  readonly limits: RequestLimits;
  /** Whether a path is taken, given as text with its leading slash. */
  takes(path: string): boolean;
  /** Whether the one who asks may touch a path, given without its leading slash. */
  admits(path: Bytes): 401 | 403 | undefined;
}

export function readRequest(request: RequestHead, gate: Gate): Wish {
  const { method, target, version } = request;
  const { limits } = gate;
  const put = method === "PUT";
  if (request.fields.length / 2 > limits.headerCount) {
    return refuse(431, `at most ${limits.headerCount} header fields are taken`);
  }
  const fields = readFields(request.fields);
  if (version !== "1.1" && version !== "1.0") return refuse(400, "only HTTP/1.1 and HTTP/1.0 are known");
  if (fields.double !== undefined) return refuse(400, `${fields.double} is given more than once`);
  if (fields.host === undefined ? version === "1.1" : !HOST.test(fields.host)) {
    return refuse(400, "Host is missing or malformed");
  }
  const length = parseSize(fields.contentLength);
  if (fields.contentLength !== undefined && length === undefined) return refuse(400, "Content-Length is malformed");
  const coding = fields.transferEncoding;
  if (coding !== undefined && !(put && coding.toLowerCase() === "chunked")) {
    return refuse(400, "this transfer coding has no place here");
  }
  const hasBody = coding !== undefined || (length ?? 0) > 0;
  if (hasBody && version === "1.0") return refuse(400, "a body needs HTTP/1.1");
  if (hasBody && method === "HEAD") return refuse(400, "HEAD has no body");
  if (method === "OPTIONS" && target === "*") return refuse(405, ONLY);

  // The path may be longer than is taken (414, below), but not malformed.
  const decoded = decodePath(target);
  if (decoded === undefined) return refuse(400, "the target is not a path in its one spelling");
  const path = decoded.slice(1);
  const fault = faultOfName(path);
  if (fault !== undefined) return refuse(400, `the path is not taken: ${fault}`);
  const text = textOf(decoded);
  if (text === undefined) return refuse(400, "the path is not UTF-8");
  // An operator's expression may be slow; it sees nothing that is refused for its length anyway.
  if (target.length <= limits.pathLength) {
    if (isDeeper(path, limits.pathDepth)) return refuse(400, `a path has at most ${limits.pathDepth} segments`);
    if (!gate.takes(text)) return refuse(400, "the path does not match what this server takes");
  }

  let range: Range | undefined;
  const isCoded = fields.contentEncoding?.toLowerCase() === CODING;
  if (put) {
    if (fields.contentRange === undefined) return refuse(400, "PUT needs Content-Range: bytes first-last/size");
    range = parseContentRange(fields.contentRange);
    if (range === undefined) return refuse(400, "Content-Range is malformed");
    const whole = range.end - range.start;
    if (length !== undefined && (isCoded ? length === 0 || length > whole : length !== whole)) {
      const what = isCoded ? "0, or more than the length" : "not the length";
      return refuse(400, `Content-Length is ${what} of the range`);
    }
  }
  const digest = parseDigest(fields.digest);
  if (fields.digest !== undefined && (!put || digest?.size !== range?.start)) {
    return refuse(400, "Shaftlog-Digest is malformed, or not of the bytes before the range");
  }
  const size = parseSize(fields.wantDigest);
  if (fields.wantDigest !== undefined && (put || size === undefined)) {
    return refuse(400, "Shaftlog-Want-Digest is malformed, or has no place here");
  }
  const denied = gate.admits(path);
  if (denied === 401) return refuse(401, "nobody is known to this server who asks like this");
  if (denied === 403) return refuse(403, "this path is not yours");
  if (!put && method !== "HEAD") return refuse(405, ONLY);
  if (put && length === undefined) return refuse(411, "PUT needs Content-Length");
  if (range !== undefined && range.end - range.start > limits.maxRange) {
    return refuse(413, `a range is at most ${limits.maxRange} bytes long`);
  }
  if (isCoded && range !== undefined && range.end - range.start > MAX_CODED_RANGE) {
    return refuse(413, `a compressed range is at most ${MAX_CODED_RANGE} bytes long`);
  }
  if (target.length > limits.pathLength) return refuse(414, `a target is at most ${limits.pathLength} bytes long`);
  if (put && fields.contentEncoding !== undefined && !isCoded)
    return refuse(415, `no content coding but ${CODING} is taken`);
  if (fields.expect !== undefined && fields.expect.toLowerCase() !== "100-continue") {
    return refuse(417, "nothing but 100-continue can be expected");
  }
  const want = size === undefined ? undefined : { size, fresh: NO_CACHE.test(fields.cacheControl ?? "") };
  if (range === undefined) return { kind: "head", path, want };
  return { kind: "put", path, range, believed: digest?.digest, coded: isCoded ? length : undefined };
}

/** RFC 9111, section 5.2.1.4: no remembered answer. */
const NO_CACHE = /(?:^|[\s,])no-cache(?:[\s,]|$)/i;

const ONLY = "only HEAD and PUT exist";

/** A host and port as RFC 9110 has them, or empty. */
const HOST = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=%]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?$/;

/** A body that turned out not to be what its request said. */
export function malformed(detail: string): Refusal {
  return refuse(400, detail);
}

function refuse(status: Refusal["status"], detail: string): Refusal {
  return { kind: "refused", status, detail };
}

function isDeeper(path: Bytes, depth: number): boolean {
  let segments = 1;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) segments++;
  return segments > depth;
}

function readFields(pairs: readonly string[]): Fields {
  const fields: Fields = {
    host: undefined,
    contentLength: undefined,
    contentRange: undefined,
    contentEncoding: undefined,
    transferEncoding: undefined,
    expect: undefined,
    digest: undefined,
    wantDigest: undefined,
    cacheControl: undefined,
    double: undefined,
  };
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = pairs[i] as string;
    const key = KEYS[name] ?? KEYS[name.toLowerCase()];
    if (key === undefined) continue;
    const value = pairs[i + 1] as string;
    if (key === "cacheControl") {
      fields.cacheControl = `${fields.cacheControl ?? ""},${value}`; // a list, which may come in parts
      continue;
    }
    if (fields[key] !== undefined) fields.double = name.toLowerCase();
    fields[key] = value;
  }
  return fields;
}

// No prototype: a field may be called __proto__ or constructor.
const KEYS: Readonly<Record<string, Exclude<keyof Fields, "double"> | undefined>> = Object.assign(Object.create(null), {
  host: "host",
  Host: "host",
  "content-length": "contentLength",
  "Content-Length": "contentLength",
  "content-range": "contentRange",
  "Content-Range": "contentRange",
  "content-encoding": "contentEncoding",
  "transfer-encoding": "transferEncoding",
  expect: "expect",
  [SHAFTLOG_DIGEST]: "digest",
  [WANT_DIGEST]: "wantDigest",
  "cache-control": "cacheControl",
});
