// The client's half of HTTP with undici. One `Client` is one connection. Two habits of undici matter here
// (lib/dispatcher/client-h1.js): it re-sends what was pipelined behind a failed request or behind an answer with
// `Connection: close`, so a connection is marked dead at its first failure, and what undici then tries, or would
// start a second time, is aborted before a byte is written; and its timeouts watch neither an upload nor the whole of
// an answer, so the socket is watched (socket-watch.ts). A server is not believed that says 2xx to what was not sent.
// Proxies that the environment names are not used.

import type { Socket } from "node:net";
import { buildConnector, Client, type Dispatcher } from "undici";
import { assert } from "../base/assert.ts";
import type { HttpClient, HttpConnection, HttpHeaders, HttpOptions, HttpOutcome, HttpRequest } from "./http.ts";
import { SocketWatch } from "./socket-watch.ts";

/** An answer's body is of no use to us; one larger than this ends the connection. Bytes. */
const MAX_ANSWER_BODY = 64 * 1024;
/** All fields of an answer. Bytes. */
const MAX_ANSWER_HEADER = 16 * 1024;
/** A request has one answer. Intermediate ones (1xx) are let pass, as many as come while a server reads a huge file. */
const MAX_INTERMEDIATE = 2_000;
const CONNECT_TIMEOUT = 10_000;
const LOOK_EVERY = 1_000;

/** How connections to `https:` are made (https-connector.ts). */
export interface Secure {
  readonly connector: buildConnector.connector;
  /** A failure in words; `answered`: the connection has brought an answer before. */
  readonly explain: (error: Error, answered: boolean) => Error;
  /** A connection brought its first answer. */
  readonly answered: () => void;
}

export interface UndiciHttp extends HttpClient {
  /** Every connection there is ends as soon as nothing is on the way on it; none is given new requests. */
  retire(): void;
}

export interface UndiciParts {
  /** ms without a byte in either direction after which a connection with requests on it is given up. */
  readonly noProgress: number;
  readonly secure?: Secure | undefined;
  /** Fields that every request carries: name, value, name, value, … */
  readonly fields?: (() => readonly string[]) | undefined;
}

export function undiciHttp(parts: UndiciParts): UndiciHttp {
  const open = new Set<UndiciConnection>();
  return {
    connect(origin, options) {
      // Without terms of our own undici would take those of the environment.
      assert(origin.startsWith("https:") === (parts.secure !== undefined), "https has its terms");
      const connection = new UndiciConnection(origin, options, parts, () => open.delete(connection));
      open.add(connection);
      return connection;
    },
    retire() {
      for (const connection of open) connection.retire();
    },
  };
}

class UndiciConnection implements HttpConnection {
  readonly #client: Client;
  readonly #watch: SocketWatch;
  readonly #secure: Secure | undefined;
  readonly #fields: () => readonly string[];
  readonly #ended: () => void;
  readonly #pipelining: boolean;
  #socket: Socket | undefined;
  #corked = false;
  #inFlight = 0;
  #answered = false;
  #retiring = false;
  #dead: Error | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(
    origin: string,
    options: HttpOptions,
    { noProgress, secure, fields = () => [] }: UndiciParts,
    ended: () => void,
  ) {
    this.#fields = fields;
    this.#watch = new SocketWatch(noProgress - LOOK_EVERY);
    this.#secure = secure;
    this.#ended = ended;
    this.#pipelining = options.pipelining > 1;
    const connector = secure?.connector ?? buildConnector({ allowH2: false, timeout: CONNECT_TIMEOUT });
    this.#client = new Client(origin, {
      allowH2: false,
      pipelining: options.pipelining,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: MAX_ANSWER_HEADER,
      maxResponseSize: MAX_ANSWER_BODY,
      connect: (target, callback) => {
        connector(target, (...result) => {
          if (result[0] === null) {
            this.#answered = false;
            this.#socket = result[1].setNoDelay(true);
            this.#watch.opened(this.#socket);
          }
          callback(...result);
        });
      },
    });
  }

  get usable(): boolean {
    return this.#dead === undefined && !this.#retiring;
  }

  retire(): void {
    this.#retiring = true;
    if (this.#inFlight === 0) this.destroy();
  }

  send(request: HttpRequest): Promise<HttpOutcome> {
    if (this.#dead !== undefined) return Promise.resolve({ kind: "failure", error: this.#dead });
    this.#inFlight++;
    if (this.#inFlight === 1) this.#startLooking();
    return new Promise((resolve) => {
      const done = (outcome: HttpOutcome) => {
        this.#inFlight--;
        if (this.#inFlight === 0) this.#stopLooking();
        if (this.#inFlight === 0 && this.#retiring) this.destroy();
        resolve(outcome);
      };
      this.#client.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: [...request.headers, ...this.#fields()],
          body: (request.body as Buffer | undefined) ?? null,
          idempotent: true, // so that it may be pipelined; that it is never repeated is seen to below
          blocking: false,
          reset: false, // undici would close the connection after each HEAD
        },
        this.#handler(done),
      );
    });
  }

  #handler(done: (outcome: HttpOutcome) => void): Dispatcher.DispatchHandler {
    let status = 0;
    let headers: HttpHeaders = {};
    let started = false;
    let end = Number.POSITIVE_INFINITY;
    let intermediate = 0;
    return {
      onRequestStart: (controller) => {
        // A second start: it was behind an answer that ended the connection, and undici would send it again.
        if (started) this.#fail(Object.assign(new Error("ended by an answer"), { code: "UND_ERR_SOCKET" }));
        started = true;
        if (this.#dead !== undefined) controller.abort(this.#dead);
        else if (this.#pipelining) this.#writeTogether();
      },
      onRequestSent: () => {
        end = this.#watch.written();
      },
      onResponseStart: (_controller, statusCode, fields) => {
        status = statusCode;
        headers = fields;
        if (status < 200) {
          if (++intermediate > MAX_INTERMEDIATE) this.#fail(new Error("intermediate answers without end"));
          this.#watch.answered(); // what comes next has its time from the start
        }
        if (status >= 200 && status < 300 && !this.#watch.isTaken(end)) {
          this.#fail(new Error(`it answered ${status} before the request was sent, which cannot be true`));
        }
      },
      onResponseData: () => {},
      onResponseEnd: () => {
        this.#watch.answered();
        if (!this.#answered) this.#secure?.answered();
        this.#answered = true;
        done(this.#dead === undefined ? { kind: "answer", status, headers } : { kind: "failure", error: this.#dead });
      },
      onResponseError: (_controller, error) => done({ kind: "failure", error: this.#fail(error) }),
    };
  }

  destroy(): void {
    this.#fail(new Error("connection given up"));
  }

  /** What it died of: the first failure, in words where TLS has some. */
  #fail(error: Error): Error {
    if (this.#dead !== undefined) return this.#dead;
    const dead = this.#secure?.explain(error, this.#answered) ?? error;
    this.#dead = dead;
    this.#ended();
    // Not at once: undici calls from within its own bookkeeping of this very queue.
    queueMicrotask(() => {
      this.#client.destroy(dead).catch(() => {});
    });
    return dead;
  }

  /** What undici writes from here on in the same breath goes to the kernel with one call. */
  #writeTogether(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#corked) return;
    this.#corked = true;
    socket.cork();
    process.nextTick(() => {
      this.#corked = false;
      socket.uncork();
    });
  }

  #startLooking(): void {
    this.#watch.begin(performance.now());
    this.#look = setInterval(() => {
      const fault = this.#watch.look(performance.now());
      if (fault === undefined) return;
      this.#fail(Object.assign(new Error(fault), fault === "no progress" ? { code: "ETIMEDOUT" } : {}));
    }, LOOK_EVERY);
  }

  #stopLooking(): void {
    clearInterval(this.#look);
    this.#look = undefined;
  }
}
