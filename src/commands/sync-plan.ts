// What a dry run prints: which file would go where, under which name. Nothing was asked and nothing written,
// so it says nothing of what a destination has already.

import { quote, quoteText, readable } from "../base/text.ts";
import { encodePath } from "../protocol/resource-path.ts";
import { type Generation, lengthOf } from "../spool/entry.ts";
import type { FileReport, SyncReport } from "./sync-report.ts";

/** The plan as the report's document. */
export function planReport(
  generations: readonly Generation[],
  problems: readonly FileReport[],
  urls: readonly string[],
  elapsed: number,
): SyncReport<"dry-run"> {
  const files = generations.map(
    (generation): FileReport => ({
      name: readable(generation.name),
      source: generation.entry.source === undefined ? null : readable(generation.entry.source),
      size: lengthOf(generation),
      destinations: urls.map((url) => ({ url, acknowledged: 0, state: "planned", error: null })),
    }),
  );
  return { result: "dry-run", bytes_sent: 0, elapsed_ms: Math.round(elapsed), files: [...files, ...problems] };
}

/** The plan for people: a line for each file and destination, and one for what cannot be delivered. */
export function planText(
  generations: readonly Generation[],
  problems: readonly FileReport[],
  urls: readonly string[],
): string {
  const lines = generations.flatMap((generation) => {
    const { name, entry } = generation;
    const source = entry.source === undefined ? `(only in the spool) ${quote(name)}` : quote(entry.source);
    return urls.map((url) => `${source} ${lengthOf(generation)} bytes → ${url}${encodePath(name)}`);
  });
  const refused = problems.map(
    ({ source, destinations }) => `${quoteText(source ?? "")} not delivered: ${destinations[0]?.error ?? ""}`,
  );
  return [...lines, ...refused, ""].join("\n");
}
