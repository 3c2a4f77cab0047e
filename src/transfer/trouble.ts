// From outcomes that are no success to what they mean for the file or for the destination, in words. Pure but
// for reading errno codes.

import { describe, lacksDescriptors } from "../base/errors.ts";
import type { HeadOutcome, PutOutcome } from "../protocol/outcome.ts";
import type { Served } from "./desk.ts";
import { denial } from "./events.ts";
import type { Failed } from "./remote.ts";

export type Unsuccessful = Exclude<
  HeadOutcome | PutOutcome | Failed,
  { kind: "size" | "appended" | "too-large" | "refused" | "diverged" | "sealed" }
>;

export function troubleOf(outcome: Unsuccessful): Extract<Served, { kind: "fault" | "down" }> {
  switch (outcome.kind) {
    case "failed":
      return { kind: "down", cause: outcome.cause, answered: false, retryAfter: undefined };
    case "unavailable":
      return { kind: "down", cause: unavailability(outcome.status), answered: true, retryAfter: outcome.retryAfter };
    case "denied":
      return { kind: "fault", fault: { kind: "denied", text: denial(outcome.status), lasting: true } };
    case "unknown":
      return { kind: "fault", fault: { kind: "denied", text: denial(outcome.status), lasting: false } };
  }
}

/** Our own file could not be read. */
export function unreadable(error: unknown): Extract<Served, { kind: "fault" }> {
  return { kind: "fault", fault: { kind: "local", text: describe(error), lasting: !lacksDescriptors(error) } };
}

function unavailability(status: number): string {
  switch (status) {
    case 507:
      return "507, no space or quota left there";
    case 503:
      return "503, it is overloaded or shutting down";
    case 429:
      return "429, it is asked too often";
    default:
      return `${status}, a proxy does not reach it`;
  }
}
