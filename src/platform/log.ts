// Events → lines: `2026-01-02T03:04:05.678Z ERROR event-name text`, one event one line, whatever it holds.
// Promises: each line is written before `emit` returns and appended whole; a log file that cannot be written
// is said once on standard error, where the lines go meanwhile; `reopen` follows a rotation. Never throws: a
// full disk must not stop what the log is about. What is left out of a flood is told (log-quota.ts).

import fs from "node:fs";
import { type ConsolaInstance, createConsola, type LogObject } from "consola";
import { codeOf, describe } from "../base/errors.ts";
import type { Emit, Event } from "../base/events.ts";
import { escapeText, quoteText } from "../base/text.ts";
import { LogQuota, QUOTA_WINDOW } from "./log-quota.ts";

export interface LogOptions {
  /** An absolute path, `stderr`, or undefined for standard output. */
  readonly path: string | undefined;
  /** Whether debug events are written. */
  readonly debug: boolean;
}

/** An open log. */
export interface Log {
  readonly emit: Emit;
  /** Opens the log file anew, under the same name. */
  reopen(): void;
  close(): void;
}

const STDOUT = 1;
const STDERR = 2;

export function openLog(options: LogOptions): Log {
  const sink = new Sink(options.path);
  const logger = createConsola({
    level: options.debug ? 4 : 3,
    throttle: 0,
    reporters: [{ log: (line) => sink.write(format(line)) }],
  });
  const quota = new LogQuota();
  let timer: NodeJS.Timeout | undefined;
  const tell = (all: boolean) => {
    timer = undefined;
    for (const event of quota.summary(performance.now(), all)) print(logger, event);
  };
  return {
    emit(event) {
      for (const due of quota.offer(event, performance.now())) print(logger, due);
      // Does not keep the process alive: what is left out is told at `close` at the latest.
      timer ??= setTimeout(() => tell(false), QUOTA_WINDOW).unref();
    },
    reopen: () => sink.reopen(),
    close() {
      clearTimeout(timer);
      tell(true);
      sink.close();
    },
  };
}

function print(logger: ConsolaInstance, { level, name, text }: Event): void {
  logger[level](`${name} ${text}`);
}

function format({ date, type, args }: LogObject): string {
  return `${date.toISOString()} ${type.toUpperCase()} ${oneLine(String(args[0]))}\n`;
}

/** Events quote what is foreign; this holds even where one forgot. */
function oneLine(text: string): string {
  return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text) ? text.replace(/[^"\\]+/g, (piece) => escapeText(piece)) : text;
}

/** Where lines go. */
class Sink {
  readonly #path: string | undefined;
  #fd: number | undefined;
  /** The log file failed, and that was said. */
  #said = false;

  constructor(path: string | undefined) {
    this.#path = path;
    this.reopen();
  }

  reopen(): void {
    if (this.#path === undefined || this.#path === "stderr") {
      this.#fd = this.#path === undefined ? STDOUT : STDERR;
      return;
    }
    this.close();
    try {
      this.#fd = openForAppending(this.#path);
      this.#said = false;
    } catch (error) {
      this.#complain(error);
    }
  }

  write(line: string): void {
    if (this.#fd === undefined) {
      put(STDERR, line);
      return;
    }
    try {
      put(this.#fd, line);
      this.#said &&= this.#fd <= STDERR;
    } catch (error) {
      if (this.#fd <= STDERR) return; // there is no better place to tell it
      this.#complain(error);
      put(STDERR, line);
    }
  }

  close(): void {
    if (this.#fd !== undefined && this.#fd > STDERR) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  #complain(error: unknown): void {
    if (this.#said) return;
    this.#said = true;
    const what = `Cannot write the log file ${quoteText(this.#path ?? "")}: ${describe(error)}`;
    put(STDERR, `shaftlog: ${what}; its lines go to standard error meanwhile (SIGHUP tries it again)\n`);
  }
}

/** A link is followed where root or we made it: another's would have root write where that user wants. */
function openForAppending(path: string): number {
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = fs.constants;
  const link = fs.lstatSync(path, { throwIfNoEntry: false });
  const isTrusted = link?.isSymbolicLink() === true && (link.uid === 0 || link.uid === process.geteuid?.());
  return fs.openSync(path, O_WRONLY | O_APPEND | O_CREAT | (isTrusted ? 0 : O_NOFOLLOW), 0o640);
}

/** Writes all of `line`. Throws errno errors for a file; a pipe or terminal that takes nothing loses the line. */
function put(fd: number, line: string): void {
  const bytes = Buffer.from(line);
  let done = 0;
  try {
    while (done < bytes.length) done += fs.writeSync(fd, bytes, done);
  } catch (error) {
    if (fd > STDERR) throw error;
    // EAGAIN: a reader that does not read; EPIPE: none any more. The work goes on.
    if (codeOf(error) === "") throw error;
  }
}
