// The spool's memory: per generation the furthest acknowledged mark, the file's first bytes and where it was seen
// last, in `.memory` (journal.ts). It only helps to tell, after a restart, who changed: we or the destination.
// Written at most once a second, never fsynced; its loss costs strength, never correctness.

import { describe } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Directory, OpenFile } from "../platform/files.ts";
import { memoryFailed } from "./events.ts";
import { headerOf, type Journal, lineOf, readJournal } from "./journal.ts";
import type { Mark } from "./mark.ts";
import { inSlices } from "./slices.ts";

export interface Remembered {
  readonly name: Bytes;
  readonly mark: Mark;
  /** The file's first bytes. */
  readonly head: Bytes;
  readonly source: Bytes | undefined;
}

export const MEMORY_FILE = ".memory";
const JOURNAL: Journal = { kind: "shaftlog-memory", version: 1, file: MEMORY_FILE };
/** A new journal on its way to replace the old one; the sweep at start removes what a crash left. */
const TEMPORARY = ".tmp-memory";
/** How long what is to be remembered may wait, in ms. */
const BATCH = 1000;
/** The journal is written anew when it is larger than this and twice what it must hold. */
const COMPACT_FROM = 1024 * 1024;

/** What the memory in `root` says, by generation name. Throws StartFailure for a newer version. */
export function readMemory(root: Directory, datadir: Bytes): Map<Bytes, Remembered> {
  const known = new Map<Bytes, Remembered>();
  for (const record of readJournal(root, JOURNAL, datadir)?.records ?? []) {
    const [name, offset, tail, head, source, old] = record as [Bytes, number, number, Bytes, Bytes | null, 1?];
    const mark: Mark = old === undefined ? { offset, tail } : { offset, tail, loaded: true };
    known.set(name, { name, mark, head, source: source ?? undefined });
  }
  return known;
}

export interface MemoryParts {
  readonly root: Directory;
  readonly datadir: Bytes;
  readonly clock: Clock;
  readonly emit: Emit;
  /** What is to be written of a generation now; undefined where it is not held any more. */
  readonly recall: (name: Bytes) => Remembered | undefined;
  /** Every name that is held. */
  readonly names: () => Iterable<Bytes>;
}

export class Memory {
  readonly #parts: MemoryParts;
  readonly #changed = new Set<Bytes>();
  #file: OpenFile | undefined;
  #timer: Timer | undefined;
  #bytes = 0;
  #compactAt = COMPACT_FROM;
  #compacting: Promise<void> | undefined;
  #closed = false;
  #failing = false;

  constructor(parts: MemoryParts) {
    this.#parts = parts;
  }

  /** What is remembered of `name` changed: it is written within a second or so. */
  note(name: Bytes): void {
    this.#changed.add(name);
    this.#timer ??= this.#parts.clock.after(BATCH, () => {
      this.#timer = undefined;
      this.#write();
    });
  }

  /** Writes the journal anew, without what is no longer held. */
  compact(): Promise<void> {
    this.#compacting ??= this.#compact().finally(() => {
      this.#compacting = undefined;
    });
    return this.#compacting;
  }

  async close(): Promise<void> {
    await this.#compacting;
    this.#write();
    await this.#compacting;
    this.#closed = true;
    this.#timer?.cancel();
    this.#file?.close();
    this.#file = undefined;
  }

  #write(): void {
    if (this.#changed.size === 0 || this.#closed) return;
    if (this.#compacting !== undefined) return; // written when the new journal is in place
    const lines: Buffer[] = [];
    for (const name of this.#changed) {
      const line = this.#lineFor(name);
      if (line !== undefined) lines.push(line);
    }
    this.#changed.clear();
    if (this.#file === undefined) return void this.compact();
    try {
      const batch = Buffer.concat(lines);
      this.#file.appendNow([batch]);
      this.#bytes += batch.length;
    } catch (error) {
      // Perhaps a part was written, so no line can follow it: begin anew, once there is room again.
      this.#fail(error);
      this.#file.close();
      this.#file = undefined;
      return;
    }
    if (this.#bytes > this.#compactAt) void this.compact();
  }

  async #compact(): Promise<void> {
    const { root, clock } = this.#parts;
    let file: OpenFile | undefined;
    try {
      if (root.lstat(TEMPORARY) !== undefined) root.unlink(TEMPORARY);
      file = root.create(TEMPORARY, 0o600);
      this.#bytes = 0;
      await inSlices(clock, this.#writeAll(file), () => false);
      // A crash before the rename leaves the old journal, which is as good.
      root.rename(TEMPORARY, JOURNAL.file);
      this.#file?.close();
      this.#file = file;
      this.#compactAt = Math.max(COMPACT_FROM, 2 * this.#bytes);
      this.#failing = false;
    } catch (error) {
      file?.close();
      this.#fail(error);
    }
    if (this.#changed.size > 0 && !this.#failing) this.note([...this.#changed][0] as Bytes);
  }

  *#writeAll(file: OpenFile): Generator<void, void> {
    let lines: Buffer[] = [headerOf(JOURNAL)];
    const flush = () => {
      const batch = Buffer.concat(lines);
      lines = [];
      file.appendNow([batch]);
      this.#bytes += batch.length;
    };
    for (const name of this.#parts.names()) {
      const line = this.#lineFor(name);
      if (line !== undefined) lines.push(line);
      if (lines.length < 256) continue;
      flush();
      yield;
    }
    flush();
  }

  #lineFor(name: Bytes): Buffer | undefined {
    const known = this.#parts.recall(name);
    if (known === undefined) return undefined;
    const { mark, head, source } = known;
    const record = [name, mark.offset, mark.tail, head, source ?? null];
    return lineOf(mark.loaded === true ? [...record, 1] : record);
  }

  #fail(error: unknown): void {
    if (!this.#failing) this.#parts.emit(memoryFailed(this.#parts.datadir, describe(error)));
    this.#failing = true;
  }
}
