// How each destination is reached: plain HTTP, or TLS with the files that its configuration names. These are read
// before anything else is started, and what is wrong with any of them is told at once. Nothing here ever turns an
// https destination into a plain one; that a plain one leaves this host is said at each start.

import { StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import type { HttpClient } from "../platform/http.ts";
import type { HttpsClient } from "../platform/https-client.ts";
import { undiciHttp } from "../platform/undici-http.ts";
import { NO_PROGRESS } from "../protocol/fields.ts";
import type { DestinationOptions, TlsOptions } from "../transfer/options.ts";
import { plainHttp } from "./tls-events.ts";

export interface Transport {
  readonly http: HttpClient;
  /** The same, where it is TLS. */
  readonly tls: HttpsClient | undefined;
}

const NO_FILES: TlsOptions = { ca: undefined, cert: undefined, key: undefined, serverName: undefined };

/** In the configured order. Throws StartFailure. */
export async function openTransports(destinations: readonly DestinationOptions[]): Promise<readonly Transport[]> {
  const plain = { http: undiciHttp(NO_PROGRESS), tls: undefined };
  if (!destinations.some(isHttps)) return destinations.map(() => plain);
  // Not before it is needed: node:tls makes every start slower.
  const { HttpsClient } = await import("../platform/https-client.ts");
  const faults: string[] = [];
  const transports = destinations.map((destination) => {
    if (!isHttps(destination)) return plain;
    const { serverName, ...paths } = destination.tls ?? NO_FILES;
    try {
      const tls = new HttpsClient(NO_PROGRESS, paths, serverName);
      return { http: tls, tls };
    } catch (error) {
      faults.push(`Cannot deliver to ${destination.url} by TLS: ${error instanceof Error ? error.message : error}`);
      return plain;
    }
  });
  if (faults.length > 0) throw new StartFailure(faults.join("\n"));
  return transports;
}

/** Tells which destinations get their logs unprotected. */
export function tellPlainHttp(urls: readonly URL[], emit: Emit): void {
  for (const url of urls) if (url.protocol === "http:" && !isLoopback(url.hostname)) emit(plainHttp(url.href));
}

/** `hostname`: as URL has it, so that an IPv4 address is in its canonical form. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.[0-9]+){3}$|^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]+\]$/.test(hostname)
  );
}

function isHttps({ url }: DestinationOptions): boolean {
  return /^https:/i.test(url);
}
