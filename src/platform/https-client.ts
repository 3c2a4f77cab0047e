// The client's HTTP over TLS for one destination, with its certificates and CAs from files. Loaded only where a
// destination is https, since node:tls costs a start without it time. A renewal is looked at in full before it
// takes the place of what works; connections made with what was before end when they have nothing on the way.

import type { HttpClient, HttpConnection, HttpOptions } from "./http.ts";
import { readTerms, type TlsTerms, tlsConnector } from "./https-connector.ts";
import type { TlsPaths } from "./tls-files.ts";
import { tlsFailure } from "./tls-words.ts";
import { type UndiciHttp, undiciHttp } from "./undici-http.ts";

export class HttpsClient implements HttpClient {
  readonly #paths: TlsPaths;
  readonly #serverName: string | undefined;
  readonly #http: UndiciHttp;
  #terms: TlsTerms;

  /** Throws TlsFileError. */
  constructor(noProgress: number, paths: TlsPaths, serverName: string | undefined) {
    this.#paths = paths;
    this.#serverName = serverName;
    this.#terms = readTerms(paths, serverName);
    this.#http = undiciHttp(noProgress, {
      connector: tlsConnector(() => this.#terms),
      explain: (error, answered) => tlsFailure(error, this.#terms.notAfter !== undefined, answered),
    });
  }

  /** When our certificate expires, ms since 1970; undefined where there is none. */
  get notAfter(): number | undefined {
    return this.#terms.notAfter;
  }

  connect(origin: string, options: HttpOptions): HttpConnection {
    return this.#http.connect(origin, options);
  }

  /** Reads the files anew. Throws TlsFileError and goes on with what it has where they cannot be used `now`. */
  renew(now: number): void {
    this.#terms = readTerms(this.#paths, this.#serverName, now);
    this.#http.retire();
  }
}
