// A busy program: numbered lines, one write each, into `app.log`, which is rotated by rename again and again and now
// and then gets a neighbour in a directory of its own. One count over all of it, so that every line can be asked for.

import fs from "node:fs";
import path from "node:path";
import { Lines } from "../support/oracles.ts";

export interface Pace {
  /** Lines at a time, and ms between two times. */
  readonly burst: number;
  readonly every: number;
  /** Lines between two rotations; Infinity: never by itself. */
  readonly rotateAfter: number;
  /** Lines between two new files in new directories. */
  readonly strayAfter: number;
}

const BUSY: Pace = { burst: 5, every: 5, rotateAfter: 300, strayAfter: 100 };

export class Writer {
  readonly lines: Lines;
  readonly #directory: string;
  readonly #pace: Pace;
  #timer: NodeJS.Timeout | undefined;
  #fd: number | undefined;
  #since = 0;
  static #names = 0;

  /** Below `directory`; goes on with the count of `lines`. */
  constructor(directory: string, pace: Partial<Pace> = {}, lines = new Lines()) {
    this.#directory = directory;
    this.#pace = { ...BUSY, ...pace };
    this.lines = lines;
  }

  get file(): string {
    return path.join(this.#directory, "app.log");
  }

  start(): this {
    this.#timer = setInterval(() => this.burst(), this.#pace.every);
    return this;
  }

  /** Pauses; the file stays open. */
  pause(): void {
    clearInterval(this.#timer);
  }

  stop(): void {
    this.pause();
    this.reopen();
  }

  burst(): void {
    const { burst, rotateAfter, strayAfter } = this.#pace;
    for (let i = 0; i < burst; i++) {
      this.#write();
      if (this.lines.count % strayAfter === 0) this.#stray();
      if (++this.#since >= rotateAfter) this.rotate();
    }
  }

  rotate(): void {
    this.#since = 0;
    if (fs.existsSync(this.file)) fs.renameSync(this.file, `${this.file}.${++Writer.#names}`);
    this.reopen();
  }

  /** As a program does that was told of a rotation: the next line goes to what has the name then. */
  reopen(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** What was written up to now survives a power cut, in this file. */
  sync(): void {
    if (this.#fd !== undefined) fs.fsyncSync(this.#fd);
  }

  #write(): void {
    this.#fd ??= fs.openSync(this.file, "a");
    this.lines.write(this.#fd);
  }

  #stray(): void {
    const directory = path.join(this.#directory, `d${++Writer.#names}/e`);
    fs.mkdirSync(directory, { recursive: true });
    this.lines.append(path.join(directory, "new.log"), 3);
  }
}
