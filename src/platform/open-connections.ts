// The open connections of a listener, counted in all and for each key. Promises: their number is bounded; where
// there are too many, one that has nothing to do makes room: first of those that never asked anything, then
// whoever has been idle longest. Who is at work is never cut for it.

import type { Socket } from "node:net";
import type { ConnectionLimits, Peer } from "./http-server.ts";
import type { Connection } from "./node-exchange.ts";

/** ms that a new connection gets for its first request before it is the first to go. */
const FIRST_REQUEST = 2_000;

export interface Pace {
  /** Monotonic ms. */
  readonly at: number;
  /** What the socket had read then. */
  readonly bytes: number;
  readonly reading: Connection["reading"];
  readonly turns: number;
}

/** A connection and what its socket needs. */
export interface Entry extends Connection {
  peer: Peer;
  /** The one to write to and to end: with TLS the outer one, once the handshake is done. */
  socket: Socket;
  /** Undefined until it is known whose connection it is. */
  key: string | undefined;
  readonly since: number;
  asked: boolean;
  /** Where the pace of the body was last looked at. */
  pace: Pace | undefined;
  /** Since when, in monotonic ms, answers lie unread, and how many bytes had been taken by then. */
  stuck: { readonly at: number; readonly taken: number } | undefined;
}

export class OpenConnections {
  readonly #limits: ConnectionLimits;
  readonly #all = new Set<Entry>();
  readonly #ofKey = new Map<string, number>();
  /** Connected, and asked nothing yet; oldest first. */
  readonly #fresh = new Set<Entry>();
  /** Nothing to answer; idle longest first. */
  readonly #idle = new Set<Entry>();
  #made = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<Entry> {
    return this.#all.values();
  }

  /** Undefined where there is no room: all are busy. */
  add(socket: Socket, address: string): Entry | undefined {
    if (this.#all.size >= this.#limits.connections && !this.#makeRoom(undefined)) return undefined;
    const entry: Entry = {
      id: this.#made++,
      peer: { address, certificate: { kind: "not-asked" } },
      socket,
      key: undefined,
      since: performance.now(),
      open: 0,
      ending: false,
      asked: false,
      reading: undefined,
      pace: undefined,
      stuck: undefined,
    };
    this.#all.add(entry);
    this.#fresh.add(entry);
    socket.once("close", () => this.#remove(entry));
    return entry;
  }

  /** It is known now whose connection it is. False where he has too many, all of them busy. */
  claim(entry: Entry, key: string): boolean {
    const before = this.#ofKey.get(key) ?? 0;
    if (before >= this.#limits.connectionsPerKey && !this.#makeRoom(key)) return false;
    entry.key = key;
    this.#ofKey.set(key, (this.#ofKey.get(key) ?? 0) + 1);
    return true;
  }

  /** A request was handed over. */
  busy(entry: Entry): void {
    entry.open++;
    if (!entry.asked) {
      entry.asked = true;
      this.#fresh.delete(entry);
    } else if (entry.open === 1) this.#idle.delete(entry);
  }

  /** A request was answered. */
  answered(entry: Entry): void {
    entry.open--;
    if (entry.open === 0 && this.#all.has(entry)) this.#idle.add(entry);
  }

  #remove(entry: Entry): void {
    if (!this.#all.delete(entry)) return;
    this.#fresh.delete(entry);
    this.#idle.delete(entry);
    if (entry.key === undefined) return;
    const left = (this.#ofKey.get(entry.key) ?? 1) - 1;
    if (left === 0) this.#ofKey.delete(entry.key);
    else this.#ofKey.set(entry.key, left);
  }

  #makeRoom(key: string | undefined): boolean {
    const before = performance.now() - FIRST_REQUEST;
    const mine = (entry: Entry) => key === undefined || entry.key === key;
    const victim =
      first(this.#fresh, (entry) => mine(entry) && entry.since < before) ??
      first(this.#idle, mine) ??
      first(this.#fresh, mine);
    if (victim === undefined) return false;
    victim.ending = true;
    this.#remove(victim);
    victim.socket.destroy();
    return true;
  }
}

function first(entries: Iterable<Entry>, fits: (entry: Entry) => boolean): Entry | undefined {
  for (const entry of entries) if (fits(entry)) return entry;
  return undefined;
}
