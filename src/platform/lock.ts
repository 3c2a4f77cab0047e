// One process per data directory. The lock is a POSIX record lock that SQLite holds on `.lock` in it (an
// exclusive transaction that never writes): the kernel releases it when the process ends, however it ends, so
// nothing is left behind that a successor would have to judge. The file stays, empty, and means nothing by itself.
// node:sqlite is looked up, since not every runtime of this program has it built in.

import fs from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { codeOf, describe, StartFailure } from "../base/errors.ts";
import { type Bytes, isAscii, quote } from "../base/text.ts";

export interface Lock {
  release(): void;
}

/** Another process has the directory, or this one already has. */
export class LockedError extends StartFailure {}

const NAME = ".lock";

/** The locks of this process. Record locks do not keep a process from locking twice, nor survive closing any descriptor. */
const held = new Set<string>();

/** Throws a LockedError where another process holds the directory, a StartFailure where `.lock` cannot be had. */
export function lockDirectory(directory: Bytes): Lock {
  const path = `${directory}/${NAME}`;
  const identity = identityOf(path, directory);
  if (held.has(identity)) throw new LockedError(taken(directory, process.pid));
  const database = openDatabase(path, directory);
  try {
    // In memory, so that not even a journal that stays empty is made.
    database.exec("PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (!isBusy(error)) throw failure(directory, error);
    throw new LockedError(taken(directory, holderOf(directory)));
  }
  held.add(identity);
  return {
    release() {
      if (held.delete(identity)) database.close();
    },
  };
}

/** Makes the lock file where it is missing; device and inode. */
function identityOf(path: Bytes, directory: Bytes): string {
  try {
    // Opened and closed only where it is new: closing any descriptor of a file drops the process's locks on it.
    if (fs.lstatSync(raw(path), { throwIfNoEntry: false }) === undefined) {
      fs.closeSync(fs.openSync(raw(path), fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW, 0o600));
    }
    const stat = fs.lstatSync(raw(path), { bigint: true });
    if (!stat.isFile()) throw new StartFailure(`Cannot lock ${quote(directory)}: ${NAME} in it is not a file`);
    fs.accessSync(raw(path), fs.constants.R_OK | fs.constants.W_OK);
    return `${stat.dev}:${stat.ino}`;
  } catch (error) {
    throw error instanceof StartFailure ? error : failure(directory, error);
  }
}

function openDatabase(path: Bytes, directory: Bytes): DatabaseSync {
  const sqlite = process.getBuiltinModule("node:sqlite");
  if (sqlite === undefined) throw new StartFailure("Cannot lock: this runtime has no node:sqlite");
  try {
    return new sqlite.DatabaseSync(raw(path));
  } catch (error) {
    throw failure(directory, error);
  }
}

/** SQLITE_BUSY, extended codes included. */
function isBusy(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" && (code & 0xff) === 5;
}

function failure(directory: Bytes, error: unknown): StartFailure {
  const remedy =
    codeOf(error) === "EACCES" || codeOf(error) === "EPERM"
      ? `; it must be this user's own (or remove ${NAME} while nothing runs)`
      : "";
  return new StartFailure(`Cannot lock ${quote(directory)}: ${describe(error)}${remedy}`);
}

function taken(directory: Bytes, pid: number | undefined): string {
  const who = pid === undefined ? "another process" : `process ${pid}`;
  return `Cannot use ${quote(directory)}: ${who} is using it already`;
}

/**
 * The process that has the directory, as far as can be told without asking for the lock: who holds a record lock on the
 * file, as /proc/locks has it (`1: POSIX ADVISORY WRITE 123 fe:00:456 …`).
 */
export function holderOf(directory: Bytes): number | undefined {
  try {
    const inode = fs.statSync(raw(`${directory}/${NAME}`), { bigint: true }).ino.toString();
    for (const line of fs.readFileSync("/proc/locks", "utf8").split("\n")) {
      const [, kind, , mode, pid, place] = line.trim().split(/\s+/);
      if (kind !== "POSIX" || mode !== "WRITE" || place?.split(":")[2] !== inode) continue;
      // Another pid namespace shows as 0 or -1.
      return Number(pid) > 0 ? Number(pid) : undefined;
    }
  } catch {
    // Only a hint is missing then.
  }
  return undefined;
}

function raw(path: Bytes): string | Buffer {
  return isAscii(path) ? path : Buffer.from(path, "latin1");
}
