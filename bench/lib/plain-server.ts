// A destination without digests: `node plain-server.ts PORT DIRECTORY` takes appends as an older strict server does
// (docs/PROTOCOL.md, sections 4, 5 and 7), writes them, makes them durable, and hashes nothing. It speaks only to
// well-behaved clients on loopback; what is measured with it is our client.

import fs from "node:fs";
import net from "node:net";
import path from "node:path";

const [port = "", directory = ""] = process.argv.slice(2);
const LIFE = "Shaftlog-Start: bench\r\nConnection: keep-alive\r\n";
const END = Buffer.from("\r\n\r\n");

interface Put {
  readonly file: number;
  readonly from: number;
  readonly size: number;
  received: number;
}

function serve(socket: net.Socket): void {
  let pending: Buffer = Buffer.alloc(0);
  let put: Put | undefined;
  const head = (text: string): void => {
    const [line = ""] = text.split("\r\n", 1);
    const [method, target = ""] = line.split(" ");
    const name = path.join(directory, decodeURIComponent(target));
    const size = fs.statSync(name, { throwIfNoEntry: false })?.size;
    if (method === "HEAD") {
      const status = size === undefined ? "404 Not Found" : "200 OK";
      socket.write(`HTTP/1.1 ${status}\r\n${LIFE}Content-Length: ${size ?? 0}\r\nUpload-Offset: ${size ?? 0}\r\n\r\n`);
      return;
    }
    const [, first = "", last = ""] = /content-range: bytes (\d+)-(\d+)/i.exec(text) ?? [];
    if (Number(first) !== (size ?? 0)) throw new Error(`${line}: begins at ${first}, the file ends at ${size}`);
    fs.mkdirSync(path.dirname(name), { recursive: true });
    put = { file: fs.openSync(name, "a"), from: Number(first), size: Number(last) + 1 - Number(first), received: 0 };
  };
  const body = (bytes: Buffer): Buffer => {
    const open = put as Put;
    const part = bytes.subarray(0, open.size - open.received);
    fs.writeSync(open.file, part);
    open.received += part.length;
    if (open.received < open.size) return Buffer.alloc(0);
    fs.fdatasyncSync(open.file);
    fs.closeSync(open.file);
    put = undefined;
    const status = open.from === 0 ? "201 Created" : "204 No Content";
    const length = open.from === 0 ? "Content-Length: 0\r\n" : "";
    socket.write(`HTTP/1.1 ${status}\r\n${LIFE}${length}Upload-Offset: ${open.from + open.size}\r\n\r\n`);
    return bytes.subarray(part.length);
  };
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    let rest: Buffer = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    pending = Buffer.alloc(0);
    while (rest.length > 0) {
      if (put !== undefined) {
        rest = body(rest);
        continue;
      }
      const end = rest.indexOf(END);
      if (end < 0) {
        pending = rest;
        return;
      }
      head(rest.toString("latin1", 0, end));
      rest = rest.subarray(end + END.length);
    }
    // Else the collector decides when the memory comes back, and a server of another kind has none.
    if (chunk.byteLength === chunk.buffer.byteLength) (chunk.buffer as ArrayBuffer).transfer(0);
  });
}

net.createServer({ noDelay: true }, serve).listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
