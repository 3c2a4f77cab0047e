// One direction of an HTTP/1.1 connection cut into messages as its bytes come, every byte kept as it was: what a
// proxy that must pass on exactly what it got, and a server that reads requests by hand, are built on.
// Knows Content-Length alone; whoever makes it says how long a body is where that is not the whole truth.

export interface Head {
  /** The request line or status line. */
  readonly line: string;
  /** By lower-case name, in the order in which they came. */
  readonly fields: ReadonlyMap<string, readonly string[]>;
  readonly bytes: Buffer;
}

export type Part =
  | { readonly kind: "head"; readonly head: Head; readonly bytes: Buffer }
  | { readonly kind: "body"; readonly bytes: Buffer }
  /** The message is whole. */
  | { readonly kind: "end" };

const END_OF_HEAD = "\r\n\r\n";

export class HttpStream {
  readonly #lengthOf: (head: Head) => number;
  #head = Buffer.alloc(0);
  /** Bytes of the body that are still to come; undefined between messages. */
  #missing: number | undefined;

  /** `lengthOf`: bytes of the body behind a head; Infinity where it goes on to the end of the connection. */
  constructor(lengthOf: (head: Head) => number = contentLength) {
    this.#lengthOf = lengthOf;
  }

  /** The parts that `chunk` completes. */
  *push(chunk: Buffer): Generator<Part> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing === undefined) {
        const bytes = Buffer.concat([this.#head, rest]);
        const at = bytes.indexOf(END_OF_HEAD);
        if (at < 0) {
          this.#head = bytes;
          return;
        }
        this.#head = Buffer.alloc(0);
        const head = parseHead(bytes.subarray(0, at + END_OF_HEAD.length));
        rest = bytes.subarray(head.bytes.length);
        this.#missing = this.#lengthOf(head);
        yield { kind: "head", head, bytes: head.bytes };
      } else {
        const bytes = rest.subarray(0, this.#missing);
        rest = rest.subarray(bytes.length);
        this.#missing -= bytes.length;
        yield { kind: "body", bytes };
      }
      if (this.#missing === 0) {
        this.#missing = undefined;
        yield { kind: "end" };
      }
    }
  }
}

/** The first value of a field. */
export function fieldOf(head: Head, name: string): string | undefined {
  return head.fields.get(name)?.[0];
}

export function contentLength(head: Head): number {
  return Number(fieldOf(head, "content-length") ?? 0);
}

function parseHead(bytes: Buffer): Head {
  const [line = "", ...lines] = bytes.toString("latin1").trimEnd().split("\r\n");
  const fields = new Map<string, string[]>();
  for (const field of lines) {
    const at = field.indexOf(":");
    const name = field.slice(0, at).toLowerCase();
    fields.set(name, [...(fields.get(name) ?? []), field.slice(at + 1).trim()]);
  }
  return { line, fields, bytes };
}
