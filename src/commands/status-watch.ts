// `shaftlog status --watch`: the same again every second, on a terminal as one screen that is drawn over itself. Promises:
// a frame is written when the one before is out, so a slow line shows fewer frames and never old ones; no flicker,
// since nothing is erased before it is overwritten; q, Ctrl-C or a signal ends it, and the terminal is as it was.
// Elsewhere than on a terminal the lines are printed one below the other, with --json one document a line.

import fs from "node:fs";
import { codeOf } from "../base/errors.ts";
import { plain } from "../status/screen.ts";
import { type Finding, linesOf, paintFor } from "./find-status.ts";
import { EXIT } from "./flags.ts";

const EVERY = 1_000;
const STDOUT = 1;

/** Another screen, no cursor, no line breaks of the terminal's own; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/** Terminals that know it show what is between at once. */
const BEGIN = "\x1b[?2026h\x1b[H";
const END = "\x1b[J\x1b[?2026l";

export async function watchStatus(find: () => Promise<Finding>, json: boolean): Promise<number> {
  // What cannot be asked at all is told before the screen is taken.
  let finding = await find();
  const { stdout } = process;
  const ended = Promise.withResolvers<void>();
  const terminal = stdout.isTTY === true && !json;
  const restore = terminal
    ? takeTerminal(
        () => ended.resolve(),
        () => draw(),
      )
    : () => {};
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ended.resolve());
  const over = ended.promise.then(() => "over" as const);
  let writing = false;
  function draw(): void {
    if (writing) return;
    writing = true;
    writeAll(terminal ? frame(finding, stdout) : lines(finding, json)).then(() => {
      writing = false;
    }, ended.resolve);
  }
  for (;;) {
    draw();
    if ((await Promise.race([over, wait()])) === "over") break;
    const found = await Promise.race([over, find()]);
    if (found === "over") break;
    finding = found;
  }
  restore();
  return EXIT.OK;
}

function wait(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, EVERY));
}

function lines({ document, text }: Finding, json: boolean): string {
  if (json) return document === undefined ? "null\n" : `${JSON.stringify(document)}\n`;
  return `${document === undefined ? text : linesOf(document, plain).join("\n")}\n\n`;
}

/** All lines that fit, each cleared behind its end only, then what is below. */
function frame({ document, text }: Finding, out: NodeJS.WriteStream): string {
  const paint = paintFor(out);
  const all = document === undefined ? [text] : linesOf(document, paint);
  // The last row is ours; on a terminal that has no size as many as ever were.
  const rows = Math.max(3, out.rows || 24) - 1;
  const shown =
    all.length > rows ? [...all.slice(0, rows - 1), paint("faint", `… ${all.length - rows + 1} more lines`)] : all;
  const drawn = [...shown, paint("faint", "q: quit")].map((line) => `${line}\x1b[K`);
  return `${BEGIN}${drawn.join("\r\n")}${END}`;
}

/** Resolves when all of it is out. Streams to a terminal or pipe hold up the whole process meanwhile, and its keys. */
async function writeAll(text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += await write(bytes, done);
    } catch (error) {
      if (codeOf(error) !== "EAGAIN") throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function write(bytes: Buffer, from: number): Promise<number> {
  return new Promise((resolve, reject) => {
    fs.write(STDOUT, bytes, from, bytes.length - from, null, (error, count) =>
      error === null ? resolve(count) : reject(error),
    );
  });
}

/** Hands back what gives the terminal back. */
function takeTerminal(quit: () => void, resized: () => void): () => void {
  const { stdin, stdout } = process;
  const keys = (typed: Buffer) => {
    // q, Ctrl-C, Ctrl-D: while it reads keys the terminal makes no signals of them.
    if (typed.some((key) => [0x71, 0x51, 0x03, 0x04].includes(key))) quit();
  };
  if (stdin.isTTY) stdin.setRawMode(true).on("data", keys).on("error", quit).on("end", quit);
  stdout.on("resize", resized);
  stdout.write(ENTER);
  const restore = () => {
    stdout.off("resize", resized);
    if (stdin.isTTY) stdin.setRawMode(false).pause();
    stdout.write(LEAVE);
  };
  // Whatever ends the process, the next prompt is to be seen.
  process.once("exit", restore);
  return () => {
    process.off("exit", restore);
    restore();
  };
}
