// Lines for a terminal or a file out of what was told: tables whose columns are aligned, words in colour where that is
// wanted, and nothing foreign that could control a terminal. Pure.

import { escapeText } from "../base/text.ts";

export type Colour = "good" | "busy" | "bad" | "faint" | "head";

const CODES: Readonly<Record<Colour, string>> = { good: "32", busy: "33", bad: "31", faint: "2", head: "1" };

export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_, text) => text;

export const coloured: Paint = (colour, text) => `\x1b[${CODES[colour]}m${text}\x1b[0m`;

/** A cell of a table. */
export interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
  /** Numbers stand at the right of their column. */
  readonly right?: boolean;
}

export const left = (text: string, colour?: Colour): Cell => ({ text, colour });
export const right = (text: string, colour?: Colour): Cell => ({ text, colour, right: true });

/** One line for each row, columns two spaces apart. The last column is as wide as it is. */
export function table(head: readonly Cell[], rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const all = [head.map((cell) => ({ ...cell, colour: "faint" as const })), ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]?.text.length ?? 0)));
  return all.map(
    (row) => `  ${row.map((cell, i) => drawn(cell, i === row.length - 1 ? 0 : widths[i], paint)).join("  ")}`,
  );
}

function drawn({ text, colour, right }: Cell, width = 0, paint: Paint): string {
  const space = " ".repeat(Math.max(0, width - text.length));
  const painted = colour === undefined ? text : paint(colour, text);
  return right === true ? space + painted : painted + space;
}

/** Something foreign, on one line and harmless. */
export function safe(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => escapeText(char));
}
