// Many clients in one process: `node load.ts PORT CLIENTS FILES WARMUP SECONDS`. Each has one connection and FILES files, and
// appends a line to each of them once a second, all of it spread evenly. Counts from the moment at which an append was
// due to its answer, so that a server that falls behind shows. Prints p50, p99, the longest (ms) and how many, as JSON.

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

const took: number[] = [];
let sent = 0;
let answered = 0;

interface Client {
  readonly socket: net.Socket;
  /** When those that are not answered were due, and whether they count. */
  readonly waiting: { readonly due: number; readonly counts: boolean }[];
}

async function connect(): Promise<Client> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const waiting: Client["waiting"] = [];
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END)) {
      if (!/^HTTP\/1\.1 20[14] /.test(text)) throw new Error(text.slice(0, end));
      text = text.slice(end + END.length);
      answered++;
      const one = waiting.shift();
      if (one?.counts) took.push(performance.now() - one.due);
    }
  });
  await new Promise((resolve) => socket.on("connect", resolve));
  return { socket, waiting };
}

const all: Client[] = [];
for (let i = 0; i < clients; i++) all.push(await connect());

const began = performance.now();
const each = 1000 / (clients * files);
const total = clients * files * (warmUp + seconds);
const timer = setInterval(() => {
  const now = performance.now() - began;
  for (; sent < total && sent * each <= now; sent++) {
    const client = sent % clients;
    const file = Math.floor(sent / clients) % files;
    const round = Math.floor(sent / (clients * files));
    const { socket, waiting } = all[client] as Client;
    const first = round * LINE.length;
    const to = first + LINE.length;
    socket.write(
      `PUT /client-${client}/app-${file}.log HTTP/1.1\r\nHost: bench\r\nContent-Length: ${LINE.length}\r\n` +
        `Content-Range: bytes ${first}-${to - 1}/${to}\r\nShaftlog-Digest: ${digests[round]}\r\n\r\n${LINE}`,
    );
    waiting.push({ due: began + sent * each, counts: round >= warmUp });
  }
  if (answered < total) return;
  clearInterval(timer);
  const [p50, p99, most] = [50, 99, 100].map((percent) => percentile(took, percent));
  process.stdout.write(`${JSON.stringify({ p50, p99, most, counted: took.length })}\n`);
  for (const { socket } of all) socket.destroy();
}, 1);
