// What the socket below an HTTP connection tells and the HTTP library does not: whether anything moves in either
// direction, whether an answer that has begun comes to its end, and whether a request was really sent when its answer
// came. libuv's counters (`_handle`) say what the kernel has taken; on a runtime without them the socket's own count
// has to do. For TLS they count encrypted bytes below and plain ones above.

import type { Socket } from "node:net";

/** ms within which an answer has to be complete, from its first byte. */
const ANSWER_TIME = 30_000;
/** Bytes that may come before an answer is complete; several may be under way. */
const ANSWER_BYTES = 512 * 1024;

interface Handle {
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
  /** Bytes that the kernel has not taken yet. */
  readonly writeQueueSize?: number;
  /** Of TLS: the TCP socket below. */
  readonly _parent?: Handle | null;
}

export class SocketWatch {
  readonly #noProgress: number;
  #socket: Socket | undefined;
  #progress = "";
  #progressAt = 0;
  /** What was read when the last answer was complete. */
  #readBefore = 0;
  #answerSince: number | undefined;

  /** `noProgress`: ms that may pass without a byte in either direction. */
  constructor(noProgress: number) {
    this.#noProgress = noProgress;
  }

  /** A connection was opened, perhaps in the place of an older one. */
  opened(socket: Socket): void {
    this.#socket = socket;
    this.#readBefore = socket.bytesRead;
    this.#answerSince = undefined;
  }

  /** A request goes out and none is on the way. */
  begin(now: number): void {
    this.#progress = this.#count();
    this.#progressAt = now;
    this.answered();
  }

  /** An answer is complete. */
  answered(): void {
    this.#readBefore = this.#socket?.bytesRead ?? 0;
    this.#answerSince = undefined;
  }

  /** What is wrong, in words, while requests are on the way; to be asked now and then. */
  look(now: number): string | undefined {
    const progress = this.#count();
    if (progress !== this.#progress) {
      this.#progress = progress;
      this.#progressAt = now;
    } else if (now - this.#progressAt >= this.#noProgress) {
      return "no progress";
    }
    const read = (this.#socket?.bytesRead ?? 0) - this.#readBefore;
    if (read <= 0) return undefined;
    this.#answerSince ??= now;
    if (read > ANSWER_BYTES) return "the answer does not end";
    return now - this.#answerSince >= ANSWER_TIME ? `the answer took longer than ${ANSWER_TIME / 1000} s` : undefined;
  }

  /** Where in the stream of all requests the one ends that was written just now. */
  written(): number {
    return this.#socket?.bytesWritten ?? 0;
  }

  /** True where the kernel has taken everything up to `end`, a value of `written`. */
  isTaken(end: number): boolean {
    const handle = handleOf(this.#socket);
    if (typeof handle?.bytesWritten !== "number") return true;
    const below = handle._parent ?? undefined;
    const queued = (below ?? handle).writeQueueSize ?? 0;
    // Of what TLS has queued, a little is its own; in doubt it was sent.
    const waiting = below === undefined ? queued : Math.max(0, queued - Math.ceil(queued / 64) - 32 * 1024);
    return handle.bytesWritten - waiting >= end;
  }

  #count(): string {
    const handle = handleOf(this.#socket);
    const raw = handle?._parent ?? handle;
    return `${raw?.bytesRead} ${raw?.bytesWritten} ${raw?.writeQueueSize} ${this.#socket?.bytesWritten}`;
  }
}

function handleOf(socket: Socket | undefined): Handle | undefined {
  return (socket as { readonly _handle?: Handle | null } | undefined)?._handle ?? undefined;
}
