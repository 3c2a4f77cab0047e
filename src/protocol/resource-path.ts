// A resource path is a file's name on both sides: non-empty segments of bytes, joined by slashes, with no
// dot segment and no NUL. One spelling per file: what is odd is refused, never normalised. Pure.
// The percent-encoding is RFC 3986's, of the name's own bytes.

import type { Bytes } from "../base/text.ts";

/** The longest segment that Linux file systems hold, in bytes (NAME_MAX). */
export const MAX_SEGMENT = 255;

/** Why `name` cannot be a resource path, or undefined where it can. `name` has no leading slash. */
export function faultOfName(name: Bytes): string | undefined {
  if (name === "") return "it is empty";
  for (const segment of name.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment.startsWith(".")) return "a segment begins with a dot, which is reserved";
    if (segment.includes("\0")) return "it holds a NUL";
    if (segment.length > MAX_SEGMENT) return `a segment is longer than ${MAX_SEGMENT} bytes`;
  }
  return undefined;
}

/** `name` as the path of a request target: each byte outside RFC 3986's unreserved set as %XX, slashes kept. */
export function encodePath(name: Bytes): string {
  return name.replace(
    /[^A-Za-z0-9\-._~/]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/**
 * The bytes that a request target's path spells (decoded once, leading slash kept), or undefined where an
 * escape is malformed or an encoded slash or NUL would make two spellings of one file.
 */
export function decodePath(path: string): Bytes | undefined {
  if (!path.startsWith("/")) return undefined;
  // Raw bytes above 0x7f, spaces and controls have no place in a target; the sub-delims and ":@" may stand bare.
  if (!/^(?:[A-Za-z0-9\-._~/!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+$/.test(path)) return undefined;
  const decoded = path.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  if (decoded.includes("\0") || /%2[fF]/.test(path)) return undefined;
  return decoded;
}
