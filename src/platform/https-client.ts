// The client's HTTP over TLS for one destination, with its certificates and CAs from files. Loaded only where a
// destination is https, since node:tls costs a start without it time. A renewal is looked at in full before it
// takes the place of what works; connections made with what was before end when they have nothing on the way.

import { codeOf } from "../base/errors.ts";
import type { HttpClient, HttpConnection, HttpOptions } from "./http.ts";
import { readTerms, type TlsTerms, tlsConnector } from "./https-connector.ts";
import { stampOf, type TlsPaths } from "./tls-files.ts";
import { CLOSED_EARLY, tlsFailure } from "./tls-words.ts";
import { type Secure, type UndiciHttp, type UndiciParts, undiciHttp } from "./undici-http.ts";

export interface HttpsParts extends Pick<UndiciParts, "noProgress" | "fields"> {
  readonly paths: TlsPaths;
  /** Instead of the URL's host, for what is sent and what is checked. */
  readonly serverName: string | undefined;
}

export class HttpsClient implements HttpClient {
  readonly what = "TLS files";
  readonly #paths: TlsPaths;
  readonly #serverName: string | undefined;
  readonly #http: UndiciHttp;
  #terms: TlsTerms;
  #stamp: string;
  /** The last connection was closed before its first answer. */
  #closedOnUs = false;
  #serverNotAfter: number | undefined;

  /** Throws TlsFileError. */
  constructor({ noProgress, paths, serverName, fields }: HttpsParts) {
    this.#paths = paths;
    this.#serverName = serverName;
    this.#stamp = this.stampNow();
    this.#terms = readTerms(paths, serverName);
    const secure: Secure = {
      connector: tlsConnector({
        terms: () => this.#terms,
        careful: () => this.#closedOnUs,
        seen: (until) => {
          this.#serverNotAfter = until;
        },
      }),
      explain: (error, answered) => {
        const failure = tlsFailure(error, this.#terms.notAfter !== undefined, answered);
        this.#closedOnUs ||= codeOf(failure) === CLOSED_EARLY;
        return failure;
      },
      answered: () => {
        this.#closedOnUs = false;
      },
    };
    this.#http = undiciHttp({ noProgress, secure, fields });
  }

  /** When our certificate expires, ms since 1970; undefined where there is none. */
  get notAfter(): number | undefined {
    return this.#terms.notAfter;
  }

  /** When the server's certificate expires, ms since 1970; undefined before a connection was made. */
  get serverNotAfter(): number | undefined {
    return this.#serverNotAfter;
  }

  /** What the files in use were when they were read. */
  get stamp(): string {
    return this.#stamp;
  }

  /** What they are now. */
  stampNow(): string {
    return stampOf(Object.values(this.#paths).filter((path) => path !== undefined));
  }

  connect(origin: string, options: HttpOptions): HttpConnection {
    return this.#http.connect(origin, options);
  }

  /** Reads the files anew. Throws TlsFileError and goes on with what it has where they cannot be used `now`. */
  renew(now: number): void {
    const stamp = this.stampNow();
    this.#terms = readTerms(this.#paths, this.#serverName, now);
    this.#stamp = stamp;
    this.#http.retire();
  }
}
