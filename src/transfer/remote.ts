// One destination's view of files: HEAD and PUT of docs/PROTOCOL.md as functions from a question to an outcome.
// No retry and no state but the connection that is handed in; what an answer tells of the server's life is
// passed on with every outcome.

import { describe } from "../base/errors.ts";
import type { Bytes } from "../base/text.ts";
import type { HttpConnection, HttpHeaders } from "../platform/http.ts";
import { formatContentRange, parseSize } from "../protocol/content-range.ts";
import {
  formatDigest,
  type PrefixDigest,
  parseDigest,
  SHAFTLOG_DIGEST,
  WANT_DIGEST,
} from "../protocol/digest-field.ts";
import { SERVER_START, UPLOAD_OFFSET } from "../protocol/fields.ts";
import { type HeadOutcome, headOutcome, type PutOutcome, parseRetryAfter, putOutcome } from "../protocol/outcome.ts";
import { encodePath } from "../protocol/resource-path.ts";

/** No answer at all: it may or may not have happened. */
export interface Failed {
  readonly kind: "failed";
  /** In words. */
  readonly cause: string;
}

export interface Reply<Outcome> {
  readonly outcome: Outcome | Failed;
  /** What the answer says of the bytes there. */
  readonly digest: PrefixDigest | undefined;
  /** The id of the server's life, where it has one: the sign of a strict server. */
  readonly start: string | undefined;
}

/** What digest is asked for. */
export interface Want {
  /** Of so many of the first bytes. */
  readonly size: number;
  /** Of bytes that are read from the disk there just now. */
  readonly fresh: boolean;
}

/** Requests since the start, by what became of them. */
export interface RequestCounts {
  appended: number;
  /** HEAD: answered with a size. */
  asked: number;
  /** Answered with anything else. */
  refused: number;
  /** Without an answer. */
  failed: number;
}

export interface Remote {
  readonly counts: Readonly<RequestCounts>;
  /** How long is the destination's copy of `name`? `want`: and what is the digest of its first bytes? */
  head(connection: HttpConnection, name: Bytes, want?: Want): Promise<Reply<HeadOutcome>>;
  /**
   * Appends `body` at `offset`; `size` is the length that the file has here, `believed` the digest of the bytes before
   * `offset`: the condition on which it is to be appended.
   */
  put(
    connection: HttpConnection,
    name: Bytes,
    offset: number,
    size: number,
    body: Uint8Array,
    believed: Uint8Array | undefined,
  ): Promise<Reply<PutOutcome>>;
}

/** `prefix`: the path of the destination's URL, percent-encoded, with its final slash. */
export function createRemote(prefix: string): Remote {
  const counts: RequestCounts = { appended: 0, asked: 0, refused: 0, failed: 0 };
  return {
    counts,

    async head(connection, name, want) {
      const fields = want === undefined ? [] : [WANT_DIGEST, String(want.size)];
      if (want?.fresh) fields.push("cache-control", "no-cache");
      const answer = await connection.send({ method: "HEAD", path: prefix + encodePath(name), headers: fields });
      if (answer.kind === "failure") return failed(answer.error, counts);
      const { status, headers } = answer;
      const outcome = headOutcome(
        status,
        parseSize(headers["content-length"]),
        parseRetryAfter(headers["retry-after"]),
      );
      counts[outcome.kind === "size" ? "asked" : "refused"]++;
      return { outcome, ...saidBy(headers) };
    },

    async put(connection, name, offset, size, body, believed) {
      const range = formatContentRange({ start: offset, end: offset + body.byteLength, size });
      const fields = ["content-range", range];
      if (believed !== undefined) fields.push(SHAFTLOG_DIGEST, formatDigest({ size: offset, digest: believed }));
      const answer = await connection.send({ method: "PUT", path: prefix + encodePath(name), headers: fields, body });
      if (answer.kind === "failure") return failed(answer.error, counts);
      const { status, headers } = answer;
      const retryAfter = parseRetryAfter(headers["retry-after"]);
      const outcome = putOutcome(status, retryAfter, parseSize(headers[UPLOAD_OFFSET]));
      counts[outcome.kind === "appended" ? "appended" : "refused"]++;
      return { outcome, ...saidBy(headers) };
    },
  };
}

function failed(error: unknown, counts: RequestCounts): Reply<never> {
  counts.failed++;
  return { outcome: { kind: "failed", cause: describe(error) }, digest: undefined, start: undefined };
}

function saidBy(headers: HttpHeaders): Pick<Reply<never>, "digest" | "start"> {
  return { digest: parseDigest(headers[SHAFTLOG_DIGEST]), start: startOf(headers) };
}

function startOf(headers: HttpHeaders): string | undefined {
  const value = headers[SERVER_START];
  return typeof value === "string" && value !== "" && value.length <= 128 ? value : undefined;
}
