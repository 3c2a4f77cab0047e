// What sync-once tells at its end: one JSON document, or a few lines for people; and the exit code. The keys of
// the document are documented in docs/OPERATIONS.md: scripts rely on them.

import type { Bytes } from "../base/text.ts";
import { quote, textOf } from "../base/text.ts";
import type { Problem, ScanReport } from "../discovery/discover.ts";
import type { Generation } from "../spool/entry.ts";
import { EXIT } from "./flags.ts";
import type { GoalResult, GoalState, SyncGoals } from "./sync-goals.ts";

export interface SyncReport {
  readonly result: GoalState;
  readonly bytes_sent: number;
  readonly elapsed_ms: number;
  readonly files: readonly FileReport[];
  /** What keeps a matching file from being delivered at all. */
  readonly problems: readonly { readonly source: string; readonly kind: string; readonly error: string }[];
}

interface FileReport {
  readonly name: string;
  readonly source: string | null;
  readonly size: number;
  readonly destinations: readonly {
    readonly url: string;
    readonly acknowledged: number;
    readonly state: GoalState;
    readonly error: string | null;
  }[];
}

export interface SyncFacts {
  readonly goals: SyncGoals;
  readonly scan: ScanReport;
  /** Files found truncated or rewritten: bytes may be lost. */
  readonly shrunk: number;
  readonly bytesSent: number;
  readonly elapsed: number;
}

export function makeReport({ goals, scan, shrunk, bytesSent, elapsed }: SyncFacts): SyncReport {
  const files = [...goals.generations].map(([generation, size]) =>
    fileReport(generation, size, goals.resultsOf(generation)),
  );
  const problems = scan.problems.filter(isFailure).map(({ source, kind, reason }) => ({
    source: readable(source),
    kind,
    error: reason,
  }));
  const states = new Set(files.flatMap((file) => file.destinations.map(({ state }) => state)));
  const refused = states.has("refused") || problems.length > 0 || shrunk > 0;
  const result = refused ? "refused" : states.has("incomplete") ? "incomplete" : "delivered";
  return { result, bytes_sent: bytesSent, elapsed_ms: Math.round(elapsed), files, problems };
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
export function isFailure(problem: Problem): boolean {
  return problem.kind === "unreadable" || problem.kind === "unlinkable" || problem.kind === "refused-name";
}

/** A summary for people. */
export function describeReport(report: SyncReport): string {
  const seconds = (report.elapsed_ms / 1000).toFixed(1);
  const count = report.files.length;
  const open = report.files.filter((file) => file.destinations.some(({ state }) => state !== "delivered"));
  const head =
    report.result === "delivered"
      ? `Everything is durable everywhere: ${count} files, ${report.bytes_sent} bytes sent in ${seconds} s`
      : `${report.result}: ${open.length} of ${count} files are not durable everywhere, ${report.bytes_sent} bytes sent in ${seconds} s`;
  return head;
}

/** A name or path for people and JSON: its text, or its bytes escaped where it is no UTF-8. */
export function readable(bytes: Bytes): string {
  return textOf(bytes) ?? quote(bytes).slice(1, -1);
}

function fileReport({ name, entry }: Generation, size: number, results: readonly GoalResult[]): FileReport {
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
