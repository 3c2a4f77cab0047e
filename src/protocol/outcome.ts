// What an answer means to the client: one table from status to outcome, so that nobody else reads a status.
// Pure. `unknown` ("it may or may not have happened") is the heart of exactly-once: ask before sending again.

export type PutOutcome =
  /** Durable up to the end of the range that was sent. */
  | { readonly kind: "appended" }
  /** Not at the end there, or another writer holds the file: ask where it ends. */
  | { readonly kind: "refused"; readonly status: number }
  /** At the end, but the bytes before it are others than ours. */
  | { readonly kind: "diverged" }
  /** Nothing is appended any more to the file, which ends at `size`: it is sealed, or this is no server of ours. */
  | { readonly kind: "sealed"; readonly size: number | undefined }
  /** The range is larger than the server takes. */
  | { readonly kind: "too-large" }
  /** This file is not taken; others may be. Asking again soon does not help. */
  | { readonly kind: "denied"; readonly status: number }
  /** The destination as a whole takes nothing now. */
  | { readonly kind: "unavailable"; readonly status: number; readonly retryAfter: number | undefined }
  | { readonly kind: "unknown"; readonly status: number };

export type HeadOutcome =
  /** The durable size there; 0 where there is nothing yet. */
  | { readonly kind: "size"; readonly size: number; readonly exists: boolean }
  | Exclude<PutOutcome, { kind: "appended" | "diverged" | "too-large" | "refused" | "sealed" }>;

/** The outcome of a PUT that was answered with `status`; `offset`: the answer's Upload-Offset. */
export function putOutcome(status: number, retryAfter: number | undefined, offset?: number): PutOutcome {
  switch (status) {
    case 200:
    case 201:
    case 204:
      return { kind: "appended" };
    case 409:
    case 416:
      return { kind: "refused", status };
    case 410:
      return { kind: "sealed", size: offset };
    case 412:
      return { kind: "diverged" };
    case 413:
      return { kind: "too-large" };
    default:
      return otherOutcome(status, retryAfter);
  }
}

/** The outcome of a HEAD; `size`: the answer's one valid Content-Length. */
export function headOutcome(status: number, size: number | undefined, retryAfter: number | undefined): HeadOutcome {
  if (status === 404) return { kind: "size", size: 0, exists: false };
  if (status === 200) {
    // A 200 without a size is never taken for an empty file.
    return size === undefined ? { kind: "denied", status } : { kind: "size", size, exists: true };
  }
  return otherOutcome(status, retryAfter);
}

function otherOutcome(
  status: number,
  retryAfter: number | undefined,
): Extract<PutOutcome, { kind: "denied" | "unavailable" | "unknown" }> {
  switch (status) {
    case 429:
    case 502:
    case 503:
    case 504:
    case 507:
      return { kind: "unavailable", status, retryAfter };
    default:
      // 3xx: never followed, a log byte goes only where it is configured to go. 2xx that says nothing of a
      // finished append (202, 206), and what failed inside the server (500): ask what became of it.
      if ((status >= 200 && status < 300) || (status >= 500 && status !== 501 && status !== 505)) {
        return { kind: "unknown", status };
      }
      return { kind: "denied", status };
  }
}

/** Seconds of a Retry-After field as ms; undefined where it is absent, a date or malformed. */
export function parseRetryAfter(value: string | readonly string[] | undefined): number | undefined {
  return typeof value === "string" && /^[0-9]{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}
