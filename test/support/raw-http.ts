// HTTP by hand: bytes out, answers in, so that a test can send what no library would, break off where it
// wants, and see exactly what came. One answer is read at a time, in the order of the requests.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls } from "node:tls";
import { PATIENCE } from "./until.ts";

export interface Answer {
  readonly status: number;
  /** By lower-case name; doubles joined by ", ". */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

export class Connection {
  readonly socket: Socket;
  #received = "";
  #ended = false;
  #changed: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#changed?.();
    });
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.#ended = true;
        this.#changed?.();
      });
    }
    socket.on("error", () => {});
  }

  static async open(port: number, host = "127.0.0.1"): Promise<Connection> {
    const socket = connect({ port, host, allowHalfOpen: true });
    await once(socket, "connect");
    return new Connection(socket);
  }

  /** Rejects where the handshake fails. */
  static async secure(port: number, options: ConnectionOptions): Promise<Connection> {
    const socket = connectTls({ port, host: "127.0.0.1", ...options });
    await once(socket, "secureConnect");
    return new Connection(socket);
  }

  /** Resolves when the kernel has taken the bytes. */
  async send(bytes: string | Uint8Array): Promise<void> {
    if (this.socket.destroyed) return;
    const data = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
    await new Promise<void>((resolve) => this.socket.write(data, () => resolve()));
  }

  /** The next answer but `100 Continue`; undefined where the connection ends first. */
  async answer(toHead = false): Promise<Answer | undefined> {
    for (;;) {
      const answer = this.#take(toHead);
      if (answer !== undefined || this.#ended) return answer;
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`no answer in ${PATIENCE} ms, but ${this.#received}`)),
          PATIENCE,
        );
        this.#changed = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  }

  /** What has come and was not taken as an answer. */
  get received(): string {
    return this.#received;
  }

  /** The other side has ended its half, or all of it. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends our half: FIN. */
  end(): void {
    this.socket.end();
  }

  /** Breaks off: RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }

  #take(toHead: boolean): Answer | undefined {
    const end = this.#received.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const [line = "", ...rest] = this.#received.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1]);
    const fields = new Map<string, string>();
    for (const field of rest) {
      const at = field.indexOf(":");
      const name = field.slice(0, at).toLowerCase();
      const before = fields.get(name);
      const value = field.slice(at + 1).trim();
      fields.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    const from = end + 4;
    if (status === 100) {
      this.#received = this.#received.slice(from);
      return this.#take(toHead);
    }
    const length = toHead || status === 204 ? 0 : Number(fields.get("content-length") ?? 0);
    if (this.#received.length < from + length) return undefined;
    const body = this.#received.slice(from, from + length);
    this.#received = this.#received.slice(from + length);
    return { status, fields, body };
  }
}

/** A request line and fields, with Host. */
export function head(method: string, target: string, fields: Readonly<Record<string, string | number>> = {}): string {
  const lines = Object.entries({ Host: "test", ...fields }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** A PUT of `[start, start + length)` without its body. */
export function putHead(target: string, start: number, length: number, size: number | "*" = "*"): string {
  return head("PUT", target, {
    "Content-Range": `bytes ${start}-${start + length - 1}/${size}`,
    "Content-Length": length,
  });
}

/** Sends one request on a connection of its own. */
export async function request(port: number, bytes: string | Uint8Array, host?: string): Promise<Answer | undefined> {
  const connection = await Connection.open(port, host);
  await connection.send(bytes);
  const toHead = (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1")).startsWith("HEAD ");
  const answer = await connection.answer(toHead);
  connection.close();
  return answer;
}

/** Appends `body` at `start`; the status, 0 where no answer came. */
export async function append(port: number, target: string, start: number, body: string | Uint8Array): Promise<number> {
  const connection = await Connection.open(port);
  const bytes = Buffer.from(body as string);
  await connection.send(Buffer.concat([Buffer.from(putHead(target, start, bytes.length)), bytes]));
  const answer = await connection.answer();
  connection.close();
  return answer?.status ?? 0;
}

/** The size that HEAD tells; undefined for 404. */
export async function sizeOf(port: number, target: string, host?: string): Promise<number | undefined> {
  const answer = await request(port, head("HEAD", target), host);
  if (answer?.status === 404) return undefined;
  if (answer?.status !== 200) throw new Error(`HEAD ${target}: ${answer?.status}`);
  return Number(answer.fields.get("content-length"));
}
