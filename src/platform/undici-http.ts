// The client's half of HTTP with undici. One `Client` is one connection. Two habits of undici matter here
// (lib/dispatcher/client-h1.js): it re-sends what was pipelined behind a failed request or behind an answer with
// `Connection: close`, so a connection is marked dead at its first failure, and what undici then tries, or would
// start a second time, is aborted before a byte is written; and its timeouts watch the answer only, so a stalled
// upload is noticed by a watch on the socket itself.

import type { Socket } from "node:net";
import { buildConnector, Client, type Dispatcher } from "undici";
import type { HttpClient, HttpConnection, HttpHeaders, HttpOptions, HttpOutcome, HttpRequest } from "./http.ts";

/** An answer's body is of no use to us; one larger than this ends the connection. Bytes. */
const MAX_ANSWER_BODY = 64 * 1024;
const CONNECT_TIMEOUT = 10_000;
const LOOK_EVERY = 1_000;

/** `noProgress`: ms without a byte in either direction after which a connection with requests on it is given up. */
export function undiciHttp(noProgress: number): HttpClient {
  return { connect: (origin, options) => new UndiciConnection(origin, options, noProgress) };
}

class UndiciConnection implements HttpConnection {
  readonly #client: Client;
  readonly #noProgress: number;
  #socket: Socket | undefined;
  #inFlight = 0;
  #dead: Error | undefined;
  #look: NodeJS.Timeout | undefined;
  #progress = "";
  #progressAt = 0;

  constructor(origin: string, options: HttpOptions, noProgress: number) {
    this.#noProgress = noProgress;
    const connector = buildConnector({ allowH2: false, timeout: CONNECT_TIMEOUT });
    this.#client = new Client(origin, {
      allowH2: false,
      pipelining: options.pipelining,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxResponseSize: MAX_ANSWER_BODY,
      connect: (target, callback) => {
        connector(target, (...result) => {
          if (result[0] === null) {
            this.#socket = result[1];
            this.#socket.setNoDelay(true);
          }
          callback(...result);
        });
      },
    });
  }

  get usable(): boolean {
    return this.#dead === undefined;
  }

  send(request: HttpRequest): Promise<HttpOutcome> {
    if (this.#dead !== undefined) return Promise.resolve({ kind: "failure", error: this.#dead });
    this.#inFlight++;
    if (this.#inFlight === 1) this.#startLooking();
    return new Promise((resolve) => {
      const done = (outcome: HttpOutcome) => {
        this.#inFlight--;
        if (this.#inFlight === 0) this.#stopLooking();
        resolve(outcome);
      };
      this.#client.dispatch(
        {
          method: request.method,
          path: request.path,
          headers: request.headers as string[],
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
    return {
      onRequestStart: (controller) => {
        // A second start: it was behind an answer that ended the connection, and undici would send it again.
        if (started) this.#fail(Object.assign(new Error("ended by an answer"), { code: "UND_ERR_SOCKET" }));
        started = true;
        if (this.#dead !== undefined) controller.abort(this.#dead);
      },
      onResponseStart: (_controller, statusCode, fields) => {
        status = statusCode;
        headers = fields;
      },
      onResponseData: () => {},
      onResponseEnd: () => done({ kind: "answer", status, headers }),
      onResponseError: (_controller, error) => {
        this.#fail(error);
        done({ kind: "failure", error });
      },
    };
  }

  destroy(): void {
    this.#fail(new Error("connection given up"));
  }

  #fail(error: Error): void {
    if (this.#dead !== undefined) return;
    this.#dead = error;
    // Not at once: undici calls from within its own bookkeeping of this very queue.
    queueMicrotask(() => {
      this.#client.destroy(error).catch(() => {});
    });
  }

  #startLooking(): void {
    this.#progress = "";
    this.#look = setInterval(() => this.#lookAtProgress(), LOOK_EVERY);
  }

  #stopLooking(): void {
    clearInterval(this.#look);
    this.#look = undefined;
  }

  #lookAtProgress(): void {
    const now = performance.now();
    const progress = `${this.#socket?.bytesRead} ${this.#socket?.bytesWritten} ${unsent(this.#socket)}`;
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#progressAt = now;
    } else if (now - this.#progressAt >= this.#noProgress - LOOK_EVERY) {
      this.#fail(Object.assign(new Error("no progress"), { code: "ETIMEDOUT" }));
    }
  }
}

/** Bytes that the kernel has not taken yet; libuv tells, where it is what runs the socket. */
function unsent(socket: Socket | undefined): number {
  const handle = (socket as { _handle?: { writeQueueSize?: unknown } | null } | undefined)?._handle;
  return typeof handle?.writeQueueSize === "number" ? handle.writeQueueSize : 0;
}
