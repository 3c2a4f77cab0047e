// What the store has to say to the operator. docs/OPERATIONS.md lists each with what to do.
// Each names the file by its path below the data directory, the cause, and the remedy where there is one.

import { codeOf, describe } from "../base/errors.ts";
import { type Event, error, info, warn } from "../base/events.ts";
import { type Bytes, quote } from "../base/text.ts";
import type { Quota } from "./options.ts";

export function noSpace(path: Bytes, cause: unknown): Event {
  return error(
    "store-no-space",
    `Cannot append to ${quote(path)}: ${describe(cause)}; clients send the rest once there is room again`,
  );
}

export function exhausted(path: Bytes, cause: unknown): Event {
  return error(
    "store-exhausted",
    `Cannot open ${quote(path)}: ${describe(cause)}; raise the limit (LimitNOFILE= in the unit, fs.file-max)`,
  );
}

export function cannotStore(path: Bytes, cause: unknown): Event {
  return error("store-failed", `Cannot append to ${quote(path)}: ${describe(cause)}; ${REMEDY[codeOf(cause)] ?? HELP}`);
}

/** A sync that says: no room, or not to be opened. */
export function cannotSync(path: Bytes, cause: unknown): Event {
  return error(
    "store-not-durable",
    `Cannot make ${quote(path)} durable: ${describe(cause)}; nothing was acknowledged, clients send it again`,
  );
}

export function cutBack(path: Bytes, to: number, from: number): Event {
  return warn(
    "store-cut-back",
    `Cut ${quote(path)} from ${from} to ${to} bytes: the file system had no room for what it had taken; clients send it again`,
  );
}

export function syncFailed(path: Bytes, cause: unknown): Event {
  return error(
    "store-disk-failed",
    `Cannot make ${quote(path)} durable: ${describe(cause)}; the server ends, since nobody can tell what the disk holds: look into the kernel's log, check the disk, start again`,
  );
}

export function shrunk(path: Bytes, from: number, to: number): Event {
  return error(
    "store-shrunk",
    `${quote(path)} has ${to} bytes on disk and had ${from} that were durable: somebody cut it or restored it from a backup; clients that still have the rest send it again`,
  );
}

export function grown(path: Bytes, from: number, to: number): Event {
  return warn(
    "store-grown",
    `${quote(path)} grew from ${from} to ${to} bytes by another hand than ours: its client sends nothing that overlaps, so its own bytes may be missing there`,
  );
}

/** Removed, or another file in its place. */
export function replaced(path: Bytes): Event {
  return warn(
    "store-replaced",
    `${quote(path)} was removed or replaced on disk; clients that still have it send it again`,
  );
}

export function leavesNotKept(cause: unknown): Event {
  return warn(
    "store-leaves-not-kept",
    `Cannot write .leaves or .acknowledged in datadir: ${describe(cause)}; nothing is lost, files are read once more some day, and verify covers less`,
  );
}

export function tampered(path: Bytes): Event {
  return error(
    "store-tampered",
    `${quote(path)} was changed by another process while a client appended to it: nothing was acknowledged; let nobody else write below datadir`,
  );
}

export function lowSpace(free: number, floor: number): Event {
  return error(
    "store-low-space",
    `Cannot append to anything: ${free} bytes are free and limits.min_free_space keeps ${Math.ceil(floor)}; make room, clients go on by themselves`,
  );
}

export function spaceBack(free: number): Event {
  return info("store-space-back", `Appending again: ${free} bytes are free`);
}

export function overQuota(prefix: Bytes, what: "files" | "bytes", quota: Quota): Event {
  return error(
    "store-over-quota",
    `Cannot append below ${quote(`/${prefix}`)}: limits.${what}_per_identity allows ${quota[what]}; remove files there, or raise the limit and restart`,
  );
}

const HELP = "its client tries again";
const REMEDY: Readonly<Record<string, string | undefined>> = {
  EACCES: "give the server's user write permission on datadir and all below it",
  EFBIG: "the file system or a limit (ulimit -f) allows no larger file",
  EIO: "check the disk and the kernel's log",
  EPERM: "remove what keeps the server's user from writing (chattr -i, -a)",
  EROFS: "mount the file system of datadir writable",
};
