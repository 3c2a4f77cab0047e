// A socket in a directory, for those who may enter it and are of our user: JSON lines in both directions. Promises:
// one of a process that was killed is replaced; a path of any length will do, since it is reached through an open
// directory (sun_path holds 107 bytes); few connections at a time, short questions, and nobody who does not read or
// does not ask is waited for. Relies on the lock of the directory: only one process listens in it.

import fs from "node:fs";
import net from "node:net";
import { type Bytes, isAscii } from "../base/text.ts";

/** The other end of a connection. */
export interface LinePeer {
  /** Sends one value as a line; nothing happens where the other end is gone. */
  send(value: unknown): void;
  /** What was sent last is not out yet: what can be left out should be. */
  readonly busy: boolean;
  /** Ends the connection behind what was sent. */
  end(): void;
}

/** What to do with what the other end says. */
export interface LineReader {
  /** One line, as JSON has it; undefined: it was none. */
  line(value: unknown): void;
  /** The other end says nothing more; it may still wait for an answer. */
  ended?(): void;
  closed(): void;
}

export interface LocalListener {
  /** Ends all connections and removes the socket. */
  close(): Promise<void>;
}

const MOST_CONNECTIONS = 16;
/** Characters of one question. */
const LONGEST_QUESTION = 8192;
/** ms for a question to come, and for an answer to be read. */
const PATIENCE = 20_000;

/** Rejects with an errno error. */
export async function listenLocal(
  directory: Bytes,
  name: string,
  accept: (peer: LinePeer) => LineReader,
): Promise<LocalListener> {
  const fd = openDirectory(directory);
  const path = pathIn(fd, directory, name);
  const connections = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
    const peer = new SocketPeer(socket);
    socket.setTimeout(PATIENCE, () => {
      // Only one who waits for an answer, and reads what he gets of it, may be silent.
      if (!peer.asked || peer.busy || peer.answered) socket.destroy();
    });
    readLines(socket, accept(peer), LONGEST_QUESTION, peer);
  });
  server.maxConnections = MOST_CONNECTIONS;
  try {
    fs.rmSync(path, { force: true });
    await listenForUs(server, path);
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  // accept(2) failing for lack of descriptors: the next one may succeed.
  server.on("error", () => {});
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of connections) socket.destroy();
        // That removes the socket, so the directory must be open until then.
        server.close(() => {
          fs.closeSync(fd);
          resolve();
        });
      }),
  };
}

/** Rejects with an errno error: ENOENT or ECONNREFUSED where nobody listens. */
export async function connectLocal(directory: Bytes, name: string, reader: LineReader): Promise<LinePeer> {
  const fd = openDirectory(directory);
  try {
    const socket = net.connect(pathIn(fd, directory, name));
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    const peer = new SocketPeer(socket);
    readLines(socket, reader, Number.POSITIVE_INFINITY, peer);
    return peer;
  } finally {
    fs.closeSync(fd);
  }
}

/** Nobody else may ask, not even for a moment. */
function listenForUs(server: net.Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const mask = process.umask(0o177);
    try {
      server.listen({ path, backlog: MOST_CONNECTIONS }, () => {
        server.off("error", reject);
        resolve();
      });
    } finally {
      process.umask(mask);
    }
  });
}

class SocketPeer implements LinePeer {
  /** It has asked something. */
  asked = false;
  /** Nothing more comes from here. */
  answered = false;
  readonly #socket: net.Socket;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  get busy(): boolean {
    return this.#socket.writableLength > 0;
  }

  send(value: unknown): void {
    if (this.#socket.writable) this.#socket.write(`${JSON.stringify(value)}\n`);
  }

  end(): void {
    this.answered = true;
    this.#socket.end();
  }
}

function readLines(socket: net.Socket, reader: LineReader, longest: number, peer: SocketPeer): void {
  let pieces: string[] = [];
  let length = 0;
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = text.split("\n");
    const rest = lines.pop() ?? "";
    for (const line of lines) {
      peer.asked = true;
      reader.line(parsed(pieces.join("") + line));
      pieces = [];
      length = 0;
    }
    if (rest !== "") pieces.push(rest);
    length += rest.length;
    if (length > longest) socket.destroy();
  });
  socket.on("error", () => {});
  socket.once("end", () => reader.ended?.());
  socket.once("close", () => reader.closed());
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function openDirectory(directory: Bytes): number {
  const path = isAscii(directory) ? directory : Buffer.from(directory, "latin1");
  return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
}

/** Where /proc is not mounted, only a short path will do. */
function pathIn(fd: number, directory: Bytes, name: string): string {
  const short = `/proc/self/fd/${fd}`;
  return fs.existsSync(short) ? `${short}/${name}` : `${directory}/${name}`;
}
