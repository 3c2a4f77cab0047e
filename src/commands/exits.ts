// The exit codes of each command in words, as its `--help` prints them. docs/OPERATIONS.md tells more: scripts rely
// on them, so a code never changes its meaning.

import { EXIT } from "./flags.ts";

export type Exits = readonly (readonly [code: number, meaning: string])[];

const INTERNAL = [EXIT.INTERNAL, "internal error"] as const;
const USAGE = [EXIT.USAGE, "usage or configuration error; nothing was started"] as const;

const ANY_EXITS: Exits = [
  [EXIT.OK, "success"],
  [EXIT.USAGE, "nothing was started: usage, configuration, or what it needs is taken"],
  INTERNAL,
];

const EXITS: Readonly<Record<string, Exits | undefined>> = {
  "sync-once": [
    [EXIT.OK, "delivered: every byte is durable at every destination"],
    [EXIT.INCOMPLETE, "incomplete: a destination made no progress for --timeout"],
    USAGE,
    [EXIT.REFUSED, "refused: trying again will not help; wins over 1"],
    [EXIT.OWNED, "a running client owns the datadir"],
    INTERNAL,
  ],
  verify: [
    [EXIT.OK, "every file is equal everywhere; a server's are as they were written"],
    [EXIT.INCOMPLETE, "some are behind, ahead, missing, or could not be compared"],
    USAGE,
    [EXIT.REFUSED, "some diverged or are refused; a server's changed on disk; wins over 1"],
    INTERNAL,
  ],
  repair: [
    [EXIT.OK, "nothing odd was found; with --cut: it was cut"],
    [EXIT.INCOMPLETE, "some files could not be read or cut"],
    [EXIT.USAGE, "nothing was started: usage, configuration, or with --cut the server runs"],
    [EXIT.REFUSED, "something odd was found; with --cut: not cut"],
    INTERNAL,
  ],
};

/** `undefined`: no command. */
export function exitsOf(command: string | undefined): Exits {
  return EXITS[command ?? ""] ?? ANY_EXITS;
}
