// The server's half of the HTTP port over the simulated network, for one process. As src/platform/node-http-server.ts
// does it: bodies are held back until asked for, up to what a kernel and a stream buffer hold; answers leave in
// the order of the requests; behind an answer that closes no request is handed over.

import type { Exchange, HttpServer, Listener } from "../../src/platform/http-server.ts";
import type { Acceptor, Network, Wire, WireAnswer, WireRequest } from "./network.ts";
import { type Line, SimExchange } from "./server-exchange.ts";
import type { Life } from "./world.ts";

/** Who is told of every answer. */
export interface ServerWatch {
  answers(life: Life, host: string, request: WireRequest, answer: WireAnswer): void;
}

/** How long, in ms, a connection goes on reading behind its last answer. */
const LINGER = 1_000;

export function simHttpServer(
  network: Network,
  host: string,
  life: Life,
  observer: ServerWatch,
  heldBack: number,
): HttpServer {
  return {
    listen(options, handle) {
      network.world.enter(life);
      const listener = new SimListener(network, host, life, observer, heldBack, options.fields, handle);
      network.ports.set(host, listener);
      life.endings.push(() => {
        if (network.ports.get(host) === listener) network.ports.delete(host);
        listener.destroy();
      });
      return Promise.resolve(listener);
    },
  };
}

class SimListener implements Listener {
  readonly address = "simulated";
  readonly port = 1;
  readonly network: Network;
  readonly host: string;
  readonly life: Life;
  readonly observer: ServerWatch;
  /** Bytes of a body that are taken from the wire though nobody reads. */
  readonly heldBack: number;
  readonly fields: readonly string[];
  readonly handle: (exchange: Exchange) => void;
  readonly open = new Set<Connection>();
  #made = 0;
  #closed: (() => void) | undefined;

  constructor(
    network: Network,
    host: string,
    life: Life,
    observer: ServerWatch,
    heldBack: number,
    fields: readonly string[],
    handle: (exchange: Exchange) => void,
  ) {
    this.network = network;
    this.host = host;
    this.life = life;
    this.observer = observer;
    this.heldBack = heldBack;
    this.fields = fields;
    this.handle = handle;
  }

  accept(wire: Wire): Acceptor {
    const connection = new Connection(this, wire, ++this.#made);
    this.open.add(connection);
    return connection;
  }

  connections(): number {
    return this.open.size;
  }

  renew(): boolean {
    return true;
  }

  close(): Promise<void> {
    this.network.ports.delete(this.host);
    return new Promise((resolve) => {
      this.#closed = resolve;
      for (const connection of [...this.open]) connection.endIfIdle();
      if (this.open.size === 0) resolve();
    });
  }

  get closing(): boolean {
    return this.#closed !== undefined;
  }

  destroy(): void {
    for (const connection of [...this.open]) connection.destroy();
  }

  gone(connection: Connection): void {
    this.open.delete(connection);
    if (this.open.size === 0) this.#closed?.();
  }
}

type Piece = { readonly kind: "head"; readonly request: WireRequest } | { readonly kind: "body"; bytes: Uint8Array };

class Connection implements Acceptor, Line {
  readonly listener: SimListener;
  readonly wire: Wire;
  readonly id: number;
  /** Handed over and not answered yet. */
  #open: SimExchange[] = [];
  #unread: Piece[] = [];
  #reading: SimExchange | undefined;
  #ending = false;
  #gone = false;

  constructor(listener: SimListener, wire: Wire, id: number) {
    this.listener = listener;
    this.wire = wire;
    this.id = id;
  }

  head(request: WireRequest): unknown {
    return this.#take({ kind: "head", request });
  }

  body(bytes: Uint8Array): unknown {
    return this.#take({ kind: "body", bytes });
  }

  broken(): void {
    this.#end();
  }

  /** Reads on, as far as somebody takes it. */
  read(): void {
    const { listener } = this;
    for (;;) {
      const piece = this.#unread[0];
      if (piece === undefined || this.#gone || !listener.life.alive) return;
      if (this.#reading !== undefined && !this.#reading.takes()) return;
      this.#unread.shift();
      if (piece.kind === "body") this.#reading?.feed(piece.bytes);
      else if (!this.#ending) {
        const exchange = new SimExchange(this, piece.request);
        this.#reading = exchange;
        this.#open.push(exchange);
        listener.network.world.guard(listener.life, () => listener.handle(exchange));
      } else this.#reading = undefined;
    }
  }

  answered(close: boolean): void {
    if (close) this.#ending = true;
    const { listener, wire } = this;
    for (let first = this.#open[0]; first?.said !== undefined && !this.#gone; first = this.#open[0]) {
      this.#open.shift();
      wire.answer(first.said);
      if (!first.closes) continue;
      wire.end("server");
      listener.network.world.after(LINGER, () => this.#end());
      this.#open = [];
    }
    this.endIfIdle();
  }

  endIfIdle(): void {
    if (!this.listener.closing || this.#open.length > 0) return;
    this.wire.end("server");
    this.#end();
  }

  /** Ends it at once; whoever reads a body is told a moment later. */
  destroy(): void {
    this.#ending = true;
    this.wire.end("server");
    this.listener.network.world.after(0, () => this.#end());
  }

  #take(piece: Piece): unknown {
    if (this.#gone || !this.listener.life.alive) return "quiet";
    this.#unread.push(piece);
    this.read();
    return undefined;
  }

  #end(): void {
    if (this.#gone) return;
    this.#gone = true;
    const { life, network } = this.listener;
    const exchanges = this.#open;
    this.listener.gone(this);
    if (this.#reading !== undefined && !exchanges.includes(this.#reading)) exchanges.push(this.#reading);
    // What came in before the connection broke was read, or could have been.
    for (const exchange of exchanges) network.world.guard(life, () => exchange.broken());
  }
}
