// The slowest that a body may come: a minimum rate instead of a time limit, so that an honest upload over a
// slow line takes as long as it takes, and one that trickles to hold a connection is cut off. Looked at now and
// then by the bytes that the socket has read; nothing is counted per chunk. Time in which we did not read is ours.
// And the longest that somebody may leave his answers unread.

import type { Entry } from "./open-connections.ts";

/** ms between two looks. */
export const PACE_INTERVAL = 5_000;
/** ms over which the rate is taken. */
const WINDOW = 20_000;

/** True where the other side has not taken a byte of its answers for `patience` ms. */
export function isStuck(entry: Entry, patience: number, now: number): boolean {
  const { socket, stuck } = entry;
  const left = socket.writableLength;
  const taken = socket.bytesWritten - left;
  if (left === 0) entry.stuck = undefined;
  else if (stuck?.taken !== taken) entry.stuck = { at: now, taken };
  else return now - stuck.at >= patience;
  return false;
}

/** True where the body of `entry` came more slowly than `rate` bytes a second for a whole window. */
export function isTooSlow(entry: Entry, rate: number, now: number): boolean {
  const turns = entry.reading?.turns ?? 0;
  const { pace, socket } = entry;
  if (turns % 2 === 0) {
    entry.pace = undefined;
  } else if (pace?.turns !== turns || pace.reading !== entry.reading) {
    entry.pace = { at: now, bytes: socket.bytesRead, turns, reading: entry.reading };
  } else if (now - pace.at >= WINDOW) {
    if (socket.bytesRead - pace.bytes < (rate * (now - pace.at)) / 1000) return true;
    entry.pace = { at: now, bytes: socket.bytesRead, turns, reading: entry.reading };
  }
  return false;
}
