// `{name}` and its like in configured texts: which are allowed where, and what is wrong with the others. What each
// stands for is known to discovery (names) and to transfer (URLs); here only the spelling is checked.

import { escapeText } from "../base/text.ts";
import { nearest } from "./nearest.ts";
import type { Judged } from "./schema.ts";

/** Allowed in `rename` and `regex_to`: facts of a file and of its scan path. */
export const NAME_SUBSTITUTIONS = ["name", "time", "atime", "mtime", "ctime", "ino", "dev"] as const;

/** Allowed in a destination's `url`: facts of the host. */
export const HOST_SUBSTITUTIONS = ["hostname", "machine"] as const;

/** Allowed in `client_prefix`: the names in a client's certificate. */
export const PREFIX_SUBSTITUTIONS = ["cn", "san"] as const;

/** The template itself, or its first `{...}` that is not among `allowed`. A lone brace stands for itself. */
export function judgeTemplate(template: string, allowed: readonly string[]): Judged<string> {
  for (const [whole, word = ""] of template.matchAll(/\{([^{}]*)\}/g)) {
    if (allowed.includes(word)) continue;
    const meant = nearest(word, allowed);
    return {
      wrong: `holds the unknown substitution ${escapeText(whole.slice(0, 60))}`,
      suggestion: meant === undefined ? undefined : `{${meant}}`,
    };
  }
  return { value: template };
}

/** For messages: `{name}, {time} or {dev}`. */
export function inBraces(words: readonly string[]): string {
  const braced = words.map((word) => `{${word}}`);
  return `${braced.slice(0, -1).join(", ")} or ${braced.at(-1)}`;
}
