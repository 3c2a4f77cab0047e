// What a dry run prints: which file would go where, under which name. Nothing was asked and nothing written,
// so it says nothing of what a destination has already.

import type { ScanReport } from "../discovery/discover.ts";
import { encodePath } from "../protocol/resource-path.ts";
import { lengthOf } from "../spool/entry.ts";
import type { Spools } from "../spool/spools.ts";
import { isFailure, readable } from "./sync-report.ts";

/** The plan as text: one JSON document, or a line for each file and destination. */
export function planOf(spools: Spools, scan: ScanReport, urls: readonly URL[], json: boolean): string {
  const files = [...spools.generations()].map((generation) => ({
    name: readable(generation.name),
    source: generation.entry.source === undefined ? null : readable(generation.entry.source),
    size: lengthOf(generation),
    destinations: urls.map((url) => ({ url: url.href + encodePath(generation.name) })),
  }));
  const problems = scan.problems
    .filter(isFailure)
    .map(({ source, kind, reason }) => ({ source: readable(source), kind, error: reason }));
  if (json) return `${JSON.stringify({ result: "dry-run", files, problems }, undefined, 2)}\n`;
  const lines = files.flatMap((file) =>
    file.destinations.map(({ url }) => `${file.source ?? "(only in the spool)"}\t${file.size}\t${url}`),
  );
  return [...lines, ...problems.map(({ source, error }) => `${source}\tnot delivered: ${error}`), ""].join("\n");
}
