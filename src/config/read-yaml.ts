// The text of a configuration file → its values by a schema, or every problem of the file in the order of its lines.
// Where the syntax breaks, what the tree says from there on is a guess, so only problems before that point are told
// beside the syntax errors. Pure; never throws.

import { YAMLMap } from "yaml";
import { placeOf, rememberPlace, type Sheet } from "./place.ts";
import type { Parsed } from "./problem.ts";
import type { Type } from "./schema.ts";
import { type Finding, parseYaml } from "./yaml-tree.ts";

/** Reads `text` by `type`. A file that is empty or only comments is a map without keys. */
export function readYaml<T>(type: Type<T>, text: string): Parsed<T> {
  const tree = parseYaml(text);
  const sheet: Sheet = { tree, findings: [], places: new Map() };
  const config = type.read(rememberPlace(placeOf(sheet, "", tree.root ?? new YAMLMap())));
  const told = [...tree.findings, ...sheet.findings.filter((finding) => finding.end < tree.brokenAt)];
  if (told.length === 0 && config !== undefined) return { config };
  const toProblem = ({ start, end: _, ...rest }: Finding) => ({ ...tree.locate(start), ...rest });
  return { problems: told.sort((a, b) => a.start - b.start).map(toProblem) };
}
