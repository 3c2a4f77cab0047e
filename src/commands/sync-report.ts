// What sync-once tells at its end: one JSON document, or a few lines for people; and the exit code. The keys of
// the document are documented in docs/OPERATIONS.md: scripts rely on them. What matches a pattern and cannot be
// delivered at all stands among the files, refused at every destination.

import { quoteText, readable } from "../base/text.ts";
import type { Problem } from "../discovery/discover.ts";
import { EXIT } from "./flags.ts";
import type { FileResult, GoalState } from "./sync-goals.ts";

export interface SyncReport<State extends string = GoalState> {
  readonly result: State;
  readonly bytes_sent: number;
  readonly elapsed_ms: number;
  readonly files: readonly FileReport[];
}

export interface FileReport {
  /** null: it has none at the destinations. */
  readonly name: string | null;
  /** null: its owner deleted it, or it was not seen. */
  readonly source: string | null;
  readonly size: number;
  readonly destinations: readonly DestinationReport[];
}

export interface DestinationReport {
  readonly url: string;
  readonly acknowledged: number;
  readonly state: GoalState | "planned";
  readonly error: string | null;
}

export interface SyncFacts {
  readonly files: Iterable<FileResult>;
  readonly problems: readonly Problem[];
  /** Destinations, with the host's names filled in. */
  readonly urls: readonly string[];
  /** Files found truncated or rewritten: bytes may be lost. */
  readonly shrunk: number;
  /** Stopped by a signal before the scan came to its end. */
  readonly unfinished: boolean;
  readonly bytesSent: number;
  readonly elapsed: number;
}

export function makeReport(facts: SyncFacts): SyncReport {
  const files = [...[...facts.files].map(fileReport), ...problemReports(facts.problems, facts.urls)];
  const result = resultOf(files, facts.shrunk > 0, facts.unfinished);
  return { result, bytes_sent: facts.bytesSent, elapsed_ms: Math.round(facts.elapsed), files };
}

/** `shrunk`: files were found truncated; `unfinished`: not all was looked at. */
export function resultOf(files: readonly FileReport[], shrunk: boolean, unfinished: boolean): GoalState {
  const states = new Set(files.flatMap((file) => file.destinations.map(({ state }) => state)));
  if (shrunk || states.has("refused")) return "refused";
  return unfinished || states.has("incomplete") ? "incomplete" : "delivered";
}

export function exitCode(report: SyncReport): number {
  switch (report.result) {
    case "delivered":
      return EXIT.OK;
    case "incomplete":
      return EXIT.INCOMPLETE;
    case "refused":
      return EXIT.REFUSED;
  }
}

/** A pattern may well match things that are no log files; only what cannot be delivered though it should counts. */
export function problemReports(problems: readonly Problem[], urls: readonly string[]): FileReport[] {
  return problems
    .filter(({ kind }) => kind === "unreadable" || kind === "unlinkable" || kind === "refused-name")
    .map(({ source, reason }) => ({
      name: null,
      source: readable(source === "" ? "/" : source),
      size: 0,
      destinations: urls.map((url) => ({ url, acknowledged: 0, state: "refused", error: reason })),
    }));
}

/** Groups of equal trouble told one by one. */
const MOST_LINES = 20;

/** A summary for people, with what keeps files from being delivered. */
export function describeReport({ result, bytes_sent, elapsed_ms, files }: SyncReport): string {
  const sent = `${bytes_sent} bytes sent in ${(elapsed_ms / 1000).toFixed(1)} s`;
  if (result === "delivered") return `Everything is durable everywhere: ${count(files.length)}, ${sent}`;
  const open = files.filter(({ destinations }) => destinations.some(({ state }) => state !== "delivered"));
  const lines = [...groups(open).values()].map(
    ({ first, of, where }) =>
      `  ${first.source === null ? quoteText(first.name ?? "") : quoteText(first.source)}` +
      `${of > 1 ? ` and ${of - 1} more` : ""}${where}`,
  );
  const more = lines.length > MOST_LINES ? [`  and ${lines.length - MOST_LINES} more kinds of trouble`] : [];
  const verb = open.length === 1 ? "is" : "are";
  const head = `${result}: ${open.length} of ${count(files.length)} ${verb} not durable everywhere, ${sent}`;
  return [head, ...lines.slice(0, MOST_LINES), ...more].join("\n");
}

interface Group {
  readonly first: FileReport;
  of: number;
  readonly where: string;
}

/** Files with the same trouble at the same destination. */
function groups(files: readonly FileReport[]): Map<string, Group> {
  const found = new Map<string, Group>();
  for (const file of files) {
    // What has no name is refused by this host, for all destinations alike.
    for (const { url, state, error } of file.name === null ? file.destinations.slice(0, 1) : file.destinations) {
      if (state === "delivered") continue;
      const where = `${file.name === null ? "" : `, ${url}`}: ${error}`;
      const group = found.get(where);
      if (group === undefined) found.set(where, { first: file, of: 1, where });
      else group.of++;
    }
  }
  return found;
}

function count(files: number): string {
  return `${files} ${files === 1 ? "file" : "files"}`;
}

export function fileReport({ generation: { name, entry }, size, results }: FileResult): FileReport {
  return {
    name: readable(name),
    source: entry.source === undefined ? null : readable(entry.source),
    size,
    destinations: results.map(({ destination, acknowledged, state, error }) => ({
      url: destination.url,
      acknowledged,
      state,
      error: error ?? null,
    })),
  };
}
