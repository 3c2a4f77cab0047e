// The content of a resource, with what is kept of its full leaves in the data directory (protocol/leaf-file.ts). What
// was kept is used where the file is as it was left in order; after a kill, or where another hand was at it, its bytes
// are read once.

import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Stat } from "../platform/files.ts";
import { stampOf } from "../protocol/leaf-file.ts";
import { LEAF, type NewHash } from "../protocol/tree-hash.ts";
import { Content, type ContentParts } from "./content.ts";
import type { Kept } from "./kept.ts";

export interface KeptContentParts {
  readonly newHash: NewHash;
  readonly clock: Clock;
  readonly kept: Kept;
}

/** `found`: the file as it was opened; undefined where there is none yet. */
export function keptContent(
  path: Bytes,
  { newHash, clock, kept }: KeptContentParts,
  found: Stat | undefined,
  reading: ContentParts["reading"],
): Content {
  const content = new Content({
    newHash,
    reading,
    recall: () => {
      if (found === undefined || found.size < LEAF) return [];
      const known = kept.leaves.read(path);
      return known?.stamp === stampOf(found) ? known.leaves.slice(0, Math.floor(found.size / LEAF)) : [];
    },
    keep: (index, leaf) => kept.leaves.note(path, index, leaf),
    now: () => clock.elapsed(),
  });
  if (found === undefined || found.size === 0) content.begin();
  return content;
}
