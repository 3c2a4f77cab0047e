// Asks for the figures every two seconds and for the hour's history now and then, and not at all while nobody looks.
// Tells when the connection is lost and since when; asks on until it is back.

import type { ClientStatus } from "../../status/client-document.ts";
import type { ServerStatusDocument } from "../../status/server-document.ts";

export type Status = ClientStatus | ServerStatusDocument;

export interface Series {
  readonly name: string;
  readonly backlog_bytes?: readonly (number | null)[];
  readonly bytes_per_second: readonly (number | null)[];
}

export type History = ReadonlyMap<string, Series>;

export interface Listener {
  shown(status: Status, history: History): void;
  /** `since`: when the last answer came, ms since 1970; undefined: there was none yet. */
  lost(since: number | undefined, why: string): void;
}

const EVERY = 2_000;
const HISTORY_EVERY = 15_000;
const PATIENCE = 5_000;

export function follow(listener: Listener): void {
  let history: History = new Map();
  let historyAt = Number.NEGATIVE_INFINITY;
  let heardAt: number | undefined;
  let timer: number | undefined;

  const ask = async () => {
    timer = undefined;
    try {
      const status = (await get("status")) as Status;
      if (performance.now() - historyAt > HISTORY_EVERY) {
        const { series } = (await get("history")) as { readonly series: readonly Series[] };
        history = new Map(series.map((one) => [one.name, one]));
        historyAt = performance.now();
      }
      heardAt = Date.now();
      listener.shown(status, history);
    } catch (error) {
      listener.lost(heardAt, error instanceof Failure ? error.message : "no connection");
    }
    if (document.visibilityState === "visible") timer = window.setTimeout(ask, EVERY);
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && timer === undefined) void ask();
  });
  void ask();
}

class Failure extends Error {}

async function get(path: string): Promise<unknown> {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (answer.ok) return await answer.json();
  const { reasons = [] } = (await answer.json().catch(() => ({}))) as { readonly reasons?: readonly string[] };
  throw new Failure(reasons[0] ?? `answer ${answer.status}`);
}
