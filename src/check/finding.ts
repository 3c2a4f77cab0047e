// What a check found: a value that people and scripts read. Names are stable; docs/OPERATIONS.md lists each with its
// levels, meaning and remedy (a test compares). What holds for many files alike is one finding that names the first.
// Pure.

import { type Bytes, quote } from "../base/text.ts";

export type Level = "ok" | "warning" | "error";

export interface Finding {
  readonly level: Level;
  /** Lower case with hyphens. */
  readonly name: string;
  /** What it is about: a path, a URL, the name of a pattern; for people, on one line. */
  readonly subject: string;
  /** What was found, and for a warning or an error what comes of it. */
  readonly text: string;
  /** A command to paste or a line of configuration to write; none where nothing is to be done. */
  readonly remedy: string | undefined;
}

export function ok(name: string, subject: string, text: string): Finding {
  return { level: "ok", name, subject, text, remedy: undefined };
}

/** It works, or will until something happens. */
export function warning(name: string, subject: string, text: string, remedy: string): Finding {
  return { level: "warning", name, subject, text, remedy };
}

/** Something is not delivered, or lost. */
export function error(name: string, subject: string, text: string, remedy: string): Finding {
  return { level: "error", name, subject, text, remedy };
}

/** Paths in words: the first, and how many more there are. */
export function pathsInWords(paths: readonly Bytes[]): string {
  const [first = ""] = paths;
  return paths.length < 2 ? quote(first) : `${quote(first)} and ${paths.length - 1} more`;
}

/** `1 file`, `2 files`. */
export function counted(count: number, word: string): string {
  const many = /y$/.test(word) ? `${word.slice(0, -1)}ies` : /ch$/.test(word) ? `${word}es` : `${word}s`;
  return `${count} ${count === 1 ? word : many}`;
}

/** A path as a shell takes it. */
export function shellWord(path: Bytes): string {
  const text = Buffer.from(path, "latin1").toString("utf8");
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Bytes for people: `3.2 GiB`. */
export function sizeInWords(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return power === 0 ? `${bytes} bytes` : `${(bytes / 2 ** (10 * power)).toFixed(1)} ${units[power]}`;
}
