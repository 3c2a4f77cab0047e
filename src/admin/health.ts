// Whether all is well, in words: the backlog of every destination moves or is empty, a server takes appends. Told from
// the status document alone, so that everybody who asks is told the same. Pure.

import type { ClientStatus, DestinationStatus } from "../status/client-document.ts";
import type { ServerStatusDocument } from "../status/server-document.ts";

export type Status = ClientStatus | ServerStatusDocument;

/** Seconds that a backlog may stand still. */
export const STANDSTILL = 60;

/** What is wrong; empty: it is healthy. `leastFree`: bytes below which a server takes no appends. */
export function reasonsAgainst(status: Status, leastFree: number): string[] {
  if (status.role === "client") {
    return status.destinations.flatMap((one) => standsStill(one, status) ?? []);
  }
  const { free_bytes: free, certificate_days_left: days } = status;
  const reasons: string[] = [];
  if (free !== null && free <= leastFree) {
    reasons.push(`${free} bytes are free, and min_free_space is ${Math.ceil(leastFree)}: appends are refused`);
  }
  if (days !== null && days < 0) reasons.push("the server's certificate has expired: clients refuse it");
  return reasons;
}

function standsStill(destination: DestinationStatus, { now, started_at }: ClientStatus): string | undefined {
  const { url, backlog_bytes: backlog, lag_seconds: lag, last_acknowledged_at: last, last_error: error } = destination;
  if (backlog === 0 || lag <= STANDSTILL) return undefined;
  const still = (Date.parse(now) - Date.parse(last ?? started_at)) / 1000;
  if (still <= STANDSTILL) return undefined;
  const why = error === null ? "" : `: ${error.text}`;
  return `${url} lacks ${backlog} bytes and has acknowledged nothing for ${Math.floor(still)} s${why}`;
}
