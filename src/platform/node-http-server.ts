// The server's half of HTTP on node:http (never undici, which would double the start-up time).
// Promises: answers of one connection leave in the order of its requests; behind an answer that closes, and
// behind what cannot be parsed, no request is handed over; a closing answer is not lost to a reset.
// Relies on llhttp for framing: Content-Length together with Transfer-Encoding, folded fields, bare line feeds
// and the like never get here. docs/PROTOCOL.md, section 9.

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { BodyReader, Exchange, HttpServer, Listener, ListenOptions } from "./http-server.ts";

/** How long a connection may be idle between requests; told to the client by a Keep-Alive field. */
const KEEP_ALIVE = 60_000;
/** How long a header may take. There is no limit for a body: an honest upload over a slow line takes hours. */
const HEADERS = 60_000;
const MAX_HEADER = 16 * 1024;
/** How long the other side may take to read a closing answer while it may still be sending. */
const LINGER = 1_000;
/** A dead peer is noticed by TCP itself after this long and a few probes. */
const PROBE = 30_000;

export const nodeHttpServer: HttpServer = {
  listen(options, handle) {
    return new Promise((resolve, reject) => {
      const listener = new NodeListener(options, handle);
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

interface Connection {
  readonly id: number;
  readonly peer: string;
  /** Requests handed over and not answered yet. */
  open: number;
  /** No further request of this connection is handed over. */
  ending: boolean;
}

class NodeListener implements Listener {
  readonly server: http.Server;
  readonly #fields: readonly string[];
  readonly #connections = new Map<Socket, Connection>();
  #made = 0;
  #closing = false;

  constructor(options: ListenOptions, handle: (exchange: Exchange) => void) {
    this.#fields = options.fields;
    this.server = http.createServer({
      keepAlive: true,
      keepAliveInitialDelay: PROBE,
      keepAliveTimeout: KEEP_ALIVE,
      headersTimeout: HEADERS,
      requestTimeout: 0,
      maxHeaderSize: MAX_HEADER,
      noDelay: true,
      insecureHTTPParser: false,
      // Refused by src/ingest, so that this answer carries our fields as every other does.
      requireHostHeader: false,
    });
    // Without a limit on the count none is dropped in silence, a second Content-Range for one; the size bounds it.
    this.server.maxHeadersCount = 0;
    // A client that ends its sending side behind a whole request still gets the answer.
    (this.server as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
    const begin = (req: IncomingMessage, res: ServerResponse, continues: boolean) => {
      const connection = this.#connections.get(req.socket);
      if (connection === undefined || connection.ending) {
        req.resume();
        return;
      }
      connection.open++;
      res.on("finish", () => this.#answered(connection, req.socket));
      handle(new NodeExchange(req, res, connection, this.#fields, continues));
    };
    this.server.on("connection", (socket: Socket) => this.#accept(socket));
    this.server.on("request", (req, res) => begin(req, res, false));
    this.server.on("checkContinue", (req, res) => begin(req, res, true));
    this.server.on("checkExpectation", (req, res) => begin(req, res, false));
    this.server.on("connect", (_req: IncomingMessage, socket) => this.#refuse(socket as Socket, 405));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
      this.#unparsable(error, socket as Socket);
    });
  }

  get address(): string {
    return (this.server.address() as AddressInfo).address;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  connections(): number {
    return this.#connections.size;
  }

  close(): Promise<void> {
    this.#closing = true;
    // Node ends those that are idle between requests, not those that never sent one.
    for (const socket of this.#connections.keys()) if (socket.bytesRead === 0) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  destroy(): void {
    this.server.closeAllConnections();
  }

  #accept(socket: Socket): void {
    const connection = { id: this.#made++, peer: socket.remoteAddress ?? "?", open: 0, ending: false };
    this.#connections.set(socket, connection);
    socket.once("close", () => this.#connections.delete(socket));
    // node:http ends a connection by destroySoon once its last answer is written. Closing a socket while bytes of
    // the other side are unread makes the kernel send a reset, which may overtake the answer.
    const destroySoon = socket.destroySoon;
    socket.destroySoon = () => {
      if (connection.ending) linger(socket);
      else destroySoon.call(socket);
    };
  }

  #answered(connection: Connection, socket: Socket): void {
    connection.open--;
    if (connection.ending && connection.open === 0) linger(socket);
    // When stopping, each connection goes as soon as it has nothing to answer any more; node looks at its own
    // books for that, which are brought up to date after this event.
    else if (this.#closing) setImmediate(() => this.server.closeIdleConnections());
  }

  /** A syntax error, a header that is too long or too slow, or the end of the stream inside a request. */
  #unparsable(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection?.ending) return;
    const gone = error.code === "ECONNRESET" || error.code === "HPE_INVALID_EOF_STATE";
    if (connection === undefined || gone || !socket.writable) {
      // The destruction tells the exchange whose body it was.
      socket.destroy();
    } else if (connection.open > 0) {
      // An answer now would be taken for that of the request in front. It goes without.
      connection.ending = true;
    } else {
      const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
      this.#refuse(socket, status);
    }
  }

  /** An answer that no exchange stands behind, and the end of the connection. */
  #refuse(socket: Socket, status: number): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined || connection.open > 0) {
      socket.destroy();
      return;
    }
    connection.ending = true;
    const title = http.STATUS_CODES[status] ?? "";
    const body = JSON.stringify({ title, status });
    let head = `HTTP/1.1 ${status} ${title}\r\n`;
    for (let i = 0; i < this.#fields.length; i += 2) head += `${this.#fields[i]}: ${this.#fields[i + 1]}\r\n`;
    if (status === 405) head += "Allow: HEAD, PUT\r\n";
    head += `Content-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n`;
    head += `Date: ${new Date().toUTCString()}\r\nConnection: close\r\n\r\n`;
    socket.write(head + body);
    linger(socket);
  }
}

class NodeExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #connection: Connection;
  readonly #always: readonly string[];
  #continues: boolean;
  #reader: BodyReader | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    connection: Connection,
    always: readonly string[],
    continues: boolean,
  ) {
    this.method = req.method ?? "";
    this.target = req.url ?? "";
    this.version = req.httpVersion;
    this.fields = req.rawHeaders;
    this.#req = req;
    this.#res = res;
    this.#connection = connection;
    this.#always = always;
    this.#continues = continues;
  }

  get peer(): string {
    return this.#connection.peer;
  }

  get connection(): number {
    return this.#connection.id;
  }

  read(reader: BodyReader): void {
    this.#reader = reader;
    const req = this.#req;
    // Paused first: a "data" listener would start the flow by itself.
    req.pause();
    req.on("data", (chunk: Uint8Array) => this.#reader?.data(chunk));
    req.on("end", () => this.#take()?.end());
    req.on("error", () => {});
    req.on("close", () => {
      const left = this.#take();
      if (left === undefined) return;
      // What was held back when the connection broke did arrive.
      for (let chunk = req.read(); chunk !== null; chunk = req.read()) left.data(chunk);
      if (req.complete) left.end();
      else left.broken();
    });
  }

  pause(): void {
    this.#req.pause();
  }

  resume(): void {
    if (this.#continues) {
      this.#continues = false;
      this.#res.writeContinue();
    }
    this.#req.resume();
  }

  answer(status: number, fields: readonly string[], body: string | undefined, close: boolean): void {
    const res = this.#res;
    if (res.headersSent) return;
    const all = [...this.#always, ...fields];
    if (close) {
      this.#connection.ending = true;
      this.#reader = undefined;
      all.push("Connection", "close");
      this.#req.resume();
    }
    res.writeHead(status, all);
    res.end(body);
  }

  destroy(): void {
    this.#connection.ending = true;
    this.#req.socket.destroy();
  }

  #take(): BodyReader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }
}

/** Ends our side, goes on reading for a moment, then ends all. Idempotent. */
function linger(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
}
