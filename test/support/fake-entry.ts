// Entries and generations made by hand, over bytes in memory.

import type { OpenFile } from "../../src/platform/files.ts";
import type { Entry, Generation } from "../../src/spool/entry.ts";

export interface FakeFile {
  bytes: Buffer;
  readonly entry: Entry;
  readonly generation: Generation;
  /** Appends, and tells the entry its new size as a look at the file would. */
  append(text: string | Buffer): void;
}

let inodes = 1n;

export function fakeFile(name: string, content: string | Buffer = ""): FakeFile {
  const ino = inodes++;
  const file: { bytes: Buffer } = { bytes: Buffer.from(content) };
  const entry: Entry = {
    holder: { open: () => openFake(() => file.bytes, ino) },
    dev: 1n,
    ino,
    generations: [],
    source: `/var/log/${name}`,
    inDoubt: false,
    rewrites: 0,
    rewritten: false,
    continued: 0,
    sentTo: 0,
    size: file.bytes.length,
    mtimeMs: 0,
    nlink: 2,
    changedAt: Number.NEGATIVE_INFINITY,
    mark: undefined,
    remembered: undefined,
    acknowledged: undefined,
  };
  const generation: Generation = { entry, name, number: 1, start: 0, end: undefined };
  entry.generations = [generation];
  return Object.assign(file, {
    entry,
    generation,
    append(text: string | Buffer) {
      file.bytes = Buffer.concat([file.bytes, Buffer.from(text)]);
      entry.size = file.bytes.length;
    },
  });
}

function openFake(bytes: () => Buffer, ino: bigint): OpenFile {
  const readNow = (into: Uint8Array, offset: number, length: number, position: number): number =>
    bytes().copy(into, offset, position, position + length);
  return {
    stat: () => ({
      kind: "file",
      dev: 1n,
      ino,
      size: bytes().length,
      nlink: 2,
      uid: 0,
      mode: 0o640,
      atimeMs: 0,
      mtimeMs: 0,
      ctimeMs: 0,
    }),
    glance: () => undefined,
    read: async (into, offset, length, position) => readNow(into, offset, length, position),
    readNow,
    append: () => Promise.reject(new Error("a log file is only read")),
    appendNow: () => {
      throw new Error("a log file is only read");
    },
    truncate: () => {
      throw new Error("a log file is only read");
    },
    sync: async () => {},
    syncNow: () => {},
    close: () => {},
  };
}
