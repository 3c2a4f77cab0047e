// Many clients in one process: `node load.ts PORT CLIENTS FILES WARMUP SECONDS`. Each has one connection and FILES files, and
// a line comes to each of them once a second, all of it spread evenly. As a client does, it has one append of a file on
// the wire at a time, and sends the lines that came meanwhile together in the next. Counts from the moment at which a
// line was due to the answer, so that a server that falls behind shows. Prints p50, p99, the longest (ms), how many lines
// and requests, and seconds of its own processor time, as JSON.

import net from "node:net";
import { sha256 } from "../../src/platform/node-hash.ts";
import { formatDigest } from "../../src/protocol/digest-field.ts";
import { TreeHash } from "../../src/protocol/tree-hash.ts";
import { percentile } from "./figures.ts";
import { LINE } from "./logs.ts";

const [port, clients, files, warmUp, seconds] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const END = "\r\n\r\n";

/** All files grow alike, so the digests of all of them are these, and their clients' share of the work is not done here. */
const hash = new TreeHash(sha256);
const digests = Array.from({ length: warmUp + seconds }, () => {
  const digest = formatDigest({ size: hash.size, digest: hash.digest() });
  hash.update(Buffer.from(LINE));
  return digest;
});

interface File {
  /** The socket's turn, and what a request for it begins with. */
  readonly client: Client;
  readonly begin: string;
  /** Lines that are acknowledged, that are on the wire beyond them, and that have come. */
  acknowledged: number;
  sent: number;
  come: number;
  /** When its first line was due. */
  readonly due: number;
}

interface Client {
  readonly socket: net.Socket;
  /** Whose answers come next. */
  readonly waiting: File[];
}

const took: number[] = [];
let requests = 0;
let answered = 0;

async function connect(): Promise<Client> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const client: Client = { socket, waiting: [] };
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    let from = 0;
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END, from)) {
      if (!text.startsWith("HTTP/1.1 20", from)) throw new Error(text.slice(from, end));
      from = end + END.length;
      acknowledge(client.waiting.shift() as File);
    }
    text = text.slice(from);
  });
  await new Promise((resolve) => socket.on("connect", resolve));
  return client;
}

function send(file: File): void {
  const count = file.come - file.sent;
  const first = file.sent * LINE.length;
  const to = first + count * LINE.length;
  const digest = digests[file.sent];
  file.sent = file.come;
  file.client.waiting.push(file);
  requests++;
  file.client.socket.write(
    `${file.begin}${to - first}\r\nContent-Range: bytes ${first}-${to - 1}/${to}\r\nShaftlog-Digest: ${digest}\r\n\r\n${LINE.repeat(count)}`,
    "latin1",
  );
}

function acknowledge(file: File): void {
  const now = performance.now();
  for (; file.acknowledged < file.sent; file.acknowledged++) {
    answered++;
    if (file.acknowledged >= warmUp) took.push(now - file.due - file.acknowledged * 1000);
  }
  if (file.come > file.sent) send(file);
}

const all: Client[] = [];
for (let i = 0; i < clients; i++) all.push(await connect());

const before = process.cpuUsage();
const began = performance.now();
const each = 1000 / (clients * files);
const total = clients * files * (warmUp + seconds);
/** In the order in which a line is due to them. */
const turns: File[] = Array.from({ length: clients * files }, (_, i) => ({
  client: all[i % clients] as Client,
  begin: `PUT /client-${i % clients}/app-${Math.floor(i / clients)}.log HTTP/1.1\r\nHost: bench\r\nContent-Length: `,
  acknowledged: 0,
  sent: 0,
  come: 0,
  due: began + i * each,
}));
let come = 0;
const timer = setInterval(() => {
  const now = performance.now() - began;
  for (; come < total && come * each <= now; come++) {
    const file = turns[come % turns.length] as File;
    file.come++;
    if (file.acknowledged === file.sent) send(file);
  }
  if (answered < total) return;
  clearInterval(timer);
  const { user, system } = process.cpuUsage(before);
  const [p50, p99, most] = [50, 99, 100].map((percent) => percentile(took, percent));
  const cpu = (user + system) / 1e6 / ((performance.now() - began) / 1000);
  process.stdout.write(`${JSON.stringify({ p50, p99, most, counted: took.length, requests, cpu })}\n`);
  for (const { socket } of all) socket.destroy();
}, 1);
