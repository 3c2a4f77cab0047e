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
import { CODING, SERVER_START, UPLOAD_OFFSET } from "../protocol/fields.ts";
import { type HeadOutcome, headOutcome, type PutOutcome, parseRetryAfter, putOutcome } from "../protocol/outcome.ts";
import { encodePath } from "../protocol/resource-path.ts";

/** No answer at all: it may or may not have happened. */
export interface Failed {
  readonly kind: "failed";
  /** In words. */
  readonly cause: string;
}

/** What an answer says beside its outcome. */
export interface Said {
  /** What the answer says of the bytes there. */
  readonly digest: PrefixDigest | undefined;
  /** The id of the server's life, where it has one: the sign of a strict server. */
  readonly start: string | undefined;
  /** It takes compressed bodies. */
  readonly takesCoded: boolean;
}

export interface Reply<Outcome> extends Said {
  readonly outcome: Outcome | Failed;
}

/** What digest is asked for. */
export interface Want {
  /** Of so many of the first bytes. */
  readonly size: number;
  /** Of bytes that are read from the disk there just now. */
  readonly fresh: boolean;
}

/** The body of one PUT, compressed. */
export interface Coded {
  readonly body: Uint8Array;
  /** The life of the server that takes it. */
  readonly life: string;
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
   * `offset`: the condition on which it is to be appended. `coded`: what is sent in place of `body`.
   */
  put(
    connection: HttpConnection,
    name: Bytes,
    offset: number,
    size: number,
    body: Uint8Array,
    believed: Uint8Array | undefined,
    coded: Coded | undefined,
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

    async put(connection, name, offset, size, body, believed, coded) {
      const range = formatContentRange({ start: offset, end: offset + body.byteLength, size });
      const fields = ["content-range", range];
      if (believed !== undefined) fields.push(SHAFTLOG_DIGEST, formatDigest({ size: offset, digest: believed }));
      // Whoever is no server of ours has no such entity tag, and stores nothing.
      if (coded !== undefined) fields.push("content-encoding", CODING, "if-match", `"${coded.life}"`);
      const sent = coded?.body ?? body;
      const path = prefix + encodePath(name);
      const answer = await connection.send({ method: "PUT", path, headers: fields, body: sent });
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
  const outcome = { kind: "failed", cause: describe(error) } as const;
  return { outcome, digest: undefined, start: undefined, takesCoded: false };
}

function saidBy(headers: HttpHeaders): Said {
  const takesCoded = headers["accept-encoding"] === CODING;
  return { digest: parseDigest(headers[SHAFTLOG_DIGEST]), start: startOf(headers), takesCoded };
}

function startOf(headers: HttpHeaders): string | undefined {
  const value = headers[SERVER_START];
  return typeof value === "string" && value !== "" && value.length <= 128 ? value : undefined;
}
