// What the archive has to say to the operator. docs/OPERATIONS.md lists each with what to do.
// Each names the file by its path below the data directory, the cause, and the remedy where there is one.

import { describe } from "../base/errors.ts";
import { type Event, error, info, warn } from "../base/events.ts";
import { type Bytes, quote } from "../base/text.ts";

export function compressed(path: Bytes, size: number, copySize: number): Event {
  return info("archive-compressed", `Sealed ${quote(path)}: ${size} bytes, ${copySize} as ${quote(`${path}.zst`)}`);
}

export function deleted(path: Bytes, size: number): Event {
  return info(
    "archive-deleted",
    `Deleted ${quote(`${path}.zst`)}: its ${size} bytes are remembered by size and digest`,
  );
}

export function taken(path: Bytes): Event {
  return warn(
    "archive-refused",
    `Cannot compress ${quote(path)}: ${quote(`${path}.zst`)} is there already and not ours; it stays as it is`,
  );
}

export function noRoom(path: Bytes, size: number): Event {
  return warn(
    "archive-refused",
    `Cannot compress ${quote(path)} now: there must be room for its ${size} bytes above limits.min_free_space; tried again`,
  );
}

export function failed(path: Bytes, cause: unknown): Event {
  return error("archive-failed", `Cannot archive ${quote(path)}: ${describe(cause)}; it is as it was, tried again`);
}

export function syncFailed(path: Bytes, cause: unknown): Event {
  return error(
    "store-disk-failed",
    `Cannot make the archive of ${quote(path)} durable: ${describe(cause)}; the server ends, since nobody can tell what the disk holds: look into the kernel's log, check the disk, start again`,
  );
}

export function recordUnreadable(path: Bytes, cause: unknown): Event {
  return error(
    "archive-record-unreadable",
    `Cannot read what is remembered of ${quote(path)} in .archive: ${describe(cause)}; requests for it are refused: restore .archive from a backup, or start the newer version`,
  );
}

export function recovered(path: Bytes, how: "finished" | "undone"): Event {
  return info(
    "archive-recovered",
    `Archiving ${quote(path)} was interrupted by the end of the process before: ${how} now`,
  );
}

export function lateAppend(path: Bytes, size: number): Event {
  return info(
    "archive-late-append",
    `${quote(path)} was sealed with ${size} bytes, and its client has more: it goes on under ${quote(`${path}.gN-from-${size}`)}, or its own log says why not`,
  );
}

export function clockJumped(ms: number): Event {
  const seconds = Math.round(ms / 1000);
  return warn("archive-clock-jumped", `The clock jumped by ${seconds} s: nothing is archived or deleted for an hour`);
}
