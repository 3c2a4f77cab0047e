// The server under test: SHAFTLOG_BASE_URL where it is set, else ours, started here. The suite knows nothing
// of it but this URL, so any server can be held against docs/PROTOCOL.md; names are new in each run.

import { randomBytes } from "node:crypto";
import { startServer } from "../support/command.ts";
import { type Answer, Connection, head, putHead, request } from "../support/raw-http.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Path of a resource that does not exist yet. */
  fresh(name?: string): string;
  connect(): Promise<Connection>;
  /** One request on a connection of its own. */
  ask(bytes: string | Uint8Array): Promise<Answer | undefined>;
  /** Durable size; undefined where there is nothing. */
  size(path: string): Promise<number | undefined>;
  /** Appends by one PUT on a connection of its own. */
  put(path: string, start: number, body: string | Uint8Array, size?: number): Promise<Answer | undefined>;
}

const url = new URL(process.env.SHAFTLOG_BASE_URL ?? (await startServer()).url);
const run = randomBytes(6).toString("hex");
let made = 0;

export const target: Target = {
  host: url.hostname,
  port: Number(url.port === "" ? 80 : url.port),
  fresh: (name = "f") => `${url.pathname}${run}/${made++}/${name}`,
  connect: () => Connection.open(target.port, target.host),
  ask: (bytes) => request(target.port, bytes, target.host),
  async size(path) {
    const answer = await target.ask(head("HEAD", path));
    if (answer?.status === 404) return undefined;
    if (answer?.status !== 200) throw new Error(`HEAD ${path}: ${answer?.status}`);
    return Number(answer.fields.get("content-length"));
  },
  put(path, start, body, size) {
    const bytes = Buffer.from(body as string);
    return target.ask(Buffer.concat([Buffer.from(putHead(path, start, bytes.length, size ?? "*"), "latin1"), bytes]));
  },
};
