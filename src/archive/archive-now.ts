// Files that somebody names are sealed now, whatever their age: `shaftlog archive --now`, done by that process while no
// server runs, and by the server that does. Each is told of in words; what fails for one leaves it as it was, and the
// others go on.

import { codeOf, describe } from "../base/errors.ts";
import { type Bytes, quote } from "../base/text.ts";
import { allFiles } from "../store/all-files.ts";
import { look } from "../store/tree.ts";
import * as events from "./events.ts";
import { Stopped } from "./rest.ts";
import { type SealGround, sealInTurn } from "./seal-in-turn.ts";

/** `incomplete`: not now; `refused`: there is nothing, or its name is taken. */
export type NowResult = "sealed" | "incomplete" | "refused";

/** The worst first. */
export const NOW_RESULTS: readonly NowResult[] = ["refused", "incomplete", "sealed"];

export function worstOf(results: readonly NowResult[]): NowResult {
  return NOW_RESULTS.find((result) => results.includes(result)) ?? "sealed";
}

interface Told {
  readonly result: NowResult;
  readonly text: string;
}

/**
 * The worst of all; `say` is told of each file. `given`: files, or directories for all that is below them. Rejects with
 * Stopped.
 */
export async function archiveNow(
  given: readonly Bytes[],
  ground: SealGround,
  rest: () => Promise<void>,
  say: (text: string) => void,
): Promise<NowResult> {
  const { root, sealed } = ground;
  const results: NowResult[] = [];
  for (const one of given) {
    const isDirectory = look(root, one).kind === "obstructed";
    for (const path of isDirectory ? allFiles(root, one) : [one]) {
      if (isDirectory && sealed.isCopy(path)) continue;
      const { result, text } = await sealNow(path, ground, rest);
      results.push(result);
      say(text);
    }
  }
  return worstOf(results);
}

async function sealNow(path: Bytes, ground: SealGround, rest: () => Promise<void>): Promise<Told> {
  try {
    const outcome = await sealInTurn(path, ground, rest, () => true);
    switch (outcome.kind) {
      case "sealed":
        return { result: "sealed", text: events.compressed(path, outcome.size, outcome.copySize).text };
      case "taken":
        return { result: "refused", text: events.taken(path).text };
      case "no-room":
        return {
          result: "incomplete",
          text: `Cannot archive ${quote(path)}: there must be room for its ${outcome.size} bytes above limits.min_free_space; make room and ask again`,
        };
      case "in-use":
        return { result: "incomplete", text: `Cannot archive ${quote(path)}: it was changed meanwhile` };
      case "nothing":
        if (ground.sealed.find(path) !== undefined)
          return { result: "sealed", text: `${quote(path)} is sealed already` };
        return { result: "refused", text: `${quote(path)}: there is no such file, or it is empty` };
    }
  } catch (error) {
    if (error instanceof Stopped || (codeOf(error) === "" && !(error instanceof Error))) throw error;
    return { result: "incomplete", text: `Cannot archive ${quote(path)}: ${describe(error)}; it is as it was` };
  }
}
