// How far the heap grows between two full collections. V8 lets it grow to several times of what is alive, since this
// machine's memory seems free to it; a daemon beside the programs whose logs it delivers owes it to them. Set at run
// time: as a flag of the process it would make each command start later.

import v8 from "node:v8";

/** Of what was alive after the last full collection, in per cent. */
const GROWTH = 60;

/** Costs a few per cent of processor time where much is allocated, and spares a third to two thirds of the memory. */
export function keepHeapSmall(): void {
  v8.setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
}
