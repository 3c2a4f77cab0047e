// How each destination is reached: plain HTTP, or TLS with the files that its configuration names. These are read
// before anything else is started, and what is wrong with any of them is told at once. Nothing here ever turns an
// https destination into a plain one; that a plain one leaves this host is said at each start.

import { StartFailure } from "../base/errors.ts";
import type { Emit } from "../base/events.ts";
import { isHttps, isLoopback } from "../config/destination-url.ts";
import type { HttpClient } from "../platform/http.ts";
import type { HttpsClient } from "../platform/https-client.ts";
import type { TokenFile } from "../platform/token-file.ts";
import { undiciHttp } from "../platform/undici-http.ts";
import { NO_PROGRESS } from "../protocol/fields.ts";
import type { DestinationOptions, TlsOptions } from "../transfer/options.ts";
import { plainHttp } from "./tls-events.ts";

export interface Transport {
  readonly http: HttpClient;
  /** The same, where it is TLS. */
  readonly tls: HttpsClient | undefined;
  /** What it knows us by, where that is a token. */
  readonly token: TokenFile | undefined;
}

const NO_FILES: TlsOptions = { ca: undefined, cert: undefined, key: undefined, serverName: undefined };

/** In the configured order. Throws StartFailure. */
export async function openTransports(destinations: readonly DestinationOptions[]): Promise<readonly Transport[]> {
  const faults: string[] = [];
  const transports: Transport[] = [];
  for (const destination of destinations) {
    try {
      transports.push(await openTransport(destination));
    } catch (error) {
      faults.push(`Cannot deliver to ${destination.url}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (faults.length > 0) throw new StartFailure(faults.join("\n"));
  return transports;
}

/** Throws TlsFileError. What most do not need is loaded only where it is: node:tls makes every start slower. */
export async function openTransport({ url, tls: options, tokenFile }: DestinationOptions): Promise<Transport> {
  const token =
    tokenFile === undefined ? undefined : new (await import("../platform/token-file.ts")).TokenFile(tokenFile);
  const fields = token && (() => token.fields);
  if (!isHttps(url)) return { http: undiciHttp({ noProgress: NO_PROGRESS, fields }), tls: undefined, token };
  const { HttpsClient } = await import("../platform/https-client.ts");
  const { serverName, ...paths } = options ?? NO_FILES;
  const tls = new HttpsClient({ noProgress: NO_PROGRESS, paths, serverName, fields });
  return { http: tls, tls, token };
}

/** Tells which destinations get their logs unprotected. */
export function tellPlainHttp(urls: readonly URL[], emit: Emit): void {
  for (const url of urls) if (url.protocol === "http:" && !isLoopback(url)) emit(plainHttp(url.href));
}
