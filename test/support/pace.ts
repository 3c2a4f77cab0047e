// A pause between two steps of a scenario that has a speed ("every 100 ms"); never a wait for something to happen:
// that is what until.ts is for.

import { setTimeout as sleep } from "node:timers/promises";

export function pace(ms: number): Promise<void> {
  return sleep(ms);
}
