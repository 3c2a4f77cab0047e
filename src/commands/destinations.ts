// From the configured destinations to delivering ones: substitution of the host's names in the URLs, and the
// ways in which destinations and the one spool hear of each other.

import { assert } from "../base/assert.ts";
import { StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { fill } from "../base/template.ts";
import { quoteText } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import { sha256 } from "../platform/node-hash.ts";
import { zstd } from "../platform/node-zstd.ts";
import type { Generation, SpoolListener } from "../spool/entry.ts";
import type { Delivery } from "../spool/spools.ts";
import { Destination } from "../transfer/destination.ts";
import type { SpoolDesk } from "../transfer/destination-parts.ts";
import type { DestinationOptions } from "../transfer/options.ts";
import { reachOf } from "../transfer/progress.ts";
import type { Transport } from "./transports.ts";

/** The values of `{hostname}` and `{machine}`. */
export interface HostNames {
  readonly hostname: () => string;
  readonly machine: () => string;
}

/** The final URLs, in the configured order. Throws StartFailure where two are one place or a name cannot stand in a URL. */
export function destinationUrls(options: readonly DestinationOptions[], names: HostNames): URL[] {
  const urls = options.map(({ url }) => new URL(fill(url, (key) => substitute(key, names))));
  const seen = new Set<string>();
  for (const url of urls) {
    if (seen.has(url.href)) throw new StartFailure(`Two destinations are both ${url.href}: name each place once`);
    seen.add(url.href);
  }
  return urls;
}

function substitute(key: string, names: HostNames): string | undefined {
  if (key !== "hostname" && key !== "machine") return undefined;
  const value = names[key]();
  // It becomes part of a path: a dot segment or a slash would lead to another place than the one configured.
  if (value === "" || value === "." || value === ".." || /[/\\\p{Cc}]/u.test(value)) {
    throw new StartFailure(
      `{${key}} is ${quoteText(value)} on this host, which cannot stand in a URL: write a name instead`,
    );
  }
  return encodeURIComponent(value);
}

export interface Ports {
  /** In the order of the URLs. */
  readonly transports: readonly Transport[];
  readonly clock: Clock;
  readonly emit: Emit;
}

export interface How {
  /** Every file is compared by digest, also one that has nothing to send. */
  readonly compareAll: boolean;
  readonly syncSource: boolean;
  /** In the order of the URLs. */
  readonly options: readonly DestinationOptions[];
}

export function createDestinations(urls: readonly URL[], spool: SpoolDesk, ports: Ports, how: How): Destination[] {
  return urls.map((url, i) => createDestination(url, i, spool, ports, how));
}

/** `index`: its place among the destinations. */
export function createDestination(
  url: URL,
  index: number,
  spool: SpoolDesk,
  { transports, clock, emit }: Ports,
  { compareAll, syncSource, options }: How,
): Destination {
  const transport = transports[index];
  const own = options[index];
  assert(transport !== undefined && own !== undefined, "each destination has its transport and its options");
  const { http } = transport;
  const { rateLimit, concurrency, compression } = own;
  const codec = compression === "zstd" ? zstd : undefined;
  const what = { compareAll, syncSource, rateLimit, concurrency, codec };
  return new Destination({ url, http, clock, emit, random: Math.random, newHash: sha256, ...what, spool });
}

/** What all destinations together hold, as the spool asks for it. */
export function deliveryTo(destinations: readonly Destination[]): Delivery {
  return {
    comparesBytes: () => destinations.every(({ verifies }) => verifies !== false),
    isDelivered: (generation) => destinations.every((destination) => destination.isDelivered(generation)),
    reached: (generation) =>
      destinations.map((destination) => {
        const progress = destination.progressOf(generation);
        // What it has said it holds is held, even while it is in doubt whether it holds more.
        const isTold = progress !== undefined && (progress.known || progress.offset > 0);
        return { destination: destination.url, acknowledged: isTold ? reachOf(progress) : undefined };
      }),
  };
}

/** Tells `destination` what the spool holds; `isNew`: nobody can have been sent any of it yet. */
export function hearing(destination: Destination, isNew: (generation: Generation) => boolean): SpoolListener {
  return {
    added: (generation) => destination.added(generation, isNew(generation)),
    changed: (entry) => destination.changed(entry),
    released: (generation) => destination.released(generation),
  };
}
