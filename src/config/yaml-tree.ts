// YAML text → a tree whose every node knows its place, plus what is wrong with the text as YAML. The only file that
// parses YAML. Nothing is expanded: aliases are followed one node at a time and their number is capped, so a file
// cannot grow in memory. The library's duplicate check costs the square of the keys and is off; schema.ts has its own.

import {
  type Alias,
  isAlias,
  isCollection,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
} from "yaml";
import { escapeText } from "../base/text.ts";

/** A problem before its offsets have become line and column. `[start, end)` are char offsets into the text. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly key: string;
  readonly what: string;
  readonly expected: string;
  readonly suggestion?: string | undefined;
}

export interface YamlTree {
  /** Undefined for a file that is empty or only comments. */
  readonly root: Node | undefined;
  /** What is wrong with the text as YAML, in no order. */
  readonly findings: readonly Finding[];
  /** Where the syntax first breaks; the tree is a guess from there on. Infinity where it does not. */
  readonly brokenAt: number;
  /** The node an alias stands for; undefined where it stands for none, which is among the findings. */
  readonly resolve: (alias: Alias) => Node | undefined;
  readonly locate: (offset: number) => { readonly line: number; readonly column: number };
}

const MOST_ALIASES = 100;
const LONGEST_MESSAGE = 160;
/** How the library begins to say so; it points to the end of the text, which may be the end of the file. */
const NEVER_CLOSED = "Missing closing ";

/** Faults that leave the shape of the tree in no doubt. */
const HARMLESS_TO_THE_TREE = new Set(["NON_STRING_KEY", "TAG_RESOLVE_FAILED", "MULTIPLE_DOCS", "BAD_DIRECTIVE"]);

const WRONG: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: "a second document begins here",
  NON_STRING_KEY: "a key is a list or a map",
  RESOURCE_EXHAUSTION: "brackets or lists nested too deeply",
};

const EXPECTED: Readonly<Record<string, string>> = {
  BAD_ALIAS: "a name after `*` or `&`",
  BAD_DIRECTIVE: "no line that begins with `%`",
  BAD_DQ_ESCAPE: "one of YAML's escapes; single quotes keep backslashes as they are",
  BAD_INDENT: "the same indentation as the lines around it",
  BAD_SCALAR_START: "quotes around a value that begins with this character",
  BLOCK_AS_IMPLICIT_KEY: "one `key: value` a line; quotes around a value that holds `: `",
  MISSING_CHAR: "`key: value`, and every quote and bracket closed",
  MULTIPLE_DOCS: "one document",
  NON_STRING_KEY: "a plain word as the key",
  RESOURCE_EXHAUSTION: "a few levels",
  TAB_AS_INDENT: "spaces as indentation",
  TAG_RESOLVE_FAILED: "no tag",
};

/** Never throws. */
export function parseYaml(text: string): YamlTree {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    resolveKnownTags: false,
    stringKeys: true,
    uniqueKeys: false,
  });
  // A file of nothing but comments has a root all the same: an empty scalar.
  const { contents } = document;
  const root = contents === null || (isScalar(contents) && contents.value === null) ? undefined : contents;
  const quotes = quotedTexts(root);
  const findings: Finding[] = [];
  let brokenAt = Number.POSITIVE_INFINITY;
  for (const { code, message, pos } of [...document.errors, ...document.warnings]) {
    const [found, end] = pos;
    const start = message.startsWith(NEVER_CLOSED) ? openingQuote(quotes, found) : found;
    if (!HARMLESS_TO_THE_TREE.has(code)) brokenAt = Math.min(brokenAt, start);
    findings.push({
      start,
      end,
      key: "",
      what: WRONG[code] ?? `not valid YAML: ${inWords(message)}`,
      expected: EXPECTED[code] ?? "lines such as `key: value`",
    });
  }
  const targets = followAliases(root, findings);
  return {
    root,
    findings,
    brokenAt,
    resolve: (alias) => targets.get(alias),
    locate: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { line: Math.max(line, 1), column: Math.max(col, 1) };
    },
  };
}

/** `[start, end)` of a parsed node in the text. */
export function rangeOf(node: Node): [start: number, end: number] {
  const range = node.range;
  return range === undefined || range === null ? [0, 0] : [range[0], range[1]];
}

/** Every node in document order; by a stack, since a file may be deeper than the call stack. */
function* nodesBelow(root: Node | undefined): Generator<Node> {
  const ahead: unknown[] = [root];
  while (ahead.length > 0) {
    const next = ahead.pop();
    if (isPair(next)) ahead.push(next.value, next.key);
    if (!isNode(next)) continue;
    yield next;
    if (isCollection(next)) for (let i = next.items.length - 1; i >= 0; i--) ahead.push(next.items[i]);
  }
}

/** Where each quoted text begins, in document order. */
function quotedTexts(root: Node | undefined): number[] {
  const starts: number[] = [];
  for (const node of nodesBelow(root)) {
    if (isScalar(node) && node.type?.startsWith("QUOTE_")) starts.push(rangeOf(node)[0]);
  }
  return starts;
}

/** Where the text begins whose closing quote was missed at `offset`, often many lines later. */
function openingQuote(quotes: readonly number[], offset: number): number {
  return quotes.findLast((start) => start < offset) ?? offset;
}

/** Maps each alias to the last node before it that has its anchor. */
function followAliases(root: Node | undefined, findings: Finding[]): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  let aliases = 0;
  for (const next of nodesBelow(root)) {
    if (isAlias(next)) {
      aliases++;
      const target = anchors.get(next.source);
      const [start, end] = rangeOf(next);
      const name = escapeText(next.source.slice(0, 40));
      if (aliases === MOST_ALIASES + 1) {
        findings.push({ start, end, key: "", what: "too many aliases", expected: `at most ${MOST_ALIASES} in a file` });
      } else if (target === undefined) {
        findings.push({
          start,
          end,
          key: "",
          what: `unknown alias *${name}`,
          expected: `an anchor &${name} before it`,
        });
      }
      if (aliases <= MOST_ALIASES && target !== undefined) targets.set(next, target);
    } else if (next.anchor !== undefined) {
      anchors.set(next.anchor, next);
    }
  }
  return targets;
}

/** The library's message on one line, cut where it quotes half the file. */
function inWords(message: string): string {
  if (message.startsWith(NEVER_CLOSED)) return "the quote that opens here is never closed";
  const short = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message;
  return escapeText(short).replace(/\\(["\\])/g, "$1");
}
