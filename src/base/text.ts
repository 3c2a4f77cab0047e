// Names are bytes. The kernel's names need not be UTF-8, so inside the program a name or path is a
// "byte string": a string in which each char is one byte (latin1). It compares, concatenates and serves
// as a map key like any string, and loses nothing. Text for people is made from it only at the edges.

/** A file name or path as the kernel keeps it, one char per byte (0x01 to 0xff). */
export type Bytes = string;

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The UTF-8 bytes of a text, as a byte string. */
export function bytesOf(text: string): Bytes {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** The text that a byte string spells in UTF-8, or undefined where it is not UTF-8. */
export function textOf(bytes: Bytes): string | undefined {
  if (isAscii(bytes)) return bytes;
  try {
    return strictUtf8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return undefined;
  }
}

/**
 * A foreign byte string for people: in double quotes, one line, reversible. Control characters,
 * quotes, backslashes, line and paragraph separators, direction marks and bytes that are no UTF-8 are escaped.
 */
export function quote(bytes: Bytes): string {
  const text = textOf(bytes);
  return text === undefined ? `"${escapeBytes(bytes)}"` : quoteText(text);
}

/** Like `quote`, for something that is text already (an error message, a header). */
export function quoteText(text: string): string {
  return `"${escapeText(text)}"`;
}

/** A name or path for JSON and screens: its text, or its bytes escaped where it is no UTF-8. */
export function readable(bytes: Bytes): string {
  return textOf(bytes) ?? quote(bytes).slice(1, -1);
}

/** Makes a foreign text safe to stand inside one log line. */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, (char) => {
    switch (char) {
      case "\n":
        return "\\n";
      case "\r":
        return "\\r";
      case "\t":
        return "\\t";
      case '"':
        return '\\"';
      case "\\":
        return "\\\\";
      default: {
        const code = char.codePointAt(0) ?? 0;
        if (code < 0x80) return `\\x${hex(code, 2)}`;
        return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\u{${hex(code, 5)}}`;
      }
    }
  });
}

/** True where every char is 7-bit, so that text and byte string are the same. */
export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

// Quote, backslash; control characters, those that only format (direction marks, zero width, tags), line and paragraph
// separators, lone surrogates.
const UNSAFE = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escapeBytes(bytes: Bytes): string {
  let out = "";
  for (const char of bytes) {
    const code = char.charCodeAt(0);
    out += code > 0x7e || code < 0x20 ? `\\x${hex(code, 2)}` : char === '"' || char === "\\" ? `\\${char}` : char;
  }
  return out;
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}
