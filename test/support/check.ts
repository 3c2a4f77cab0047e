// Runs of `shaftlog check` to their end: exit code, and the JSON document checked for exactly the documented keys.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { BINARY, type Ended, run } from "./processes.ts";

export interface FoundThing {
  readonly level: "ok" | "warning" | "error";
  readonly name: string;
  readonly subject: string;
  readonly text: string;
  readonly remedy: string | null;
}

export interface CheckReport {
  readonly result: string;
  readonly elapsed_ms: number;
  readonly checks: readonly {
    readonly config: string;
    readonly half: string;
    readonly findings: readonly FoundThing[];
    readonly files: readonly {
      readonly source: string;
      readonly name: string;
      readonly size: number;
      readonly held: boolean;
    }[];
  }[];
}

export interface CheckRun {
  readonly flags?: readonly string[];
  readonly wrapper?: readonly string[];
}

/** Runs it on one configuration; the exit code must be that of the document's result. */
export function check(config: string, { flags = [], wrapper = [] }: CheckRun = {}): CheckReport {
  return judged(run(["check", "-f", config, "--json", ...flags], wrapper), flags);
}

/** The same while this process goes on, so that it can be the other end. */
export async function checkBeside(config: string): Promise<CheckReport> {
  const child = spawn(BINARY, ["check", "-f", config, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  const [status] = (await once(child, "close")) as [number | null];
  return judged({ status, stdout, stderr: "" }, []);
}

function judged({ status, stdout, stderr }: Ended, flags: readonly string[]): CheckReport {
  assert.ok(status === 0 || status === 1, `ended with ${status}: ${stderr}${stdout}`);
  const report = JSON.parse(stdout) as CheckReport;
  assert.deepEqual(Object.keys(report), ["result", "elapsed_ms", "checks"]);
  for (const one of report.checks) {
    assert.deepEqual(Object.keys(one), ["config", "half", "findings", "files"]);
    for (const finding of one.findings) {
      assert.deepEqual(Object.keys(finding), ["level", "name", "subject", "text", "remedy"]);
      assert.equal(finding.remedy === null, finding.level === "ok", JSON.stringify(finding));
    }
    for (const file of one.files) assert.deepEqual(Object.keys(file), ["source", "name", "size", "held"]);
  }
  const levels = new Set(findingsOf(report).map(({ level }) => level));
  const result = levels.has("error") ? "errors" : levels.has("warning") ? "warnings" : "sound";
  assert.equal(report.result, result);
  assert.equal(status, result === "errors" || (flags.includes("--strict") && result === "warnings") ? 1 : 0);
  return report;
}

export function findingsOf(report: CheckReport): FoundThing[] {
  return report.checks.flatMap(({ findings }) => findings);
}

/** The findings of these names as `level name`, sorted; of all names where none is given. */
export function levels(report: CheckReport, ...names: readonly string[]): string[] {
  return findingsOf(report)
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map(({ level, name }) => `${level} ${name}`)
    .sort();
}

/** The one finding of that name whose text or subject holds `words`. */
export function finding(report: CheckReport, name: string, words: string | RegExp = ""): FoundThing {
  const found = findingsOf(report).filter((one) => {
    const text = `${one.subject}: ${one.text}`;
    return one.name === name && (typeof words === "string" ? text.includes(words) : words.test(text));
  });
  assert.equal(found.length, 1, `${name} ${words}: ${JSON.stringify(findingsOf(report), undefined, 1)}`);
  return found[0] as FoundThing;
}
