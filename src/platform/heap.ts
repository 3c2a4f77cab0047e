// How far the heap grows between two full collections, and when it shrinks again. V8 lets it grow to several times of
// what is alive, since this machine's memory seems free to it; a daemon beside the programs whose logs it delivers owes
// it to them. Set at run time: as a flag of the process it would make each command start later.

import v8 from "node:v8";

/** Of what was alive after the last full collection, in per cent. */
const GROWTH = 60;

/** How often it is looked whether a start is over, and how long one may take, in ms. */
const LOOK_EVERY = 250;
const SETTLES_WITHIN = 60_000;

/** Costs a few per cent of processor time where much is allocated, and spares a third to two thirds of the memory. */
export function keepHeapSmall(): void {
  v8.setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}

/**
 * For a daemon: once `isSettled`, the burst of its start is over, or after a minute. V8's memory reducer collects in
 * small steps and gives back what a burst left, but only where little is allocated, which it judges by the last
 * collections: those of the burst, for ever. From then on it does not ask, and the heap grows by a third at most.
 */
export function leanHeapOnce(isSettled: () => boolean): void {
  let left = SETTLES_WITHIN / LOOK_EVERY;
  const look = setInterval(() => {
    if (!isSettled() && --left > 0) return;
    clearInterval(look);
    v8.setFlagsFromString("--optimize-for-size");
  }, LOOK_EVERY).unref();
}
