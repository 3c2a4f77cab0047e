// What the recording proxy writes down: one request, what the plan did to it, and what became of it. The rules of the
// wire are checked on these (wire-rules.ts).

import { parseContentRange, type Range } from "../../src/protocol/content-range.ts";
import { contentLength, fieldOf, type Head } from "./http-stream.ts";

/** What happens to a request. Bytes are counted in its body. */
export type Fault =
  /** The connection breaks after so many bytes went on to the server. */
  | { readonly kind: "cut"; readonly after: number; readonly how: "fin" | "rst" }
  /** The whole request goes on, its answer is thrown away, and the connection breaks. */
  | { readonly kind: "swallow"; readonly how: "fin" | "rst" }
  /** After so many bytes nothing goes on in either direction while all sockets stay open, until `release`. */
  | { readonly kind: "hold"; readonly after: number }
  /** As `hold`, and the client's bytes are not even read: its kernel's buffers fill up. */
  | { readonly kind: "freeze"; readonly after: number }
  /** The answer is never passed on, and the sockets stay open. */
  | { readonly kind: "withhold" }
  /** The answer is passed on so many ms late. */
  | { readonly kind: "delay"; readonly ms: number };

export interface Exchange {
  /** Counts from 0 in the order in which requests came. */
  readonly id: number;
  readonly connection: number;
  readonly method: string;
  readonly target: string;
  readonly head: Head;
  /** undefined for HEAD. */
  readonly range: Range | undefined;
  /** performance.now() when its head came. */
  readonly at: number;
  fault: Fault | undefined;
  /** The fault has happened. */
  struck: boolean;
  /** Bytes of the body that came, and that went on to the server. */
  received: number;
  passed: number;
  /** The whole request as it came, where the proxy keeps requests. */
  readonly raw: Buffer[] | undefined;
  /** What the server answered, whether or not the client got to know. */
  status: number | undefined;
  /** How many bytes the server said it has (`Upload-Offset`), whether or not the client got to know. */
  told: number | undefined;
  /** The life of the server that answered. */
  life: string | undefined;
  /** When the client got the answer, or it was certain that it never would. */
  settledAt: number | undefined;
  /** The client never got an answer. */
  broken: boolean;
}

export function newExchange(id: number, connection: number, head: Head, keep: boolean): Exchange {
  const [method = "", target = ""] = head.line.split(" ");
  return {
    id,
    connection,
    method,
    target,
    head,
    range: parseContentRange(fieldOf(head, "content-range") ?? ""),
    at: performance.now(),
    fault: undefined,
    struck: false,
    received: 0,
    passed: 0,
    raw: keep ? [Buffer.from(head.bytes)] : undefined,
    status: undefined,
    told: undefined,
    life: undefined,
    settledAt: undefined,
    broken: false,
  };
}

export function statusOf(head: Head): number {
  return Number(head.line.split(" ")[1]);
}

/** Bytes of the body of an answer to `method`. */
export function answerLength(head: Head, method: string): number {
  const status = statusOf(head);
  if (status < 200 || status === 204 || status === 304 || method === "HEAD") return 0;
  return head.fields.has("content-length") ? contentLength(head) : Number.POSITIVE_INFINITY;
}

/** True where the server took the bytes, whether or not the client knows. */
export function isAppended({ method, status }: Exchange): boolean {
  return method === "PUT" && status !== undefined && status >= 200 && status < 300;
}

/** One line for messages. */
export function describe({ id, connection, method, target, range, status, broken, passed }: Exchange): string {
  const bytes = range === undefined ? "" : ` ${range.start}-${range.end}`;
  return `${id} (connection ${connection}) ${method} ${target}${bytes}: ${status ?? "none"}${broken ? `, broken after ${passed}` : ""}`;
}
