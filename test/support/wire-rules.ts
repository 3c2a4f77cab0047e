// The rules that a client keeps on the wire (docs/PROTOCOL.md, section 10), checked on the proxy's transcript:
// whatever happened, HEAD is what follows doubt, no byte is sent while its fate is open, none is taken twice.

import assert from "node:assert/strict";
import { describe, type Exchange, isAppended } from "./exchange.ts";

/** A range that was on its way behind a failed one may still arrive this many ms later. */
const ON_ITS_WAY = 250;

/** Fails where one of the rules was broken. */
export function assertWireRules(exchanges: readonly Exchange[]): void {
  const byTarget = Map.groupBy(exchanges, ({ target }) => target);
  const breaches = [...byTarget.values()].flatMap((about) => [
    ...headAfterDoubt(about),
    ...onlyOneFateOpen(about),
    ...takenOnce(about),
  ]);
  assert.deepEqual(breaches, []);
}

/** After a PUT without a clean 2xx the next request for that file is HEAD. */
function headAfterDoubt(about: readonly Exchange[]): string[] {
  return about.flatMap((failed, i) => {
    if (failed.method !== "PUT" || failed.settledAt === undefined || isClean(failed)) return [];
    const next = about.slice(i + 1).find((later) => !isPipelinedBehind(failed, later));
    return next === undefined || next.method === "HEAD"
      ? []
      : [`not HEAD after doubt: ${describe(next)} after ${describe(failed)}`];
  });
}

/** No request names a byte that another unanswered request for the same file names. */
function onlyOneFateOpen(about: readonly Exchange[]): string[] {
  return about.flatMap((first, i) =>
    about.slice(i + 1).flatMap((second) => {
      const open = first.settledAt === undefined || second.at < first.settledAt;
      return open && overlap(first, second)
        ? [`sent while its fate was open: ${describe(second)} over ${describe(first)}`]
        : [];
    }),
  );
}

/** Ranges that one life of the server took never overlap. */
function takenOnce(about: readonly Exchange[]): string[] {
  const taken = about.filter(isAppended);
  return taken.flatMap((first, i) =>
    taken
      .slice(i + 1)
      .filter((second) => second.life === first.life && overlap(first, second))
      .map((second) => `taken twice: ${describe(first)} and ${describe(second)}`),
  );
}

function isClean(exchange: Exchange): boolean {
  return !exchange.broken && isAppended(exchange);
}

function isPipelinedBehind(failed: Exchange, later: Exchange): boolean {
  const { range, settledAt = 0 } = failed;
  return (
    later.method === "PUT" &&
    later.connection === failed.connection &&
    (later.range?.start ?? 0) >= (range?.end ?? 0) &&
    later.at < settledAt + ON_ITS_WAY
  );
}

function overlap({ range: a }: Exchange, { range: b }: Exchange): boolean {
  return a !== undefined && b !== undefined && a.start < b.end && b.start < a.end;
}
