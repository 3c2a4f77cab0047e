// A small HTTP listener for people and monitoring, beside the data: GET and HEAD, no bodies, few connections at a time,
// each for a short time, so that nobody who asks, or who does not read his answer, costs delivery anything. Where it
// listens on loopback it answers only to names of loopback: a web page whose name was made to mean 127.0.0.1 gets
// nothing (DNS rebinding). What the answers are is for whoever opens it.

import http, { type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { isLoopback } from "./host.ts";

const MOST_CONNECTIONS = 32;
/** ms for a header to come, and for which a connection may be quiet, whoever of the two is to speak. */
const HEADER = 5_000;
const QUIET = 10_000;
const HEADER_SIZE = 8 * 1024;

const FIELDS = {
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const;
const NOTHING_ELSE = "default-src 'none'; frame-ancestors 'none'";

export interface AdminAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  /** Content-Security-Policy; without it nothing is let run or load. */
  readonly policy?: string;
}

export interface AdminListener {
  readonly address: string;
  readonly port: number;
  /** No other host can reach it. */
  readonly loopback: boolean;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** `answer`: to the path of a GET. Rejects with the kernel's code where the address cannot be had. */
export async function listenForAdmin(
  { host, port }: { readonly host: string; readonly port: number },
  answer: (path: string) => AdminAnswer | Promise<AdminAnswer>,
): Promise<AdminListener> {
  const server = http.createServer({
    headersTimeout: HEADER,
    requestTimeout: HEADER,
    keepAliveTimeout: QUIET,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: HEADER_SIZE,
    requireHostHeader: false,
  });
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = QUIET;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, resolve);
  });
  server.on("error", () => {});
  const at = server.address() as AddressInfo;
  const loopback = isLoopback(at.address);
  server.on("request", (req, res) => {
    const refused = refusalOf(req, loopback);
    if (refused !== undefined) send(req, res, refused);
    else void Promise.resolve(answer(pathOf(req))).then((it) => send(req, res, it));
  });
  return {
    address: at.address,
    port: at.port,
    loopback,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

export function plain(status: number, text: string): AdminAnswer {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}

function refusalOf(req: IncomingMessage, loopback: boolean): AdminAnswer | undefined {
  if (loopback && !isLoopbackName(req.headers.host)) {
    return plain(421, "Ask for 127.0.0.1, [::1] or localhost: this listener answers to no other name");
  }
  if (req.method !== "GET" && req.method !== "HEAD")
    return plain(405, "Only GET and HEAD: nothing can be changed here");
  const { "content-length": length = "0", "transfer-encoding": coding } = req.headers;
  return length === "0" && coding === undefined ? undefined : plain(413, "No request here has a body");
}

/** Of the Host field, with any port: a tunnel has another. */
function isLoopbackName(field: string | undefined): boolean {
  const name = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::[0-9]{1,5})?$/i.exec(field ?? "")?.[1]?.replace(/^\[|\]$/g, "");
  if (name === undefined) return false;
  return name.toLowerCase() === "localhost" || (isIP(name) !== 0 && isLoopback(name));
}

function pathOf({ url = "" }: IncomingMessage): string {
  const [path = ""] = url.split("?", 1);
  return path;
}

function send(req: IncomingMessage, res: ServerResponse, { status, type, body, policy }: AdminAnswer): void {
  const bytes = Buffer.from(body);
  const fields: http.OutgoingHttpHeaders = {
    ...FIELDS,
    "Content-Security-Policy": policy ?? NOTHING_ELSE,
    "Content-Type": type,
    "Content-Length": bytes.length,
  };
  if (status === 405) fields.Allow = "GET, HEAD";
  // What was refused may be followed by a body that nobody wants to read.
  if (status >= 400 && status < 500) fields.Connection = "close";
  res.writeHead(status, fields);
  res.end(req.method === "HEAD" ? undefined : bytes);
}
