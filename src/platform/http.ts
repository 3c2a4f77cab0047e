// The port for the client's half of HTTP. A connection sends requests in order, several at a time where
// asked to, and never repeats one: after a failure nobody but the caller decides what is sent again.
// Failures are values, since "it may or may not have happened" is an ordinary outcome here.

export interface HttpRequest {
  readonly method: "HEAD" | "PUT" | "OPTIONS";
  /** Path and nothing else, percent-encoded. */
  readonly path: string;
  /** Name, value, name, value, … */
  readonly headers: readonly string[];
  readonly body?: Uint8Array | undefined;
}

export type HttpOutcome =
  | { readonly kind: "answer"; readonly status: number; readonly headers: HttpHeaders }
  /** No usable answer: refused, reset, timed out, malformed. The request may or may not have been carried out. */
  | { readonly kind: "failure"; readonly error: unknown };

/** Lower-case names; an array where a field came more than once. */
export type HttpHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HttpConnection {
  /** Queues behind the requests sent before. Never rejects. */
  send(request: HttpRequest): Promise<HttpOutcome>;
  /** False once it failed or was destroyed: nothing more is sent on it. */
  readonly usable: boolean;
  /** Ends it at once; what is in flight fails. */
  destroy(): void;
}

export interface HttpOptions {
  /** How many requests may be on the wire before the first is answered. */
  readonly pipelining: number;
}

export interface HttpClient {
  /** A connection to `origin` (`http://host:port`), opened when first used and reopened after idling. Throws nothing. */
  connect(origin: string, options: HttpOptions): HttpConnection;
}
