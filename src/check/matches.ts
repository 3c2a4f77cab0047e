// What each pattern matches now and under which names, and what it matches that cannot have a name or be looked at.
// A pattern that matches nothing may be right: its files may come later.

import { quote, quoteText } from "../base/text.ts";
import type { PatternOptions } from "../discovery/options.ts";
import type { CheckedFile } from "./checked-file.ts";
import { counted, error, type Finding, ok, pathsInWords, warning } from "./finding.ts";

/** Files of a pattern and what stands in the way, as a scan found them. */
export interface Matched {
  readonly pattern: PatternOptions;
  readonly files: readonly CheckedFile[];
}

/** Names shown of each pattern. */
const SHOWN = 3;

export function checkMatches(matched: readonly Matched[]): Finding[] {
  return matched.map(({ pattern, files }) => {
    const subject = `${quoteText(pattern.name)} (${pattern.pattern})`;
    if (files.length === 0) {
      const remedy = `ls -ld ${pattern.pattern.replace(/(\/[^/]*[*?[{(].*)$/, "")}   # is it there, and may this user look into it?`;
      return warning("pattern-matches", subject, "matches no file now", remedy);
    }
    const shown = files.slice(0, SHOWN).map(({ path, name }) => `${quote(path)} as ${quote(name)}`);
    const more = files.length > SHOWN ? `, and ${files.length - SHOWN} more` : "";
    return ok("pattern-matches", subject, `${counted(files.length, "file")}: ${shown.join(", ")}${more}`);
  });
}

export interface Hindrance {
  readonly kind: string;
  readonly source: string;
  readonly reason: string;
}

/** What a scan could not look at or name, by what is wrong. */
export function checkHindrances(problems: readonly Hindrance[]): Finding[] {
  const groups = new Map<string, Hindrance[]>();
  for (const problem of problems) {
    if (problem.kind !== "unreadable" && problem.kind !== "refused-name") continue;
    const key = `${problem.kind} ${problem.reason}`;
    groups.set(key, [...(groups.get(key) ?? []), problem]);
  }
  return [...groups.values()].map((group) => {
    const { kind, reason } = group[0] as Hindrance;
    const subject = pathsInWords(group.map(({ source }) => source || "/"));
    if (kind === "refused-name") {
      const remedy = "shaftlog sync-once --dry-run   # shows names; change rename, or regex_from and regex_to";
      return error("name-refused", subject, `cannot have the name that its pattern gives it: ${reason}`, remedy);
    }
    return error("path-not-readable", subject, `what is in it is not delivered: ${reason}`, "sudo shaftlog check");
  });
}
