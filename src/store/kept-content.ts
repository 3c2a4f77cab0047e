// The content of a resource, with what is kept of its full leaves in the data directory (protocol/leaf-file.ts). What
// was kept is used where the file is as it was left in order; after a kill, or where another hand was at it, its bytes
// are read once.

import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Stat } from "../platform/files.ts";
import { stampOf } from "../protocol/leaf-file.ts";
import { LEAF, type NewHash } from "../protocol/tree-hash.ts";
import { Content, type ContentParts, type Readable } from "./content.ts";
import type { Kept } from "./kept.ts";

export interface KeptContentParts {
  readonly newHash: NewHash;
  readonly clock: Clock;
  readonly kept: Kept;
}

/** `found`: the file as it was opened; undefined where there is none yet. */
export function keptContent(path: Bytes, parts: KeptContentParts, found: Stat | undefined, file: Readable): Content {
  const content = new Content(new Beside(path, parts, found, file));
  if (found === undefined || found.size === 0) content.begin();
  return content;
}

/** An object and no closures, since there are as many as open files. */
class Beside implements ContentParts {
  readonly newHash: NewHash;
  readonly file: Readable;
  readonly #path: Bytes;
  readonly #parts: KeptContentParts;
  readonly #found: Stat | undefined;

  constructor(path: Bytes, parts: KeptContentParts, found: Stat | undefined, file: Readable) {
    this.newHash = parts.newHash;
    this.file = file;
    this.#path = path;
    this.#parts = parts;
    this.#found = found;
  }

  recall(): readonly Uint8Array[] {
    const found = this.#found;
    if (found === undefined || found.size < LEAF) return [];
    const known = this.#parts.kept.leaves.read(this.#path);
    return known?.stamp === stampOf(found) ? known.leaves.slice(0, Math.floor(found.size / LEAF)) : [];
  }

  keep(index: number, leaf: Uint8Array): void {
    this.#parts.kept.leaves.note(this.#path, index, leaf);
  }

  now(): number {
    return this.#parts.clock.elapsed();
  }
}
