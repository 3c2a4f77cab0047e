// A server that says whatever the test wants: any status, garbage, nothing, or what a strict server would. Keeps what
// it was asked and what it took, in memory. It ends with the test.

import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { TestContext } from "node:test";
import { formatUnsatisfied, parseContentRange, type Range } from "../../src/protocol/content-range.ts";
import { fieldOf, type Head, HttpStream } from "./http-stream.ts";

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly range: Range | undefined;
  readonly body: Buffer;
  /** performance.now() */
  readonly at: number;
}

export type Reaction =
  /** `fields`: `Name: value` each; Content-Length is made where none is given. */
  | { readonly status: number; readonly fields?: readonly string[]; readonly body?: string }
  /** These bytes, as they are. */
  | { readonly raw: string }
  | "close"
  | "reset"
  /** No answer, and the connection stays open. */
  | "nothing";

let opened = 0;

export class FakeServer {
  readonly asked: Asked[] = [];
  readonly files = new Map<string, Buffer>();
  /** Connections that were made to it. */
  connections = 0;
  /** Decides a request; undefined: it is answered as a strict server does. */
  script: (asked: Asked) => Reaction | undefined = () => undefined;
  /** What happens to a connection before anything is read; undefined: it is served. */
  onConnect: () => "close" | "reset" | undefined = () => undefined;
  /** The id of its life; undefined: it is no server of ours. */
  life: string | undefined = "fake-life";
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #port = 0;

  readonly #address: string;

  private constructor(address: string) {
    this.#address = address;
    this.#server = net.createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      const fate = this.onConnect();
      if (fate === "close") socket.destroy();
      else if (fate === "reset") socket.resetAndDestroy();
      else void this.#serve(socket);
    });
  }

  static async open(t: TestContext): Promise<FakeServer> {
    // An address of its own: nobody takes its port while it is away.
    const server = new FakeServer(`127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}.${251 + (opened++ % 4)}`);
    await server.comeBack();
    t.after(() => server.goAway());
    return server;
  }

  get url(): string {
    return `http://${this.#address}:${this.#port}/`;
  }

  /** Listens, at the same port as before. */
  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, this.#address);
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as net.AddressInfo).port;
  }

  /** Breaks all connections and listens no more. */
  goAway(): void {
    this.#server.close();
    this.breakAll();
  }

  breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** What it was asked about one path. */
  about(target: string): Asked[] {
    return this.asked.filter((asked) => asked.target === target);
  }

  puts(target: string): Asked[] {
    return this.about(target).filter(({ method }) => method === "PUT");
  }

  /** Puts what it took into files below `directory`. */
  writeTo(directory: string): void {
    for (const [target, bytes] of this.files) {
      const file = path.join(directory, decodeURIComponent(target));
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, bytes);
    }
  }

  async #serve(socket: net.Socket): Promise<void> {
    const stream = new HttpStream();
    let head: Head | undefined;
    let body: Buffer[] = [];
    try {
      for await (const chunk of socket) {
        for (const part of stream.push(chunk as Buffer)) {
          if (part.kind === "head") head = part.head;
          else if (part.kind === "body") body.push(Buffer.from(part.bytes));
          else if (head !== undefined) {
            this.#answer(socket, head, Buffer.concat(body));
            body = [];
          }
        }
      }
    } catch {
      // the client broke the connection
    }
    socket.destroy();
  }

  #answer(socket: net.Socket, head: Head, body: Buffer): void {
    const [method = "", target = ""] = head.line.split(" ");
    const range = parseContentRange(fieldOf(head, "content-range") ?? "");
    const asked = { method, target, range, body, at: performance.now() };
    this.asked.push(asked);
    const reaction = this.script(asked) ?? this.#strict(asked);
    if (reaction === "nothing") return;
    if (reaction === "close") socket.end();
    else if (reaction === "reset") socket.resetAndDestroy();
    else if ("raw" in reaction) socket.write(reaction.raw);
    else socket.write(this.#format(reaction, method));
  }

  #strict({ method, target, range, body }: Asked): Reaction {
    const file = this.files.get(target);
    if (method === "HEAD") {
      return file === undefined ? { status: 404 } : { status: 200, fields: [`Content-Length: ${file.length}`] };
    }
    const size = file?.length ?? 0;
    if (range?.start !== size) return { status: 416, fields: [`Content-Range: ${formatUnsatisfied(size)}`] };
    this.files.set(target, Buffer.concat([file ?? Buffer.alloc(0), body]));
    return { status: size === 0 ? 201 : 204 };
  }

  #format({ status, fields = [], body = "" }: Exclude<Reaction, string | { raw: string }>, method: string): string {
    const lines = [`HTTP/1.1 ${status} Said`, ...fields];
    const hasLength = fields.some((field) => /^content-length:/i.test(field));
    if (!hasLength && status !== 204 && !(method === "HEAD" && status === 200)) {
      lines.push(`Content-Length: ${body.length}`);
    }
    if (this.life !== undefined) lines.push(`Shaftlog-Start: ${this.life}`);
    return `${lines.join("\r\n")}\r\n\r\n${method === "HEAD" ? "" : body}`;
  }
}
