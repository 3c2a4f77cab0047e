// What the status itself has to say to the operator: one function for each event. docs/OPERATIONS.md lists them with
// what to do.

import { type Event, warn } from "../base/events.ts";
import { type Bytes, quote } from "../base/text.ts";

export const statusNotTold = (datadir: Bytes, cause: string): Event =>
  warn(
    "status-not-told",
    `Cannot make a socket in ${quote(datadir)}: ${cause}. All else works, but "shaftlog status" does not reach this process`,
  );
