// The client's half of the HTTP port over the simulated network, for one process. As src/platform/undici-http.ts does
// it: requests in order, as many at once as asked for, none ever repeated; the first failure ends the connection;
// no progress in either direction for a while is a failure; an answer that closes ends what is pipelined behind it.

import type { HttpClient, HttpConnection, HttpHeaders, HttpOutcome, HttpRequest } from "../../src/platform/http.ts";
import { NO_PROGRESS } from "../../src/protocol/fields.ts";
import type { Caller, Network, Wire, WireAnswer, WireRequest } from "./network.ts";
import type { Life, Planned } from "./world.ts";

/** Who is told of every request and its outcome, as the client sees them. */
export interface ClientWatch {
  sends(life: Life, host: string, request: WireRequest): void;
  hears(life: Life, host: string, request: WireRequest, outcome: HttpOutcome): void;
}

interface Asked {
  readonly request: WireRequest;
  readonly resolve: (outcome: HttpOutcome) => void;
  repeated: boolean;
}

export function simHttpClient(
  network: Network,
  life: Life,
  observer: ClientWatch,
  plant: string | undefined,
): HttpClient {
  return {
    connect: (origin, { pipelining }) =>
      new SimConnection(network, life, observer, new URL(origin).hostname, pipelining, plant),
  };
}

class SimConnection implements HttpConnection, Caller {
  readonly #network: Network;
  readonly #life: Life;
  readonly #observer: ClientWatch;
  readonly #host: string;
  readonly #pipelining: number;
  readonly #plant: string | undefined;
  #waiting: Asked[] = [];
  #inFlight: Asked[] = [];
  #wire: Wire | undefined;
  #connecting = false;
  #dead: Error | undefined;
  #progressAt = 0;
  #look: Planned | undefined;

  constructor(
    network: Network,
    life: Life,
    observer: ClientWatch,
    host: string,
    pipelining: number,
    plant: string | undefined,
  ) {
    this.#network = network;
    this.#life = life;
    this.#observer = observer;
    this.#host = host;
    this.#pipelining = pipelining;
    this.#plant = plant;
    life.endings.push(() => this.#wire?.end("client"));
  }

  get usable(): boolean {
    return this.#dead === undefined;
  }

  send(request: HttpRequest): Promise<HttpOutcome> {
    this.#network.world.enter(this.#life);
    if (this.#dead !== undefined) return Promise.resolve({ kind: "failure", error: this.#dead });
    const { method, path, headers, body = new Uint8Array(0) } = request;
    const fields = ["host", this.#host, ...headers];
    if (method === "PUT") fields.push("content-length", String(body.byteLength));
    // The kernel has its own copy as soon as it is written.
    const wire = { method, target: path, fields, body: Uint8Array.prototype.slice.call(body) };
    return new Promise((resolve) => {
      this.#waiting.push({ request: wire, resolve, repeated: false });
      this.progress();
      this.#watchProgress();
      this.#pump();
    });
  }

  destroy(): void {
    this.#fail(Object.assign(new Error("connection given up"), { code: "" }));
  }

  progress(): void {
    this.#progressAt = this.#network.world.now;
  }

  answer({ status, fields }: WireAnswer): void {
    const asked = this.#inFlight.shift();
    if (asked === undefined) return;
    const headers = headersOf(fields);
    if (headers.connection === "close") {
      this.#wire?.end("client");
      this.#wire = undefined;
      // What is behind it on the wire was never carried out, or nobody will ever know.
      if (this.#inFlight.length > 0) this.#fail(Object.assign(new Error("closed"), { code: "UND_ERR_SOCKET" }));
    }
    this.#settle(asked, { kind: "answer", status, headers });
    this.#pump();
  }

  broken(code: string): void {
    this.#wire = undefined;
    this.#connecting = false;
    const [first] = this.#inFlight;
    if (this.#plant === "repeats-requests" && first !== undefined && !first.repeated) {
      this.#waiting.unshift(...this.#inFlight.splice(0).map((asked) => ({ ...asked, repeated: true })));
      this.#pump();
    } else if (this.#inFlight.length + this.#waiting.length > 0) {
      this.#fail(Object.assign(new Error(`broken (simulated)`), { code }));
    }
  }

  #pump(): void {
    if (this.#dead !== undefined || this.#waiting.length === 0) return;
    if (this.#wire === undefined) {
      if (!this.#connecting) this.#connect();
      return;
    }
    while (this.#inFlight.length < this.#pipelining) {
      const asked = this.#waiting.shift();
      if (asked === undefined) break;
      this.#inFlight.push(asked);
      this.#observer.sends(this.#life, this.#host, asked.request);
      this.#wire.request(asked.request);
    }
  }

  #connect(): void {
    this.#connecting = true;
    this.#network.connect(this.#host, this, (wire) => {
      if (this.#dead !== undefined || !this.#life.alive) {
        wire.end("client");
        return;
      }
      this.#connecting = false;
      this.#wire = wire;
      this.#pump();
    });
  }

  #fail(error: Error): void {
    if (this.#dead !== undefined || !this.#life.alive) return;
    this.#dead = error;
    this.#wire?.end("client");
    const all = [...this.#inFlight, ...this.#waiting];
    this.#inFlight = [];
    this.#waiting = [];
    for (const asked of all) this.#settle(asked, { kind: "failure", error });
  }

  #settle({ request, resolve }: Asked, outcome: HttpOutcome): void {
    if (!this.#life.alive) return;
    this.#observer.hears(this.#life, this.#host, request, outcome);
    resolve(outcome);
  }

  #watchProgress(): void {
    if (this.#look !== undefined) return;
    const { world } = this.#network;
    const look = () => {
      this.#look = undefined;
      if (this.#dead !== undefined || this.#inFlight.length + this.#waiting.length === 0) return "quiet";
      if (world.now - this.#progressAt >= NO_PROGRESS) {
        this.#fail(Object.assign(new Error("no progress"), { code: "ETIMEDOUT" }));
        return undefined;
      }
      this.#watchProgress();
      return "quiet";
    };
    this.#look = world.after(this.#progressAt + NO_PROGRESS - world.now, look, this.#life);
  }
}

function headersOf(fields: readonly string[]): HttpHeaders {
  const headers: Record<string, string> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) headers[(fields[i] as string).toLowerCase()] = fields[i + 1] as string;
  return headers;
}
