// One file or directory of a simulated disk: what processes see of it, and next to that what a power cut would
// leave at the least.

import type { Bytes } from "../../src/base/text.ts";
import type { Kind } from "../../src/platform/files.ts";

/** Bytes that are only ever appended to; a file that is cut gets another one. */
export class Content {
  bytes = Buffer.allocUnsafe(256);
  size = 0;

  append(more: Uint8Array): void {
    const size = this.size + more.byteLength;
    if (size > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, 2 * this.bytes.length));
      this.bytes.copy(larger, 0, 0, this.size);
      this.bytes = larger;
    }
    this.bytes.set(more, this.size);
    this.size = size;
  }

  /** The first `size` bytes; zeros where there are not so many. */
  first(size: number): Content {
    const content = new Content();
    content.append(this.bytes.subarray(0, Math.min(size, this.size)));
    if (size > this.size) content.append(Buffer.alloc(size - this.size));
    return content;
  }

  view(from = 0, to: number = this.size): Buffer {
    return this.bytes.subarray(from, to);
  }
}

export interface Watcher {
  readonly hint: (name: Bytes | null) => void;
}

/** An open file: the name that it was opened by moves with it. */
export interface Handle {
  readonly inode: Inode;
  directory: Inode | undefined;
  name: Bytes;
}

export class Inode {
  readonly kind: Kind;
  ino: bigint;
  /** The path that it was made with. */
  label: string;
  mode: number;
  nlink = 0;
  atimeMs = 0;
  mtimeMs = 0;
  ctimeMs = 0;
  content = new Content();
  durable: { content: Content; size: number; order: number };
  entries = new Map<Bytes, Inode>();
  durableEntries = new Map<Bytes, Inode>();
  readonly handles = new Set<Handle>();
  readonly watchers = new Set<Watcher>();

  constructor(kind: Kind, ino: bigint, label: string, mode: number) {
    this.kind = kind;
    this.ino = ino;
    this.label = label;
    this.mode = mode;
    this.durable = { content: this.content, size: 0, order: 0 };
  }
}
