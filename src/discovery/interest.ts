// What the patterns look for in one directory, and from that what they look for in the next: rows whose spelled-out
// part goes on, and patterns for which the directory has to be read. A directory that nobody is interested in
// is not opened. Pure.

import type { Bytes } from "../base/text.ts";
import type { Pattern, Row } from "./pattern.ts";

/** What is looked for in one directory. */
export interface Interest {
  /** Rows whose spelled-out part goes on here, or ends here with a file. */
  readonly rows: readonly Row[];
  /** Patterns for which the directory is to be read. */
  readonly wild: readonly Pattern[];
}

/** A directory as the walk comes to it. */
export interface Place {
  /** As the patterns see it; "" for "/". */
  readonly path: Bytes;
  /** Where it really is below the top, without a leading slash. */
  readonly real: Bytes;
  readonly depth: number;
  readonly interest: Interest;
}

/** The place where every walk begins. */
export function topPlace(patterns: readonly Pattern[]): Place {
  return {
    path: "",
    real: "",
    depth: 0,
    interest: interestOf(
      patterns.flatMap(({ rows }) => rows),
      [],
      0,
    ),
  };
}

/** True where the name may be a file that matches, or lead to one. */
export function isOfInterest(place: Place, name: Bytes, path: Bytes): boolean {
  return firstMatch(place, name, path) !== undefined || !isEmpty(interestBelow(place, name, path));
}

/** True where files can match in the directory itself, or wildcards stand for its directories. */
export function isWatchable({ depth, interest }: Place): boolean {
  return interest.wild.length > 0 || interest.rows.some(({ literals }) => literals.length === depth);
}

/** The patterns that match the file `name` here, in the order of the configuration. */
export function matches(place: Place, name: Bytes, path: Bytes): Pattern[] {
  const { rows, wild } = place.interest;
  const found = new Set<Pattern>();
  for (const pattern of wild) if (pattern.matches(path)) found.add(pattern);
  for (const { pattern, literals, file } of rows) {
    if (literals.length === place.depth && file === name && pattern.matches(path)) found.add(pattern);
  }
  return [...found].sort((a, b) => a.index - b.index);
}

export function firstMatch(place: Place, name: Bytes, path: Bytes): Pattern | undefined {
  const { rows, wild } = place.interest;
  // The usual case, without a set or a sort: patterns stand in their order.
  if (rows.length === 0) return wild.find((pattern) => pattern.matches(path));
  return matches(place, name, path)[0];
}

export function interestBelow(place: Place, name: Bytes, path: Bytes): Interest {
  const depth = place.depth + 1;
  const rows = place.interest.rows.filter((row) => row.literals[place.depth] === name);
  return interestOf(
    rows,
    place.interest.wild.filter((pattern) => pattern.mayContain(path, depth)),
    depth,
  );
}

/** Rows whose spelled-out part has ended with a wildcard become patterns to read the directory for. */
export function interestOf(rows: readonly Row[], wild: readonly Pattern[], depth: number): Interest {
  const isWild = (row: Row) => row.literals.length === depth && row.file === undefined;
  if (!rows.some(isWild)) return { rows, wild };
  const all = new Set([...wild, ...rows.filter(isWild).map((row) => row.pattern)]);
  return { rows: rows.filter((row) => !isWild(row)), wild: [...all].sort((a, b) => a.index - b.index) };
}

export function isEmpty({ rows, wild }: Interest): boolean {
  return rows.length === 0 && wild.length === 0;
}
