// Everybody who seals in a process does it with this: one file at a time (under-way.ts), and what was sealed is told and
// accounted for in one way.

import type { Emit } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Codec } from "../platform/codec.ts";
import type { Directory, Stat } from "../platform/files.ts";
import type { NewHash } from "../protocol/tree-hash.ts";
import * as events from "./events.ts";
import { type Sealed, seal } from "./seal.ts";
import type { SealedFiles } from "./sealed-files.ts";
import type { Turns } from "./turns.ts";

export interface SealGround {
  readonly root: Directory;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly newHash: NewHash;
  readonly codec: Codec;
  readonly sealed: SealedFiles;
  readonly turns: Turns;
  /** See SealParts. */
  readonly room: () => number;
  readonly claim: (path: Bytes) => (() => void) | undefined;
  readonly fatal: () => void;
  /** At `path` there are so many more files and bytes than before. */
  readonly accounted: (path: Bytes, files: number, bytes: number) => void;
}

/** Like `seal`; rejects with what `rest`, called now and then, rejects with as well. */
export async function sealInTurn(
  path: Bytes,
  ground: SealGround,
  rest: () => Promise<void>,
  wanted: (stat: Stat) => boolean,
): Promise<Sealed> {
  const { clock, emit, turns, accounted } = ground;
  const parts = {
    ...ground,
    now: () => clock.now(),
    rest,
    fatal: (cause: unknown) => {
      emit(events.syncFailed(path, cause));
      ground.fatal();
    },
  };
  const outcome = await turns.take(() => seal(path, parts, wanted));
  if (outcome.kind === "sealed") {
    emit(events.compressed(path, outcome.size, outcome.copySize));
    accounted(path, 0, outcome.copySize - outcome.size);
  }
  return outcome;
}
