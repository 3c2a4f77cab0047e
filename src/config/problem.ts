// One thing that is wrong in a configuration file, as a value, and the one exception that carries them all.
// The text of a problem is `file:line:column: key.path: what is wrong; expected what`, on one line, with
// everything foreign escaped (base/text). The format is promised in docs/CONFIGURATION.md.

import { StartFailure } from "../base/errors.ts";
import { escapeText } from "../base/text.ts";

export interface Problem {
  /** From 1; undefined where the file could not be read at all. */
  readonly line?: number | undefined;
  /** From 1, in UTF-16 units, a tab counting one. Present exactly when `line` is. */
  readonly column?: number | undefined;
  /** Such as `scan_paths[0].name`, counting from 0; empty where the problem is not of one key. */
  readonly key: string;
  readonly what: string;
  readonly expected: string;
  /** The word that was probably meant. */
  readonly suggestion?: string | undefined;
}

/** What a configuration file came to: all of it, or everything that is wrong with it. */
export type Parsed<T> = { readonly config: T } | { readonly problems: readonly Problem[] };

/** A file of junk must not fill the screen: this many problems are printed, the rest are counted. */
const PRINTED_AT_MOST = 100;

/** Thrown by the loaders of src/config. The message is for the operator as it stands, one line a problem. */
export class ConfigError extends StartFailure {
  readonly path: string;
  readonly problems: readonly Problem[];

  constructor(path: string, problems: readonly Problem[]) {
    super(formatProblems(path, problems));
    this.path = path;
    this.problems = problems;
  }
}

/** One problem of the file at `path` as one line without its line end. */
export function formatProblem(path: string, problem: Problem): string {
  const { line, column, key, what, expected, suggestion } = problem;
  const place = line === undefined ? "" : `:${line}:${column}`;
  const subject = key === "" ? "" : `${key}: `;
  const hint = suggestion === undefined ? "" : `; did you mean \`${suggestion}\`?`;
  return `${escapeText(path)}${place}: ${subject}${what}; expected ${expected}${hint}`;
}

function formatProblems(path: string, problems: readonly Problem[]): string {
  // Two aliases of one node find the same fault twice.
  const lines = [...new Set(problems.map((problem) => formatProblem(path, problem)))];
  const rest = lines.length - PRINTED_AT_MOST;
  if (rest <= 0) return lines.join("\n");
  return [...lines.slice(0, PRINTED_AT_MOST), `${escapeText(path)}: and ${rest} more`].join("\n");
}
