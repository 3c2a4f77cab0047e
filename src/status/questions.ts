// What can be asked over the socket in the data directory, and what is answered: one JSON value a line. An asker sends
// a `Question`; `status` is answered with the document, `sync` with `progress` now and then, at the end `files` and a
// `report` (commands/sync-asked.ts), `archive` with what is `said` of each file and a `result`
// (commands/archive-asked.ts). What cannot be answered is `cannot`, with the reason in words. Pure.

/** Hidden, as all of ours in a data directory. */
export const STATUS_SOCKET = ".status.sock";

export type Question =
  | { readonly ask: "status" }
  /** Scan now, and bring over all that is there. `config`: the asker's, which must be the one that is in force. */
  | { readonly ask: "sync"; readonly config: string; readonly timeout_ms: number }
  /** Of a server: seal these files now, named as on the command line. */
  | { readonly ask: "archive"; readonly paths: readonly string[] }
  /** Of the one who asked for a sync: nothing more is waited for. */
  | { readonly ask: "stop"; readonly reason: string };

/** undefined: none that is known here. */
export function questionOf(value: unknown): Question | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { ask, config, timeout_ms, reason, paths } = value as Readonly<Record<string, unknown>>;
  if (ask === "status") return { ask };
  if (ask === "stop") return { ask, reason: String(reason) };
  if (ask === "archive") {
    return Array.isArray(paths) && paths.every((path) => typeof path === "string") ? { ask, paths } : undefined;
  }
  if (ask !== "sync" || typeof config !== "string") return undefined;
  return typeof timeout_ms === "number" && timeout_ms > 0 ? { ask, config, timeout_ms } : undefined;
}
