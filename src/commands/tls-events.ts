// What there is to say about the protection of destinations: plain HTTP, certificates and their renewal.
// Each name is listed in docs/OPERATIONS.md with its level and what to do.

import { type Event, error, info, warn } from "../base/events.ts";

export const plainHttp = (url: string): Event =>
  error(
    "plain-http",
    `Delivering to ${url} without TLS: whoever is on the way can read the logs, change them, and pass for the server; ` +
      "use an https URL",
  );

/** `what`: "TLS files". */
export const renewed = (url: string, what: string): Event =>
  info("destination-tls-renewed", `New ${what} used for ${url}; what is on the way is not disturbed`);

export const notRenewed = (url: string, what: string, cause: string): Event =>
  error(
    "destination-tls-not-renewed",
    `Cannot use the changed ${what} for ${url}: ${cause}. What was before stays in use; tried again after a change`,
  );

/** `days`: whole ones that are left, negative once it has expired. */
export const expires = (url: string, days: number): Event =>
  days < 0
    ? error("destination-certificate-expired", `Our certificate for ${url} has expired: renew it`)
    : warn("destination-certificate-expires", `Our certificate for ${url} expires in ${days} days: renew it`);
