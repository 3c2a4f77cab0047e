// `--timeout TIME` of the commands that wait for destinations: how long one may make no progress. Written as times
// are in the configuration.

import { StartFailure } from "../base/errors.ts";
import { quoteText } from "../base/text.ts";
import { parseDuration } from "../config/duration.ts";

/** In ms. Throws StartFailure. */
export function timeoutOf(text: string): number {
  const timeout = parseDuration(text);
  if (timeout !== undefined && timeout > 0) return timeout;
  throw new StartFailure(`--timeout ${quoteText(text)}: expected a time such as 60s, 5m or a number of milliseconds`);
}
