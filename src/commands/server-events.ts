// What the server's composition has to say of its certificates: read anew, not taken, about to end.
// docs/OPERATIONS.md lists each with what to do.

import { type Event, error, info, warn } from "../base/events.ts";
import { quoteText } from "../base/text.ts";
import type { Expiry } from "../platform/server-tls-files.ts";

const DAY = 86_400_000;

export function reloaded(leaf: Expiry | undefined, now: number, distrust: boolean): Event {
  const days = leaf === undefined ? "" : `, the certificate holds for ${Math.floor((leaf.at - now) / DAY)} days`;
  const cut = distrust ? "; whom we trust has changed: every connection has to prove anew who it is" : "";
  return info("tls-reloaded", `Certificates were read anew${days}${cut}`);
}

export function tokensReloaded(count: number): Event {
  return info("tokens-reloaded", `Tokens were read anew: ${count} hold, others are refused from now on`);
}

/** The error's message names the file and what to do. */
export function cannotReload(cause: Error): Event {
  return error("tls-reload-failed", `Cannot take the new files: ${cause.message}; what was read before stays in force`);
}

export function needsRestart(): Event {
  return error("tls-reload-failed", "Cannot take the new files while running: this runtime has no way to; restart");
}

export function expiring({ path, subject, at }: Expiry, now: number): Event {
  const what = `The certificate of ${quoteText(subject)} in ${quoteText(path)}`;
  const days = Math.floor((at - now) / DAY);
  if (at <= now) return error("tls-expired", `${what} has expired: clients refuse it; renew it, no restart is needed`);
  return warn("tls-expiring", `${what} expires in ${days} days; renew it in time, no restart is needed`);
}
