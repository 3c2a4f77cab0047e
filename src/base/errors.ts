// Operating errors: what the kernel or the network refuses. Expected outcomes are values, not exceptions;
// what is thrown carries a `code` (an errno name or a client code) and is described here in one place, in
// words that an operator can act on.

import { escapeText } from "./text.ts";

/** A process cannot start as configured (port in use, data directory locked): exit code 2, nothing half-started. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
}

/** The errno name or client code of an exception, or "" where it has none. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const code = (error as { code?: unknown }).code;
  return typeof code === "string" ? code : "";
}

/** An exception in words, on one line: `permission denied (EACCES)`. */
export function describe(error: unknown): string {
  const code = codeOf(error);
  const words = WORDS[code];
  if (words !== undefined) return `${words} (${code})`;
  const message = error instanceof Error ? error.message : String(error);
  return escapeText(code === "" || message.includes(code) ? message : `${message} (${code})`);
}

/** True where the thing looked at is gone or was replaced meanwhile: a race to note, never a fault. */
export function isGone(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOENT" || code === "ESTALE" || code === "ENOTDIR" || code === "ELOOP";
}

/** True for a lack of room that passes by itself once there is room again: no sign of a failing disk. */
export function isNoSpace(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** True where there is no descriptor left, of this process or of the host: that passes by itself. */
export function lacksDescriptors(error: unknown): boolean {
  const code = codeOf(error);
  return code === "EMFILE" || code === "ENFILE";
}

/** True for what open(2) says and fsync(2) never does: a directory could not be opened in order to be synced. */
export function isOfOpening(error: unknown): boolean {
  return OPENING.has(codeOf(error));
}

const OPENING: ReadonlySet<string> = new Set([
  "EACCES",
  "ELOOP",
  "EMFILE",
  "ENFILE",
  "ENOENT",
  "ENOMEM",
  "ENOTDIR",
  "EPERM",
]);

const WORDS: Readonly<Record<string, string | undefined>> = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "address not available on this host",
  EAI_AGAIN: "host name cannot be looked up now",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EDQUOT: "disk quota exceeded",
  EEXIST: "exists already",
  EFBIG: "file too large",
  EHOSTUNREACH: "no route to host",
  EIO: "input/output error",
  EISDIR: "is a directory",
  ELOOP: "is a symbolic link, and links are not followed here",
  EMFILE: "too many open files in this process",
  EMLINK: "too many hard links to one file",
  ENAMETOOLONG: "name too long",
  ENETUNREACH: "network unreachable",
  ENFILE: "too many open files on this host",
  ENOENT: "no such file or directory",
  ENOSPC: "no space left on device",
  ENOTDIR: "not a directory",
  ENOTFOUND: "host name not found",
  EPERM: "operation not permitted",
  EPIPE: "connection closed by the other side",
  EROFS: "read-only file system",
  ETIMEDOUT: "timed out",
  EXDEV: "on another file system than the data directory",
  UND_ERR_CONNECT_TIMEOUT: "connection timed out",
  UND_ERR_SOCKET: "connection closed by the other side",
};
