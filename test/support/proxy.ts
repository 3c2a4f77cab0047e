// A TCP proxy between client and server that understands the requests it passes on: it keeps a transcript of every
// exchange and does to each what a network does on a bad day, as the test's plan says. Bytes go on exactly as they
// came. It ends with the test.

import { once } from "node:events";
import net from "node:net";
import type { TestContext } from "node:test";
import { type Exchange, type Fault, newExchange, statusOf } from "./exchange.ts";
import { fieldOf, type Head, HttpStream } from "./http-stream.ts";
import { Link } from "./proxy-link.ts";
import { Throttle } from "./throttle.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Replayed {
  /** 0: the connection ended without an answer. */
  readonly status: number;
  readonly uploadOffset: number | undefined;
}

export class WireProxy {
  /** In the order in which they came from the client. */
  readonly exchanges: Exchange[] = [];
  /** Decides for each request as its head comes. */
  plan: (exchange: Exchange) => Fault | undefined = () => undefined;
  /** Told of each request when all of it has come, a moment after the server got it. */
  whole: (exchange: Exchange) => void = () => {};
  /** From the client to the server, all connections together. */
  readonly throttle = new Throttle();
  /** Whether requests are kept as a whole, so that they can be replayed. */
  keep = false;
  /** A field, in lower case, that answers lose on their way, as in front of a proxy that passes on what it knows. */
  hidden: string | undefined;
  /** The server. */
  to: Address;
  readonly #server: net.Server;
  readonly #links = new Set<Link>();
  #connections = 0;

  private constructor(to: Address) {
    this.to = to;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      const link = new Link(socket, this.to, this.#connections++, this);
      this.#links.add(link);
      socket.on("close", () => this.#links.delete(link));
    });
  }

  /** `url`: of the server. */
  static async open(t: TestContext, url: string): Promise<WireProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new WireProxy({ host: hostname, port: Number(port) });
    proxy.#server.listen(0, hostname);
    await once(proxy.#server, "listening");
    t.after(() => proxy.close());
    return proxy;
  }

  get url(): string {
    const { address, port } = this.#server.address() as net.AddressInfo;
    return `http://${address}:${port}/`;
  }

  /** Connections that were made to it. */
  get connections(): number {
    return this.#connections;
  }

  /** The exchanges about one path, or all. */
  about(target?: string): Exchange[] {
    return this.exchanges.filter((exchange) => target === undefined || exchange.target === target);
  }

  puts(target?: string): Exchange[] {
    return this.about(target).filter(({ method }) => method === "PUT");
  }

  /** What was held goes on to the server now, late as it is. */
  async release(): Promise<void> {
    await Promise.all([...this.#links].map((link) => link.release()));
  }

  /** All connections break; new ones go on as before. */
  breakAll(how: "fin" | "rst"): void {
    for (const link of [...this.#links]) link.cut(how);
  }

  /** Sends a kept request once more, on a connection of its own. */
  async replay({ raw = [] }: Exchange, to = this.to): Promise<Replayed> {
    const socket = net.connect(to);
    socket.on("error", () => {});
    try {
      await once(socket, "connect");
      socket.write(Buffer.concat(raw));
      const stream = new HttpStream();
      for await (const chunk of socket) {
        for (const part of stream.push(chunk as Buffer)) {
          if (part.kind !== "head") continue;
          const offset = fieldOf(part.head, "upload-offset");
          return { status: statusOf(part.head), uploadOffset: offset === undefined ? undefined : Number(offset) };
        }
      }
      return { status: 0, uploadOffset: undefined };
    } finally {
      socket.destroy();
    }
  }

  close(): void {
    this.#server.close();
    for (const link of this.#links) link.destroy();
  }

  /** For links: a request begins. */
  begin(connection: number, head: Head): Exchange {
    const exchange = newExchange(this.exchanges.length, connection, head, this.keep);
    this.exchanges.push(exchange);
    exchange.fault = this.plan(exchange);
    return exchange;
  }
}
