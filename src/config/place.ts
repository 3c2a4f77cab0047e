// A value in a configuration file together with where it stands: its key path for people and its offsets for line and
// column. Types (schema.ts, values.ts) read places and report what is wrong with them; nothing here knows any key.

import { type Alias, isAlias, isMap, isScalar, isSeq, type Node } from "yaml";
import { escapeText, quoteText } from "../base/text.ts";
import { type Finding, rangeOf, type YamlTree } from "./yaml-tree.ts";

/** One reading of one file. */
export interface Sheet {
  readonly tree: YamlTree;
  readonly findings: Finding[];
  /** Where each value that has a type stands, by its path. */
  readonly places: Map<string, Place>;
}

export interface Place {
  readonly sheet: Sheet;
  /** Such as `scan_paths[0].name`; empty for the file as a whole. */
  readonly path: string;
  /** What is written there, aliases followed; null for nothing. Undefined for a bad alias, which was reported already. */
  readonly node: Exclude<Node, Alias> | null | undefined;
  readonly start: number;
  readonly end: number;
}

const LONGEST_QUOTE = 60;

/** Reports something wrong with the value at a place. `what` continues the key's path, `expected` the word "expected". */
export function report(place: Place, what: string, expected: string, suggestion?: string | undefined): void {
  const { sheet, path, start, end } = place;
  sheet.findings.push({ start, end, key: path, what: path === "" ? `the file ${what}` : what, expected, suggestion });
}

/** The place of `node`. A value of no extent (nothing after the colon) stands at `instead`, where its key begins. */
export function placeOf(sheet: Sheet, path: string, node: Node | null, instead?: number): Place {
  const [start, end] = node === null ? [0, 0] : rangeOf(node);
  const resolved = isAlias(node) ? sheet.tree.resolve(node) : node;
  return {
    sheet,
    path,
    node: isAlias(resolved) ? undefined : resolved,
    start: start === end ? (instead ?? start) : start,
    end: Math.max(end, instead ?? start),
  };
}

/** The same, kept so that a check of several keys can find it by its path. */
export function rememberPlace(place: Place): Place {
  place.sheet.places.set(place.path, place);
  return place;
}

/** The path of a map's key. A foreign key is shown so that it cannot be taken for anything else. */
export function pathOfKey(parent: string, key: string): string {
  const shown = /^[\w.-]+$/.test(key) && key.length <= LONGEST_QUOTE ? key : quoteShort(key);
  return parent === "" ? shown : `${parent}.${shown}`;
}

/** What stands there, to follow a key path: "is a list", "has no value". */
export function describeNode(node: Node | null): string {
  if (isMap(node)) return "is a map";
  if (isSeq(node)) return "is a list";
  if (!isScalar(node)) return "has no value";
  const value = node.value;
  if (value === null || value === undefined) return "has no value";
  if (typeof value === "number")
    return `is the number ${escapeText((node.source ?? String(value)).slice(0, LONGEST_QUOTE))}`;
  if (typeof value === "boolean") return `is ${value}`;
  if (typeof value === "string") return `is the text ${quoteShort(value)}`;
  return "is of another type";
}

/** A foreign text in quotes, cut where it is long. Where it is a URL, who logs in and how is left out. */
export function quoteShort(text: string): string {
  const shown = text.replace(/\/\/[^/]*@/g, "//…@");
  return shown.length > LONGEST_QUOTE ? `${quoteText(shown.slice(0, LONGEST_QUOTE))}…` : quoteText(shown);
}
