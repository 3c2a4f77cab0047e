// Connections between hosts. Each carries pieces in order, as late as chance decides; what is lost on the way is lost
// with all that follows. Faults: a connection breaks at any byte, with or without a word to either side; it
// stalls and goes on later; hosts are partitioned; an answer is lost; a proxy repeats a whole request later on a
// connection of its own. Between connections there is no order.

import type { World } from "./world.ts";

export interface NetworkOptions {
  /** ms from one host to the other, at the least and at the most. */
  readonly latency: readonly [number, number];
  /** How often per request. */
  readonly cut: number;
  readonly stall: number;
  readonly answerLost: number;
  readonly repeated: number;
  /** Of what breaks, how often the other side is told nothing. */
  readonly silent: number;
  /** Bytes that a connection takes in one piece. */
  readonly piece: number;
}

/** What a request is on the wire. */
export interface WireRequest {
  readonly method: "HEAD" | "PUT" | "OPTIONS";
  readonly target: string;
  readonly fields: readonly string[];
  readonly body: Uint8Array;
}

export interface WireAnswer {
  readonly status: number;
  readonly fields: readonly string[];
}

/** The server's end of a connection. */
export interface Acceptor {
  head(request: WireRequest): unknown;
  body(bytes: Uint8Array): unknown;
  /** The client is gone. */
  broken(): void;
}

/** The client's end of a connection. */
export interface Caller {
  /** Bytes were taken by the other side, or came from it. */
  progress(): void;
  answer(answer: WireAnswer): void;
  /** The server ended the connection, or it broke. */
  broken(code: string): void;
}

/** A listening process. */
export interface Port {
  accept(wire: Wire): Acceptor;
}

export class Network {
  readonly world: World;
  readonly options: NetworkOptions;
  /** By host name. */
  readonly ports = new Map<string, Port>();
  /** Hosts whose kernel answers. */
  readonly up = new Set<string>();
  readonly #parted = new Set<string>();
  readonly #stalled = new Set<Wire>();
  readonly #wires = new Set<Wire>();
  /** False while no faults are to happen any more. */
  faulty = true;

  constructor(world: World, options: NetworkOptions) {
    this.world = world;
    this.options = options;
  }

  isParted(host: string): boolean {
    return this.#parted.has(host);
  }

  part(host: string): void {
    this.#parted.add(host);
  }

  /** What was held back goes on. */
  heal(host?: string): void {
    if (host === undefined) this.#parted.clear();
    else this.#parted.delete(host);
    for (const wire of [...this.#stalled]) wire.flush();
  }

  hold(wire: Wire, held: boolean): void {
    if (held) this.#stalled.add(wire);
    else this.#stalled.delete(wire);
  }

  ended(wire: Wire): void {
    this.#wires.delete(wire);
  }

  /** The client's host, or a server's, lost its power. */
  silence(side: "client" | "server", host?: string): void {
    for (const wire of this.#wires) if (host === undefined || wire.host === host) wire.silence(side);
  }

  chance(probability: number): boolean {
    return this.faulty && this.world.prng.chance(probability);
  }

  /** Throws nothing; the caller hears of what became of it. */
  connect(host: string, caller: Caller, opened: (wire: Wire) => void): void {
    const { world, options } = this;
    world.after(world.prng.time(...options.latency), () => {
      const port = this.ports.get(host);
      if (!this.up.has(host) || this.isParted(host)) {
        world.after(10_000, () => caller.broken("UND_ERR_CONNECT_TIMEOUT"));
      } else if (port === undefined || this.chance(options.cut / 4)) {
        world.after(world.prng.time(...options.latency), () => caller.broken("ECONNREFUSED"));
      } else {
        const wire = new Wire(this, host, caller);
        this.#wires.add(wire);
        wire.acceptor = port.accept(wire);
        opened(wire);
      }
      return "quiet";
    });
  }

  /** A proxy on the way sends the request once more. */
  repeatLater(host: string, request: WireRequest): void {
    this.world.after(this.world.prng.time(1, 60_000), () => {
      const nobody: Caller = { progress() {}, answer() {}, broken() {} };
      this.world.note(() => `a proxy repeats ${request.method} ${request.target} ${rangeOf(request)}`);
      this.connect(host, nobody, (wire) => wire.request(request, true));
      return "quiet";
    });
  }
}

type Direction = "to server" | "to client";

/** One direction of a connection: a queue, so that nothing overtakes. */
interface Lane {
  readonly pieces: (() => unknown)[];
  /** When the last piece arrives. */
  last: number;
  /** Arrivals that were due while the connection stood still. */
  missed: number;
  /** Nobody is told of anything any more. */
  deaf: boolean;
}

export class Wire {
  readonly host: string;
  readonly network: Network;
  acceptor: Acceptor | undefined;
  readonly #caller: Caller;
  readonly #lanes: Readonly<Record<Direction, Lane>> = {
    "to server": { pieces: [], last: 0, missed: 0, deaf: false },
    "to client": { pieces: [], last: 0, missed: 0, deaf: false },
  };
  #stalledUntil = 0;
  #cut = false;

  constructor(network: Network, host: string, caller: Caller) {
    this.network = network;
    this.host = host;
    this.#caller = caller;
  }

  /** The client sends a request. `calm`: nothing happens to it. */
  request(request: WireRequest, calm = false): void {
    const { network } = this;
    const { prng } = network.world;
    const { cut, stall, repeated, silent, piece } = network.options;
    const length = request.body.byteLength;
    const breaksAt = !calm && network.chance(cut) ? prng.between(-1, length) : Number.POSITIVE_INFINITY;
    const stallsAt = !calm && network.chance(stall) ? prng.between(0, length) : Number.POSITIVE_INFINITY;
    if (!calm && length > 0 && network.chance(repeated)) network.repeatLater(this.host, request);
    if (breaksAt >= 0) this.#send("to server", () => this.acceptor?.head(request));
    const end = Math.min(length, breaksAt);
    const most = Math.max(piece, Math.ceil(length / 8));
    for (let from = 0; from < end; ) {
      if (from === stallsAt) this.#stall();
      const to = Math.min(from + prng.between(1, most), end, stallsAt > from ? stallsAt : end);
      // Bytes of its own, as from a kernel: the server overwrites what it is done with, and the request may be repeated.
      const bytes = new Uint8Array(request.body.subarray(from, to));
      this.#send("to server", () => {
        this.#caller.progress();
        return this.acceptor?.body(bytes);
      });
      from = to;
    }
    if (stallsAt === end) this.#stall();
    if (breaksAt <= length) this.#break(prng.chance(silent), prng.chance(silent));
  }

  /** The server sends an answer. */
  answer(answer: WireAnswer): void {
    const { network } = this;
    if (network.chance(network.options.answerLost)) {
      this.#break(true, network.chance(network.options.silent));
      return;
    }
    this.#send("to client", () => {
      this.#caller.progress();
      return this.#caller.answer(answer);
    });
  }

  /** One side ends the connection: the other hears of it behind all that was sent before. */
  end(by: "client" | "server"): void {
    this.network.ended(this);
    if (by === "client") {
      this.#lanes["to client"].deaf = true;
      this.#send("to server", () => this.acceptor?.broken());
    } else {
      this.#lanes["to server"].deaf = true;
      this.#send("to client", () => this.#caller.broken("UND_ERR_SOCKET"));
    }
  }

  /** The host of one side lost its power: the other hears nothing until its kernel's probes tell. */
  silence(of: "client" | "server"): void {
    this.network.ended(this);
    this.#cut = true;
    this.#lanes["to server"].deaf = true;
    this.#lanes["to client"].deaf = true;
    if (of === "client") this.network.world.after(PROBE, () => this.acceptor?.broken());
  }

  /** What stood still goes on, if it may. */
  flush(): void {
    if (this.#isHeld()) return;
    this.network.hold(this, false);
    for (const direction of ["to server", "to client"] as const) {
      const lane = this.#lanes[direction];
      const count = lane.missed;
      lane.missed = 0;
      for (let i = 0; i < count; i++) this.#arriveLater(direction);
    }
  }

  #break(serverUntold: boolean, clientUntold: boolean): void {
    if (!serverUntold) this.#send("to server", () => this.acceptor?.broken());
    else this.network.world.after(PROBE, () => this.acceptor?.broken());
    if (!clientUntold) this.#send("to client", () => this.#caller.broken("ECONNRESET"));
    this.#cut = true;
  }

  /** Stands still from the piece behind this one on. */
  #stall(): void {
    const { world } = this.network;
    const ms = world.prng.time(100, 40_000);
    this.#send("to server", () => {
      this.#stalledUntil = world.now + ms;
      world.after(ms, () => this.flush());
      return "quiet";
    });
  }

  #isHeld(): boolean {
    const { network } = this;
    return network.isParted(this.host) || (network.faulty && network.world.now < this.#stalledUntil);
  }

  #send(direction: Direction, arrive: () => unknown): void {
    if (this.#cut) return;
    this.#lanes[direction].pieces.push(arrive);
    this.#arriveLater(direction);
  }

  #arriveLater(direction: Direction): void {
    const lane = this.#lanes[direction];
    const { world, options } = this.network;
    lane.last = Math.max(lane.last, world.now + world.prng.time(...options.latency));
    world.after(lane.last - world.now, () => {
      if (lane.deaf) return "quiet";
      if (!this.#isHeld()) return lane.pieces.shift()?.();
      lane.missed++;
      this.network.hold(this, true);
      return "quiet";
    });
  }
}

/** A kernel notices after this long, in ms, that the other side is not there any more. */
const PROBE = 60_000;

export function rangeOf({ fields }: WireRequest): string {
  const at = fields.indexOf("content-range");
  return at < 0 ? "" : (fields[at + 1] ?? "");
}
