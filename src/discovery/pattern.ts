// One scan_paths entry, compiled: which paths it matches, which directories can hold matches, and which leading
// directories are spelled out, so that nothing beside them is read. The language is minimatch's, with its
// defaults (docs/CONFIGURATION.md). Pure.

import { Minimatch } from "minimatch";
import { type Bytes, bytesOf, isAscii, textOf } from "../base/text.ts";
import type { PatternOptions } from "./options.ts";

/** One brace alternative of a pattern. */
export interface Row {
  readonly pattern: Pattern;
  /** The names of the leading directories, from "/", that hold no wildcard. */
  readonly literals: readonly Bytes[];
  /** The file's name where that holds no wildcard either and directly follows. */
  readonly file: Bytes | undefined;
}

export interface Pattern {
  readonly options: PatternOptions;
  /** Place in the configuration: the first pattern that matches a file names it. */
  readonly index: number;
  readonly rows: readonly Row[];
  /** True for a file that is to be delivered. */
  matches(path: Bytes): boolean;
  /** True where something below the directory `path`, `depth` components deep, can match. */
  mayContain(path: Bytes, depth: number): boolean;
}

export function compilePattern(options: PatternOptions, index: number): Pattern {
  const matcher = new Minimatch(options.pattern, { nocomment: true, nonegate: true });
  const exclude = options.exclude === undefined ? undefined : new Minimatch(options.exclude, { nocomment: true });
  const byBaseName = !(options.exclude ?? "").includes("/");
  const deepest = Math.max(0, ...matcher.set.map((parts) => (parts.every(isBounded) ? parts.length - 1 : Infinity)));
  const rows: Row[] = [];
  const pattern: Pattern = {
    options,
    index,
    rows,
    matches(path) {
      const text = matchText(path);
      if (!matcher.match(text)) return false;
      return exclude === undefined || !exclude.match(byBaseName ? text.slice(text.lastIndexOf("/") + 1) : text);
    },
    mayContain: (path, depth) => depth < deepest && matcher.match(matchText(path), true),
  };
  for (const parts of matcher.set) {
    const names = parts.slice(1); // before the leading slash there is nothing
    const count = names.findIndex((part, i) => typeof part !== "string" || i === names.length - 1);
    const literals = names.slice(0, count).map((part) => bytesOf(part as string));
    const last = names[count];
    // No walk comes through "." or "..", and a name is never empty.
    if (names.length === 0 || [...literals, last].some((part) => part === "" || part === "." || part === ".."))
      continue;
    rows.push({ pattern, literals, file: typeof last === "string" ? bytesOf(last) : undefined });
  }
  return pattern;
}

/**
 * A path as the text that patterns and expressions see: what its bytes spell in UTF-8, or else each byte that is not
 * printable ASCII as %XX, and % as %25, which can be turned back.
 */
export function matchText(path: Bytes): string {
  if (isAscii(path)) return path;
  return (
    textOf(path) ??
    path.replace(
      /[^\x20-\x24\x26-\x7e]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    )
  );
}

/** False for `**`, which stands for any number of directories. */
function isBounded(part: unknown): boolean {
  return typeof part !== "symbol";
}
