// What verify tells at its end: a document of the same form as sync-once's, or a line for each file that is not equal;
// and the exit code. The keys and states are documented in docs/OPERATIONS.md: scripts rely on them.

import { quoteText, readable } from "../base/text.ts";
import type { Generation } from "../spool/entry.ts";
import type { Verdict } from "../transfer/verify-file.ts";
import { EXIT } from "./flags.ts";
import type { FileReport } from "./sync-report.ts";

export interface VerifyReport {
  readonly result: "equal" | "incomplete" | "diverged";
  /** Always 0: the key is there for those who read sync-once's documents. */
  readonly bytes_sent: 0;
  readonly elapsed_ms: number;
  readonly files: readonly VerifiedFile[];
}

export interface VerifiedFile extends Omit<FileReport, "destinations"> {
  readonly destinations: readonly VerifiedAt[];
}

interface VerifiedAt {
  readonly url: string;
  /** So many first bytes are known to be the same there. */
  readonly acknowledged: number;
  readonly state: Verdict["kind"];
  readonly error: string | null;
}

/** One file: its size when it was found, and the verdict for each destination. */
export interface Verified {
  readonly generation: Generation;
  readonly goal: number;
  readonly verdicts: readonly Verdict[];
}

/** `problems`: what matches a pattern and could not even be read. */
export function verifyReport(
  all: readonly Verified[],
  problems: readonly FileReport[],
  urls: readonly string[],
  elapsed: number,
): VerifyReport {
  const files = all.map(({ generation, goal, verdicts }) => ({
    name: readable(generation.name),
    source: generation.entry.source === undefined ? null : readable(generation.entry.source),
    size: goal,
    destinations: urls.map((url, i) => verifiedAt(url, goal, verdicts[i] as Verdict)),
  }));
  const unread = problems.map((file) => ({
    ...file,
    destinations: file.destinations.map(({ url, error }) => ({
      url,
      acknowledged: 0,
      state: "refused" as const,
      error,
    })),
  }));
  const states = new Set([...files, ...unread].flatMap(({ destinations }) => destinations.map(({ state }) => state)));
  const result =
    states.has("diverged") || states.has("refused")
      ? "diverged"
      : [...states].every((state) => state === "equal")
        ? "equal"
        : "incomplete";
  return { result, bytes_sent: 0, elapsed_ms: Math.round(elapsed), files: [...files, ...unread] };
}

export function verifyExit({ result }: VerifyReport): number {
  return result === "equal" ? EXIT.OK : result === "diverged" ? EXIT.REFUSED : EXIT.INCOMPLETE;
}

/** Files told one by one. */
const MOST_LINES = 100;

export function describeVerified({ result, files, elapsed_ms }: VerifyReport): string {
  const seconds = (elapsed_ms / 1000).toFixed(1);
  if (result === "equal") return `Everything is equal everywhere: ${files.length} files, compared in ${seconds} s`;
  const lines = files.flatMap(({ name, source, destinations }) =>
    destinations
      .filter(({ state }) => state !== "equal")
      .map(({ url, state, error }) => `  ${state}: ${quoteText(source ?? name ?? "")} at ${url}: ${error}`),
  );
  const more = lines.length > MOST_LINES ? [`  and ${lines.length - MOST_LINES} more; --json tells all`] : [];
  const open = files.filter(({ destinations }) => destinations.some(({ state }) => state !== "equal"));
  const head = `${result}: ${open.length} of ${files.length} files are not equal everywhere, compared in ${seconds} s`;
  return [head, ...lines.slice(0, MOST_LINES), ...more].join("\n");
}

function verifiedAt(url: string, goal: number, verdict: Verdict): VerifiedAt {
  const { kind: state } = verdict;
  return { url, acknowledged: sameBytes(goal, verdict), state, error: wordsFor(goal, verdict) };
}

function sameBytes(goal: number, verdict: Verdict): number {
  switch (verdict.kind) {
    case "equal":
    case "ahead":
      return goal;
    case "behind":
    case "diverged":
      return verdict.same;
    default:
      return 0;
  }
}

function wordsFor(goal: number, verdict: Verdict): string | null {
  switch (verdict.kind) {
    case "equal":
      return null;
    case "behind":
      return `it has the first ${verdict.same} of ${goal} bytes`;
    case "ahead":
      return `it has ${verdict.size} bytes, and the ${goal} here are its beginning; normal after a power cut of this host`;
    case "missing":
      return `it has none of ${goal} bytes`;
    case "unverifiable":
      return `it tells no digests; it has ${verdict.size} bytes, and there are ${goal} here`;
    default:
      return verdict.text;
  }
}
