// The types of single values that both configuration files use: texts, paths, times, patterns, expressions, addresses.
// Each says in words what it expects and what is wrong; none looks at the file system, the network or another key.
// Texts keep the bytes they have in the file; no value is cleaned up into another, but for a directory's last slash.

import { isIP } from "node:net";
import { parseDuration } from "./duration.ts";
import { quoteShort } from "./place.ts";
import { type Judged, type ScalarType, type ScalarValue, scalar } from "./schema.ts";

/** Linux's PATH_MAX: no path, name or expression of a configuration is longer. */
const LONGEST_TEXT = 4096;
/** The longest delay of a timer; a longer one would fire at once. */
const LONGEST_INTERVAL = 2 ** 31 - 1;
const TIMES = "500ms, 30s, 5m, 2h or 7d";

/** A type of text. `judge` sees only well-formed texts of sane length without NUL. */
export function text<T>(expected: string, judge: (value: string) => Judged<T>): ScalarType<T> {
  return scalar(expected, (value) => {
    if (typeof value !== "string") return { wrong: `is ${typeName(value)} to YAML unless it stands in quotes` };
    if (value.includes("\0")) return { wrong: "holds a NUL character" };
    if (!value.isWellFormed()) return { wrong: "holds half a character (a lone surrogate)" };
    if (value.length > LONGEST_TEXT) return { wrong: `is longer than ${LONGEST_TEXT} characters` };
    return judge(value);
  });
}

export const someText = text("text that is not empty", (value) => (value === "" ? { wrong: "is empty" } : { value }));

export const flag = scalar("true or false", (value): Judged<boolean> => {
  return typeof value === "boolean" ? { value } : { wrong: `is ${shown(value)}` };
});

/** A directory, without a final slash. */
export const directory = text("the absolute path of a directory", (value) => {
  return value.startsWith("/") ? { value: value.replace(/(?<=.)\/+$/, "") } : { wrong: notAbsolute(value) };
});

export const file = text("the absolute path of a file", (value) => {
  if (!value.startsWith("/")) return { wrong: notAbsolute(value) };
  return value.endsWith("/") ? { wrong: `${quoteShort(value)} ends with a slash` } : { value };
});

/** A minimatch pattern for whole paths; what it means is for discovery to say. */
export const absolutePattern = text("a pattern that begins with a slash, such as /var/log/*.log", (value) => {
  return value.startsWith("/") ? { value } : { wrong: notAbsolute(value) };
});

/** The time between two runs of something, in ms, from 1. */
export const interval = scalar(
  `milliseconds as a whole number from 1 to ${LONGEST_INTERVAL}, or ${TIMES} (at most 24d)`,
  (value): Judged<number> => {
    const ms = toMilliseconds(value);
    if (ms === undefined) return { wrong: `${shown(value)} is no time` };
    if (ms < 1) return { wrong: `${shown(value)} is not above 0` };
    return ms > LONGEST_INTERVAL ? { wrong: `${shown(value)} is too long` } : { value: ms };
  },
);

/** How long something is kept, in ms, from 0; Infinity for `never`. */
export const retention = scalar(`milliseconds as a whole number, ${TIMES}, or never`, (value): Judged<number> => {
  if (value === "never") return { value: Number.POSITIVE_INFINITY };
  const ms = toMilliseconds(value);
  if (ms === undefined) return { wrong: `${shown(value)} is no time` };
  return ms < 0 ? { wrong: `${shown(value)} is below 0` } : { value: ms };
});

/** How long ago something was changed. */
export const age = scalar(`milliseconds as a whole number from 1000, ${TIMES}, or never`, (value): Judged<number> => {
  const judged = retention.judge(value);
  return "value" in judged && judged.value < 1000 ? { wrong: "is less than a second" } : judged;
});

/** How files are compressed: there is one way. */
export const compression = text("zstd", (value): Judged<"zstd"> => {
  return value === "zstd" ? { value } : { wrong: `${quoteShort(value)} is no way to compress here` };
});

/** Whether, and how, bytes are compressed on their way. */
export const wireCompression = text("none or zstd", (value): Judged<"none" | "zstd"> => {
  return value === "none" || value === "zstd"
    ? { value }
    : { wrong: `${quoteShort(value)} is no way to compress here` };
});

/**
 * An expression as JavaScript's `new RegExp(text)` takes it, without flags, as the original did: `u` would refuse
 * escapes such as `\-` that people have in their files, and its absence changes nothing for ASCII.
 */
export const expression = text("a regular expression as JavaScript has them", (value): Judged<RegExp> => {
  if (value === "") return { wrong: "is empty" };
  try {
    return { value: new RegExp(value) };
  } catch (error) {
    // V8 says `Invalid regular expression: /source/: Unterminated group`.
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.slice(message.lastIndexOf(": ") + 2).toLowerCase();
    return { wrong: `${quoteShort(value)} is no regular expression: ${reason}` };
  }
});

export const port = scalar("a whole number from 0 to 65535", (value): Judged<number> => {
  if (typeof value !== "number") return { wrong: `is ${shown(value)}` };
  return Number.isInteger(value) && value >= 0 && value <= 65_535 ? { value } : { wrong: `${value} is no port` };
});

export const bindAddress = text('an IP address such as 0.0.0.0 or "::", or a host name', judgeHost);

export const hostName = text("a host name such as log1.example.com, or an IP address", judgeHost);

function judgeHost(value: string): Judged<string> {
  const label = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/i;
  const labels = value.replace(/\.$/, "").split(".");
  // A name that ends in a number is an IPv4 address that went wrong.
  const isName =
    value.length <= 253 && labels.every((part) => label.test(part)) && !/^[0-9]+$/.test(labels.at(-1) ?? "");
  return isIP(value) !== 0 || isName ? { value } : { wrong: `${quoteShort(value)} is no address` };
}

function toMilliseconds(value: ScalarValue): number | undefined {
  if (typeof value === "string") return parseDuration(value);
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function notAbsolute(value: string): string {
  return value === "" ? "is empty" : `${quoteShort(value)} does not begin with a slash`;
}

function typeName(value: number | boolean): string {
  return typeof value === "number" ? "a number" : "true or false";
}

function shown(value: ScalarValue): string {
  return typeof value === "string" ? `the text ${quoteShort(value)}` : String(value);
}
