// The port for the server's half of HTTP: one Exchange per request, its body as chunks that can be held
// back. What HTTP/1.1 allows but appending must not (two of a field, odd targets, transfer codings) is let
// through as it came and judged in src/ingest; only what cannot be parsed at all is answered below this port.

/** Takes a body. Nothing is called before the exchange was resumed, nor inside a call to it. */
export interface BodyReader {
  data(chunk: Uint8Array): void;
  /** More of the body is here, though it cannot be handed over yet; `all`: nothing of it is missing any more. */
  arrived(all: boolean): void;
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
  /** The same object for all requests of one connection. */
  readonly peer: Peer;
  /** The same number for all requests of one connection. */
  readonly connection: number;
  /** Who takes the body. It is held back until `resume`, which also says `100 Continue` where that was asked for. */
  read(reader: BodyReader): void;
  pause(): void;
  resume(): void;
  /** The reader needs these chunks of its body no more: their memory may go at once, and they are empty then. */
  release(chunks: readonly Uint8Array[]): void;
  /** Until it is answered, or its body read: tells the sender every few seconds that it is worked on (102). */
  working(): void;
  /**
   * Answers, once; a second answer is ignored. With `close` no request behind this one is handed over any more, the
   * rest of the body is thrown away and the connection ends after the answer.
   */
  answer(status: number, fields: readonly string[], body: string | undefined, close: boolean): void;
  /** Ends the connection at once, without an answer. */
  destroy(): void;
}

/** Who is at the other end of a connection. */
export interface Peer {
  /** IP address. */
  readonly address: string;
  readonly certificate: PeerCertificate;
}

export type PeerCertificate =
  /** Plain HTTP, or none was asked for. */
  | { readonly kind: "not-asked" }
  /** None was shown, or one that is not trusted. `reason`: in words, for our log. */
  | { readonly kind: "rejected"; readonly reason: string }
  /** Trusted when the connection was made, for a client, and not revoked. */
  | {
      readonly kind: "trusted";
      /** Subject common names, as they are written there. */
      readonly commonNames: readonly string[];
      /** DNS names among the subject alternative names, in their order. */
      readonly dnsNames: readonly string[];
      /** ms since 1970. */
      readonly notAfter: number;
    };

/** What the listener holds connections to, whatever they ask for. */
export interface ConnectionLimits {
  /** Open connections. Beyond, the one that has been idle longest makes room. */
  readonly connections: number;
  /** Of these, for each key that `keyOf` gives. */
  readonly connectionsPerKey: number;
  /** Bytes of a request's line and fields. */
  readonly headerSize: number;
  /** ms without a request. */
  readonly idleTimeout: number;
  /** Bytes a second, over 20 s in which the body is read; slower senders are cut off. */
  readonly minBodyRate: number;
}

/** What a TLS server shows and whom it trusts, checked to fit together. PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  /** Client certificates are asked for, and these must have signed them. */
  readonly clientCa: string | undefined;
  /** Revocation lists, one a text. */
  readonly crls: readonly string[];
}

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
  /** Name, value, … for every answer, also for those that no Exchange stands behind. */
  readonly fields: readonly string[];
  readonly limits: ConnectionLimits;
  /** Plain HTTP without. */
  readonly tls: TlsMaterial | undefined;
  /** As whose connection one counts. */
  readonly keyOf: (peer: Peer) => string;
  /** Something came to nothing before there was a request. */
  readonly noticed: (notice: Notice) => void;
}

export type Notice =
  /** Neither TLS nor anything else. `reason`: in words. */
  | { readonly kind: "handshake-failed"; readonly address: string; readonly reason: string }
  /** Too many connections, all of them busy: this one was turned away. */
  | { readonly kind: "turned-away"; readonly address: string; readonly key: string | undefined }
  /** Its body came too slowly; or it did not read its answers. */
  | { readonly kind: "too-slow" | "unread"; readonly address: string; readonly key: string };

/** An open listening socket and its connections. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  /** How many connections are open. */
  connections(): number;
  /**
   * New material for TLS. With `distrust`, nobody who was trusted by the old is trusted any more before he shows his
   * certificate again: all connections end at once, and no session is resumed. False where this runtime cannot.
   */
  renew(material: TlsMaterial, distrust: boolean): boolean;
  /** Takes no more connections and ends each one that is idle; resolves when none is left. */
  close(): Promise<void>;
  /** Ends all connections at once. */
  destroy(): void;
}

export interface HttpServer {
  /** Rejects with the kernel's code where the address cannot be had. */
  listen(options: ListenOptions, handle: (exchange: Exchange) => void): Promise<Listener>;
}
