// A server that says whatever the test wants: a status of its choice, garbage, nothing, or what a strict server would.
// Keeps what it was asked and what it took, in memory. It ends with the test.

import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
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
  /** These bytes, as they are; one every `slowly` ms where given; `end`: and then FIN. */
  | { readonly raw: string; readonly slowly?: number; readonly end?: boolean }
  | "close"
  | "reset"
  /** No answer, and the connection stays open. */
  | "nothing";

let opened = 0;

export class FakeServer {
  readonly asked: Asked[] = [];
  /** The heads of the same requests, as they came. */
  readonly heads: string[] = [];
  readonly files = new Map<string, Buffer>();
  /** Connections that were made to it. */
  connections = 0;
  /** Decides a request; undefined: it is answered as a strict server does. */
  script: (asked: Asked) => Reaction | undefined = () => undefined;
  /** What happens to a connection before anything is read; undefined: it is served. */
  onConnect: () => "close" | "reset" | undefined = () => undefined;
  /** The id of its life; undefined: it is no server of ours. */
  life: string | undefined = "fake-life";
  /** Of each TLS connection: the name that it asked for, whether it resumed a session, and who it was. */
  readonly greetings: { name: string; resumed: boolean; client: string | undefined }[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #port = 0;

  readonly #address: string;

  private constructor(address: string, options?: tls.TlsOptions) {
    this.#address = address;
    const serve = (socket: net.Socket) => {
      this.connections++;
      this.#keep(socket);
      if (socket instanceof tls.TLSSocket) this.#greet(socket);
      const fate = this.onConnect();
      if (fate === "close") socket.destroy();
      else if (fate === "reset") socket.resetAndDestroy();
      else void this.#serve(socket);
    };
    if (options === undefined) {
      this.#server = net.createServer(serve);
      return;
    }
    this.#server = tls.createServer(options, serve);
    this.#server.on("connection", (socket) => this.#keep(socket));
    this.#server.on("tlsClientError", () => {});
  }

  /** `options`: it speaks TLS, with the certificate that `use` gives it. */
  static async open(t: TestContext, options?: tls.TlsOptions): Promise<FakeServer> {
    // An address of its own: nobody takes its port while it is away.
    const address = `127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}.${251 + (opened++ % 4)}`;
    const server = new FakeServer(address, options);
    await server.comeBack();
    t.after(() => server.goAway());
    return server;
  }

  get url(): string {
    return `http${this.#server instanceof tls.Server ? "s" : ""}://${this.#address}:${this.#port}/`;
  }

  get address(): string {
    return this.#address;
  }

  /** From now on new TLS connections are made with these. */
  use(context: tls.SecureContextOptions): void {
    if (this.#server instanceof tls.Server) this.#server.setSecureContext(context);
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

  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #greet(socket: tls.TLSSocket): void {
    const { servername } = socket as { readonly servername?: string | false };
    const client = socket.getPeerCertificate()?.subject?.CN;
    this.greetings.push({ name: servername || "", resumed: socket.isSessionReused(), client: client?.toString() });
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
    this.heads.push(head.bytes.toString("latin1"));
    const reaction = this.script(asked) ?? this.#strict(asked);
    if (reaction === "nothing") return;
    if (reaction === "close") socket.end();
    else if (reaction === "reset") socket.resetAndDestroy();
    else if ("raw" in reaction) void writeRaw(socket, reaction);
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

  #format({ status, fields = [], body = "" }: Extract<Reaction, { status: number }>, method: string): string {
    const lines = [`HTTP/1.1 ${status} Said`, ...fields];
    const hasLength = fields.some((field) => /^content-length:/i.test(field));
    if (!hasLength && status !== 204 && !(method === "HEAD" && status === 200)) {
      lines.push(`Content-Length: ${body.length}`);
    }
    if (this.life !== undefined) lines.push(`Shaftlog-Start: ${this.life}`);
    return `${lines.join("\r\n")}\r\n\r\n${method === "HEAD" ? "" : body}`;
  }
}

async function writeRaw(socket: net.Socket, { raw, slowly, end }: Extract<Reaction, { raw: string }>): Promise<void> {
  for (const piece of slowly === undefined ? [raw] : raw) {
    socket.write(piece, "latin1");
    if (slowly !== undefined) await sleep(slowly);
  }
  if (end) socket.end();
}
