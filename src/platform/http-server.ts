// The port for the server's half of HTTP: one Exchange per request, its body as chunks that can be held
// back. What HTTP/1.1 allows but appending must not (two of a field, odd targets, transfer codings) is let
// through as it came and judged in src/ingest; only what cannot be parsed at all is answered below this port.

/** Takes a body. Nothing is called before the exchange was resumed, nor inside a call to it. */
export interface BodyReader {
  data(chunk: Uint8Array): void;
  /** The whole body has been handed over. */
  end(): void;
  /** The connection broke inside the body: nothing more will come. Instead of `end`, and at most once. */
  broken(): void;
}

export interface Exchange {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  /** `1.1` */
  readonly version: string;
  /** Name, value, name, value, … as they came, doubles included. */
  readonly fields: readonly string[];
  /** The other side's address, for people. */
  readonly peer: string;
  /** The same number for all requests of one connection. */
  readonly connection: number;
  /** Who takes the body. It is held back until `resume`, which also says `100 Continue` where that was asked for. */
  read(reader: BodyReader): void;
  pause(): void;
  resume(): void;
  /**
   * Answers, once; a second answer is ignored. With `close` no request behind this one is handed over any more, the
   * rest of the body is thrown away and the connection ends after the answer.
   */
  answer(status: number, fields: readonly string[], body: string | undefined, close: boolean): void;
  /** Ends the connection at once, without an answer. */
  destroy(): void;
}

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** Name, value, … for every answer, also for those that no Exchange stands behind. */
  readonly fields: readonly string[];
}

/** An open listening socket and its connections. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** How many connections are open. */
  connections(): number;
  /** Takes no more connections and ends each one that is idle; resolves when none is left. */
  close(): Promise<void>;
  /** Ends all connections at once. */
  destroy(): void;
}

export interface HttpServer {
  /** Rejects with the kernel's code where the address cannot be had. */
  listen(options: ListenOptions, handle: (exchange: Exchange) => void): Promise<Listener>;
}
