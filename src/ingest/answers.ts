// Outcomes → statuses, fields and bodies. Pure. docs/PROTOCOL.md, sections 3 to 5 and 8; errors are
// application/problem+json (RFC 9457) and tell nothing of this server's insides.

import { formatUnsatisfied } from "../protocol/content-range.ts";
import { formatDigest, type PrefixDigest } from "../protocol/digest-field.ts";
import type { HeadOutcome, PutOutcome, Trouble } from "../store/outcome.ts";
import type { Refusal } from "./request.ts";

export interface Answer {
  readonly status: number;
  /** Name, value, name, value, … */
  readonly fields: readonly string[];
  readonly body: string | undefined;
  /** Nothing behind this request is carried out on its connection. */
  readonly close: boolean;
}

/** How these are spelled on the wire; compared without regard to case. */
const UPLOAD_OFFSET = "Upload-Offset";
const DIGEST_FIELD = "Shaftlog-Digest";
export const SERVER_START = "Shaftlog-Start";

/** Seconds until a client should ask again. */
const RETRY_STOPPING = "5";
const RETRY_EXHAUSTED = "1";

export function answerToHead(outcome: HeadOutcome): Answer {
  if (outcome.kind === "size") {
    const size = String(outcome.size);
    const fields = ["Content-Length", size, UPLOAD_OFFSET, size, ...digestField(outcome.digest)];
    return { status: 200, fields, body: undefined, close: false };
  }
  const { status, fields } =
    outcome.kind === "absent" ? { status: 404, fields: [UPLOAD_OFFSET, "0"] } : troubleAnswer(outcome);
  return { status, fields, body: undefined, close: false };
}

/** Undefined where nobody waits for an answer. */
export function answerToPut(outcome: PutOutcome): Answer | undefined {
  switch (outcome.kind) {
    case "appended": {
      const { size, digest } = outcome;
      const fields = [UPLOAD_OFFSET, String(size), ...digestField(digest && { size, digest })];
      return outcome.first
        ? { status: 201, fields: ["Content-Length", "0", ...fields], body: undefined, close: false }
        : { status: 204, fields, body: undefined, close: false };
    }
    case "diverged": {
      const fields = [UPLOAD_OFFSET, String(outcome.size), ...digestField(outcome)];
      return problem(412, "Other bytes", "the bytes before this range are not those that the request names", fields);
    }
    case "sealed": {
      const fields = [UPLOAD_OFFSET, String(outcome.size), ...digestField(outcome)];
      return problem(410, "Sealed", `the file was sealed with ${outcome.size} bytes and takes no more`, fields);
    }
    case "not-at-end": {
      const fields = [UPLOAD_OFFSET, String(outcome.size), "Content-Range", formatUnsatisfied(outcome.size)];
      return problem(416, "Not at the end", `the file ends at ${outcome.size}`, fields);
    }
    case "held":
      return problem(409, "Held", "another request is appending to this file", [UPLOAD_OFFSET, String(outcome.size)]);
    case "torn":
      return undefined;
    default: {
      const { status, title, detail, fields } = troubleAnswer(outcome);
      return problem(status, title, detail, fields);
    }
  }
}

export function answerToRefusal({ status, detail }: Refusal): Answer {
  return problem(status, TITLES[status], detail, FIELDS[status] ?? []);
}

export const STOPPING: Answer = problem(503, "Stopping", "this server is stopping", ["Retry-After", RETRY_STOPPING]);

const TITLES: Readonly<Record<Refusal["status"], string>> = {
  400: "Malformed",
  401: "Unknown",
  403: "Denied",
  405: "No such method",
  411: "Length needed",
  413: "Range too long",
  414: "Target too long",
  415: "Unknown coding",
  417: "Unknown expectation",
  431: "Too many fields",
};

const FIELDS: Readonly<Partial<Record<Refusal["status"], readonly string[]>>> = {
  // RFC 9110 wants a challenge; how to get a certificate is not said by HTTP.
  401: ["WWW-Authenticate", "ClientCertificate", "WWW-Authenticate", "Bearer"],
  405: ["Allow", "HEAD, PUT"],
};

function troubleAnswer(trouble: Trouble): { status: number; title: string; detail: string; fields: string[] } {
  switch (trouble.kind) {
    case "obstructed":
      return {
        status: 409,
        title: "Obstructed",
        detail: "the path is not a file, or leads through something that is not a directory",
        fields: [UPLOAD_OFFSET, "0"],
      };
    case "no-space":
      return { status: 507, title: "No space", detail: "no space or quota is left", fields: offset(trouble.size) };
    case "exhausted":
      return {
        status: 503,
        title: "Exhausted",
        detail: "no more files can be opened now",
        fields: ["Retry-After", RETRY_EXHAUSTED],
      };
    case "failed":
      return { status: 500, title: "Failed", detail: "the server's log says why", fields: offset(trouble.size) };
  }
}

function digestField(digest: PrefixDigest | undefined): string[] {
  return digest === undefined ? [] : [DIGEST_FIELD, formatDigest(digest)];
}

function offset(size: number | undefined): string[] {
  return size === undefined ? [] : [UPLOAD_OFFSET, String(size)];
}

function problem(status: number, title: string, detail: string, fields: readonly string[]): Answer {
  const body = JSON.stringify({ title, status, detail });
  const about = ["Content-Type", "application/problem+json", "Content-Length", String(Buffer.byteLength(body))];
  return { status, fields: [...fields, ...about], body, close: true };
}
