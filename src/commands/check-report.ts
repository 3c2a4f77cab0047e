// What a check tells at its end: one JSON document whose keys docs/OPERATIONS.md has, or aligned lines for people, what
// is in order first and what is to be done last, where a terminal shows it; and the exit code.

import { readable } from "../base/text.ts";
import type { CheckedFile } from "../check/checked-file.ts";
import type { Finding, Level } from "../check/finding.ts";
import { EXIT } from "./flags.ts";

/** What was found for one configuration. */
export interface Checked {
  readonly config: string;
  readonly half: "client" | "server";
  readonly findings: readonly Finding[];
  /** Of a client: what matches now. */
  readonly files: readonly CheckedFile[];
}

type Result = "sound" | "warnings" | "errors";

export function resultOf(checks: readonly Checked[]): Result {
  const levels = new Set(checks.flatMap(({ findings }) => findings.map(({ level }) => level)));
  return levels.has("error") ? "errors" : levels.has("warning") ? "warnings" : "sound";
}

export function exitOf(result: Result, strict: boolean): number {
  return result === "errors" || (strict && result === "warnings") ? EXIT.INCOMPLETE : EXIT.OK;
}

export function checkDocument(checks: readonly Checked[], elapsed: number): object {
  return {
    result: resultOf(checks),
    elapsed_ms: Math.round(elapsed),
    checks: checks.map(({ config, half, findings, files }) => ({
      config,
      half,
      findings: findings.map(({ level, name, subject, text, remedy }) => ({
        level,
        name,
        subject,
        text,
        remedy: remedy ?? null,
      })),
      files: files.map(({ path, name, size, isHeld }) => ({
        source: readable(path),
        name: readable(name),
        size,
        held: isHeld,
      })),
    })),
  };
}

const ORDER: readonly Level[] = ["ok", "warning", "error"];
const COLOUR = { ok: 32, warning: 33, error: 31 } as const;

/** `colours`: it is a terminal that takes them. */
export function checkText(checks: readonly Checked[], colours: boolean): string {
  const lines = checks.flatMap(({ config, half, findings }) => [
    ...(checks.length > 1 ? [`${half}: ${config}`] : []),
    ...table(findings, colours),
    "",
  ]);
  return [...lines, summary(checks), ""].join("\n");
}

function table(findings: readonly Finding[], colours: boolean): string[] {
  const sorted = [...findings].sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  const width = Math.max(0, ...sorted.map(({ name }) => name.length));
  return sorted.flatMap(({ level, name, subject, text, remedy }) => {
    const padded = level.padEnd("warning".length);
    const shown = colours ? `\u001b[${COLOUR[level]}m${padded}\u001b[0m` : padded;
    const line = `${shown}  ${name.padEnd(width)}  ${subject}: ${text}`;
    return remedy === undefined ? [line] : [line, `${" ".repeat("warning".length + 2)}→ ${remedy}`];
  });
}

function summary(checks: readonly Checked[]): string {
  const all = checks.flatMap(({ findings }) => findings);
  const count = (level: Level) => all.filter((finding) => finding.level === level).length;
  const words = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const [errors, warnings] = [count("error"), count("warning")];
  const again = "then run it again";
  if (errors > 0) {
    const also = warnings > 0 ? ` and ${words(warnings, "warning")}` : "";
    return `${words(errors, "error")}${also}: do what the arrows say, ${again}`;
  }
  if (warnings > 0) return `Works, with ${words(warnings, "warning")}: look at what the arrows say, ${again}`;
  return `Sound: ${words(all.length, "check")}, nothing to do`;
}
