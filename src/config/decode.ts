// The bytes of a configuration file → its text. YAML is text in UTF-8 without control characters; a file that is
// anything else (a log, an archive, UTF-16) is refused here, with the place of its first foreign byte, and the YAML
// reader never sees it. Pure. A byte order mark is dropped, so that columns are those of an editor.

import type { Problem } from "./problem.ts";

/**
 * A larger file is no configuration; reading stops there. Enough for some thousand scan paths, and little enough that
 * the YAML reader, which keeps an object for each fault, is through with any junk of that size in seconds.
 */
export const LARGEST_CONFIG = 256 * 1024;

const EXPECTED = "YAML text in UTF-8";
const encoder = new TextEncoder();

/** The text, or the one problem that makes the file no text. */
export function decodeConfig(bytes: Uint8Array): string | Problem {
  if (bytes.length > LARGEST_CONFIG) {
    return { key: "", what: "the file is larger than 256 KiB", expected: "a configuration file" };
  }
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const foreign = findForeign(text, bytes);
  if (foreign === undefined) return text.startsWith("\ufeff") ? text.slice(1) : text;
  const before = text.slice(text.startsWith("\ufeff") ? 1 : 0, foreign.index);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: before.length - lineStart + 1,
    key: "",
    what: `the file holds ${foreign.what}`,
    expected: EXPECTED,
  };
}

/** The first char of `text` that is a control character, or that the decoder put in place of bytes it could not read. */
function findForeign(text: string, bytes: Uint8Array): { index: number; what: string } | undefined {
  const suspects = /(?![\t\n\r\u0080-\u009f])\p{Cc}|\ufffd/gu;
  let offset = 0;
  let counted = 0;
  for (let match = suspects.exec(text); match !== null; match = suspects.exec(text)) {
    const { index } = match;
    const code = text.charCodeAt(index);
    if (code === 0) return { index, what: "a NUL byte" };
    if (code !== 0xfffd) return { index, what: `the control character 0x${code.toString(16).padStart(2, "0")}` };
    // Until the first bad byte the text spells the bytes exactly, so its length in UTF-8 is the offset in them.
    offset += encoder.encode(text.slice(counted, index)).length;
    counted = index;
    const written = bytes[offset] === 0xef && bytes[offset + 1] === 0xbf && bytes[offset + 2] === 0xbd;
    if (!written) return { index, what: "bytes that are not UTF-8" };
  }
  return undefined;
}
