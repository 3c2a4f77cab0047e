// Whether all that the spools hold was announced: names in a data directory that could not be made durable were not,
// and nothing of these files was sent.

import type { Spools } from "../spool/spools.ts";

export function allAnnounced(spools: Spools): boolean {
  let made = 0;
  for (const { generations } of spools.entries()) made += generations.length;
  return made === spools.counts().generations;
}
