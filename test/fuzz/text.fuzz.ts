// What is foreign, in lines and in paths: whatever a name is made of, a quoted one is one line without anything
// that acts on a terminal, spells that name and no other, and a request target leads back to the same bytes.

import assert from "node:assert/strict";
import { bytesOf, escapeText, quote, quoteText, textOf } from "../../src/base/text.ts";
import {
  formatContentRange,
  formatUnsatisfied,
  parseContentRange,
  parseSize,
} from "../../src/protocol/content-range.ts";
import { decodePath, encodePath, faultOfName } from "../../src/protocol/resource-path.ts";
import { fuzz, oddBytes, oddText } from "../support/fuzz.ts";

const ROUNDS = 20_000;
const ACTING = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** The inverse of `quote`. */
function unquote(quoted: string): string {
  const inner = quoted.slice(1, -1);
  const bytes: string[] = [];
  let last = 0;
  for (const match of inner.matchAll(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]+)\}|([nrt"\\]))/g)) {
    bytes.push(bytesOf(inner.slice(last, match.index)));
    const [whole, byte, short, long, simple] = match;
    const code = short ?? long;
    if (byte !== undefined) bytes.push(String.fromCharCode(Number.parseInt(byte, 16)));
    else if (code !== undefined) bytes.push(bytesOf(String.fromCodePoint(Number.parseInt(code, 16))));
    else bytes.push({ n: "\n", r: "\r", t: "\t" }[simple as "n"] ?? (simple as string));
    last = match.index + whole.length;
  }
  return bytes.join("") + bytesOf(inner.slice(last));
}

fuzz("a quoted name is one harmless line, and spells that name", ROUNDS, (random) => {
  const bytes = oddBytes(random, 40);
  const quoted = quote(bytes);
  assert.doesNotMatch(quoted, ACTING);
  assert.match(quoted, /^"(?:[^"\\]|\\.)*"$/);
  assert.equal(unquote(quoted), bytes);
});

fuzz("an escaped text is one harmless line", ROUNDS, (random) => {
  const text = oddText(random, 40);
  assert.doesNotMatch(escapeText(text), ACTING);
  assert.match(quoteText(text), /^"(?:[^"\\]|\\.)*"$/);
});

fuzz("text and bytes lead to each other", ROUNDS, (random) => {
  const text = oddText(random, 40).toWellFormed();
  assert.equal(textOf(bytesOf(text)), text);
  const bytes = oddBytes(random, 40);
  const read = textOf(bytes);
  if (read !== undefined) assert.equal(bytesOf(read), bytes);
});

fuzz("a request target is plain ASCII on the same host, and leads back to its name", ROUNDS, (random) => {
  const name = oddBytes(random, 60);
  const target = `/${encodePath(name)}`;
  assert.match(target, /^\/[A-Za-z0-9\-._~/%]*$/);
  if (faultOfName(name) !== undefined) return;
  assert.equal(decodePath(target), `/${name}`);
  assert.ok(!target.startsWith("//"));
  // Joined to a destination it stays below it, whoever resolves it.
  const url = new URL(`http://log.example.com:10655/host${target}`);
  assert.equal(url.host, "log.example.com:10655");
  assert.equal(url.pathname, `/host${target}`);
});

fuzz("a target that is taken has one spelling of its bytes, and no other meaning", ROUNDS, (random) => {
  const target = `/${oddBytes(random, 20)}${random.pick(["", "%2e", "%2F", "%00", "%", "%zz", "//", "/../"])}`;
  const decoded = decodePath(target);
  if (decoded === undefined) return;
  assert.ok(!decoded.includes("\0"));
  assert.equal(decodePath(encodePath(decoded)), decoded);
  assert.equal(decoded.split("/").length, target.split("/").length, "no slash came from an escape");
});

fuzz("ranges and sizes: what is written is read, and what is odd is refused", ROUNDS, (random) => {
  const numbers = [0, 1, 2 ** 31, 2 ** 32, 2 ** 53 - 2, random.below(1000)];
  const start = random.pick(numbers);
  const end = Math.min(Number.MAX_SAFE_INTEGER, start + 1 + random.below(1000));
  const size = random.below(2) === 0 ? undefined : end;
  assert.deepEqual(parseContentRange(formatContentRange({ start, end, size })), { start, end, size });
  assert.equal(parseContentRange(formatUnsatisfied(end)), undefined);
  assert.equal(parseSize(String(start)), start);
  const digits = () =>
    random.pick(["", "-1", "+1", "1.5", "1e3", "01", "0x1", " 1", "1 ", "9007199254740992", "٣", "1,1"]);
  const odd = digits();
  assert.equal(parseSize(odd), undefined, odd);
  assert.equal(parseContentRange(`bytes ${odd}-${digits()}/${digits()}`), undefined);
});
