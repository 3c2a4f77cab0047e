// The server's half of HTTP on node:http (never undici, which would double the start-up time).
// Promises: answers of one connection leave in the order of its requests; behind an answer that closes, and
// behind what cannot be parsed, no request is handed over; a closing answer is not lost to a reset; connections
// stay within the limits. Relies on llhttp for framing: Content-Length together with Transfer-Encoding, folded
// fields, bare line feeds and the like never get here. docs/PROTOCOL.md, section 9.

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isStuck, isTooSlow, PACE_INTERVAL } from "./body-pace.ts";
import type { Exchange, HttpServer, Listener, ListenOptions, TlsMaterial } from "./http-server.ts";
import { linger, NodeExchange } from "./node-exchange.ts";
import { type Entry, OpenConnections } from "./open-connections.ts";

/** How long a header may take. There is no limit for a body: an honest upload over a slow line takes hours. */
const HEADERS = 60_000;
/** A dead peer is noticed by TCP itself after this long and a few probes. */
const PROBE = 30_000;
/** Seconds until one that was turned away should come again. */
const RETRY_CROWDED = 5;
/** How many are told that they are turned away, at once; others are just cut. */
const MOST_TOLD = 16;

export const nodeHttpServer: HttpServer = {
  async listen(options, handle) {
    const tls = options.tls === undefined ? undefined : await import("./node-tls.ts");
    return await new Promise((resolve, reject) => {
      const listener = new NodeListener(options, handle, tls);
      listener.server.once("error", reject);
      listener.server.listen({ host: options.address, port: options.port, backlog: 1024 }, () => {
        listener.server.off("error", reject);
        // accept(2) failing for lack of descriptors: libuv goes on by itself, and the next accept may succeed.
        listener.server.on("error", () => {});
        resolve(listener);
      });
    });
  },
};

class NodeListener implements Listener {
  readonly server: http.Server;
  readonly #options: ListenOptions;
  readonly #tls: typeof import("./node-tls.ts") | undefined;
  readonly #asksCertificate: boolean;
  readonly #open: OpenConnections;
  /** By the socket that requests come from. */
  readonly #entries = new WeakMap<Socket, Entry>();
  /** With TLS, until the handshake is done: by address and port of the other side. */
  readonly #shaking = new Map<string, Entry>();
  readonly #pacing: NodeJS.Timeout;
  #told = 0;
  #closing = false;

  constructor(
    options: ListenOptions,
    handle: (exchange: Exchange) => void,
    tls: typeof import("./node-tls.ts") | undefined,
  ) {
    this.#options = options;
    this.#tls = tls;
    this.#asksCertificate = options.tls?.clientCa !== undefined;
    this.#open = new OpenConnections(options.limits);
    const { idleTimeout, headerSize, minBodyRate } = options.limits;
    const settings: http.ServerOptions = {
      keepAlive: true,
      keepAliveInitialDelay: PROBE,
      keepAliveTimeout: idleTimeout,
      headersTimeout: HEADERS,
      requestTimeout: 0,
      maxHeaderSize: headerSize,
      noDelay: true,
      insecureHTTPParser: false,
      // Refused by src/ingest, so that this answer carries our fields as every other does.
      requireHostHeader: false,
    };
    this.server =
      tls === undefined || options.tls === undefined
        ? http.createServer(settings)
        : tls.createTlsServer(options.tls, settings);
    // Without a limit on the count none is dropped in silence, a second Content-Range for one; src/ingest counts.
    this.server.maxHeadersCount = 0;
    // A client that ends its sending side behind a whole request still gets the answer.
    (this.server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
    const begin = (req: IncomingMessage, res: ServerResponse, continues: boolean) => {
      const entry = this.#entries.get(req.socket);
      if (entry === undefined || entry.ending) {
        req.resume();
        return;
      }
      this.#open.busy(entry);
      res.on("finish", () => this.#answered(entry));
      handle(new NodeExchange(req, res, entry, options.fields, continues));
    };
    this.server.on("connection", (socket: Socket) => this.#accept(socket));
    if (tls !== undefined) this.#listenToHandshakes(tls);
    this.server.on("request", (req, res) => begin(req, res, false));
    this.server.on("checkContinue", (req, res) => begin(req, res, true));
    this.server.on("checkExpectation", (req, res) => begin(req, res, false));
    this.server.on("connect", (_req: IncomingMessage, socket) => this.#refuse(socket as Socket, 405));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      this.#unparsable(error, socket as Socket);
    });
    this.#pacing = setInterval(() => this.#cutSlow(minBodyRate), PACE_INTERVAL).unref();
  }

  get address(): string {
    return (this.server.address() as AddressInfo).address;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  connections(): number {
    return this.#open.size;
  }

  renew(material: TlsMaterial, distrust: boolean): boolean {
    if (this.#tls?.renewContext(this.server, material) !== true) return false;
    if (distrust) this.destroy();
    return true;
  }

  close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#pacing);
    // Node ends those that are idle between requests, not those that never sent one.
    for (const { asked, socket } of this.#open) {
      if (!asked && (socket.bytesRead === 0 || this.#tls !== undefined)) socket.destroy();
    }
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  destroy(): void {
    for (const { socket } of this.#open) socket.destroy();
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? "?";
    const entry = this.#open.add(socket, address);
    if (entry === undefined) {
      this.#turnAway(socket, address, undefined);
      return;
    }
    if (this.#tls === undefined) {
      this.#welcome(entry, socket);
      return;
    }
    const place = placeOf(socket);
    this.#shaking.set(place, entry);
    socket.once("close", () => this.#shaking.delete(place));
  }

  #listenToHandshakes(tls: typeof import("./node-tls.ts")): void {
    this.server.on("secureConnection", (socket: TLSSocket) => {
      const place = placeOf(socket);
      const entry = this.#shaking.get(place);
      this.#shaking.delete(place);
      if (entry === undefined) {
        socket.destroy();
        return;
      }
      entry.peer = { address: entry.peer.address, certificate: tls.certificateOf(socket, this.#asksCertificate) };
      entry.socket = socket;
      this.#welcome(entry, socket);
    });
    this.server.on("tlsClientError", (error: NodeJS.ErrnoException, socket: TLSSocket) => {
      const reason = tls.handshakeFault(error);
      const address = socket.remoteAddress ?? "?";
      if (reason !== undefined) this.#options.noticed({ kind: "handshake-failed", address, reason });
    });
  }

  /** From here on it is known who it is, and requests may come. */
  #welcome(entry: Entry, socket: Socket): void {
    this.#entries.set(socket, entry);
    // node:http ends a connection by destroySoon once its last answer is written. Closing a socket while bytes of
    // the other side are unread makes the kernel send a reset, which may overtake the answer.
    const destroySoon = socket.destroySoon;
    socket.destroySoon = () => {
      if (entry.ending) linger(socket);
      else destroySoon.call(socket);
    };
    const key = this.#options.keyOf(entry.peer);
    if (!this.#open.claim(entry, key)) this.#turnAway(socket, entry.peer.address, key);
  }

  #turnAway(socket: Socket, address: string, key: string | undefined): void {
    this.#options.noticed({ kind: "turned-away", address, key });
    if (this.#told >= MOST_TOLD || (this.#tls !== undefined && key === undefined)) {
      socket.destroy();
      return;
    }
    this.#told++;
    socket.once("close", () => this.#told--);
    socket.on("error", () => {});
    const entry = this.#entries.get(socket);
    if (entry !== undefined) entry.ending = true;
    this.#write(socket, 503);
  }

  #answered(entry: Entry): void {
    this.#open.answered(entry);
    if (entry.ending && entry.open === 0) linger(entry.socket);
    // When stopping, each connection goes as soon as it has nothing to answer any more; node looks at its own
    // books for that, which are brought up to date after this event.
    else if (this.#closing) setImmediate(() => this.server.closeIdleConnections());
  }

  /** A syntax error, a header that is too long or too slow, or the end of the stream inside a request. */
  #unparsable(error: NodeJS.ErrnoException, socket: Socket): void {
    const entry = this.#entries.get(socket);
    if (entry?.ending) return;
    const gone = error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE";
    const broken = error.code?.startsWith("ERR_SSL") === true;
    if (entry === undefined || gone || broken || !socket.writable) {
      // The destruction tells the exchange whose body it was.
      socket.destroy();
    } else if (entry.open > 0) {
      // An answer now would be taken for that of the request in front. It goes without.
      entry.ending = true;
    } else {
      const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
      this.#refuse(socket, status);
    }
  }

  /** An answer that no exchange stands behind, and the end of the connection. */
  #refuse(socket: Socket, status: number): void {
    const entry = this.#entries.get(socket);
    if (entry === undefined || entry.open > 0) {
      socket.destroy();
      return;
    }
    entry.ending = true;
    this.#write(socket, status);
  }

  #write(socket: Socket, status: number): void {
    const title = http.STATUS_CODES[status] ?? "";
    const body = JSON.stringify({ title, status });
    const { fields } = this.#options;
    let head = `HTTP/1.1 ${status} ${title}\r\n`;
    for (let i = 0; i < fields.length; i += 2) head += `${fields[i]}: ${fields[i + 1]}\r\n`;
    if (status === 405) head += "Allow: HEAD, PUT\r\n";
    if (status === 503) head += `Retry-After: ${RETRY_CROWDED}\r\n`;
    head += `Content-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n`;
    head += `Date: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n`;
    socket.write(head + body);
    linger(socket);
  }

  #cutSlow(rate: number): void {
    const now = performance.now();
    for (const entry of this.#open) {
      const slow = isTooSlow(entry, rate, now);
      if (!slow && !isStuck(entry, this.#options.limits.idleTimeout, now)) continue;
      const kind = slow ? "too-slow" : "unread";
      this.#options.noticed({ kind, address: entry.peer.address, key: entry.key ?? "" });
      entry.ending = true;
      entry.socket.destroy();
    }
  }
}

function placeOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}
