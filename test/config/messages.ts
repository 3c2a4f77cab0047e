// What an operator reads for a faulty configuration file, without the path that every line begins with. Shared by the
// tables of faults, which give each line in full.

import assert from "node:assert/strict";
import { ConfigError, type Parsed } from "../../src/config/problem.ts";

/** What is wrong with the text, then the lines that tell it. */
export type Case = readonly [kind: string, text: string, ...messages: string[]];

export function messagesOf(parse: (text: string, path: string) => Parsed<unknown>, text: string): string[] {
  const parsed = parse(text, "/etc/f.yaml");
  assert.ok("problems" in parsed, `accepted: ${text}`);
  const { message } = new ConfigError("/etc/f.yaml", parsed.problems);
  return message.split("\n").map((line) => {
    assert.ok(line.startsWith("/etc/f.yaml:"), line);
    return line.slice("/etc/f.yaml:".length);
  });
}
