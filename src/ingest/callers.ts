// Who is calling, once per connection, and what each identity did: for limits, log and status. Promises: an identity
// holds no longer than its certificate; a refusal is told with its reason; what is kept is bounded by the number of
// identities that the CA has made.

import type { Emit } from "../base/events.ts";
import { type Bytes, readable } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import type { Exchange, Peer } from "../platform/http-server.ts";
import { bearerOf } from "./bearer.ts";
import { refused } from "./events.ts";
import { type Caller, callerOf } from "./identity.ts";
import type { Tokens } from "./tokens.ts";

/** What one identity did. */
export interface Activity {
  readonly name: string;
  /** What its paths begin with; undefined where nobody is asked who he is. */
  readonly prefix: Bytes | undefined;
  /** ms since 1970. */
  lastSeen: number;
  requests: number;
  /** Bytes of its appends. */
  bytes: number;
}

/** Names kept of those who are not asked who they are: anybody can make them up. */
const MOST_ANONYMOUS = 10_000;

export class Callers {
  readonly #template: string | undefined;
  readonly #tokens: () => Tokens | undefined;
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #ofPeer = new WeakMap<Peer, Caller>();
  readonly #activities = new Map<string, Activity>();

  /** `template`: `client_prefix`; `tokens`: those that hold now. */
  constructor(template: string | undefined, tokens: () => Tokens | undefined, clock: Clock, emit: Emit) {
    this.#template = template;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#emit = emit;
  }

  /** As whose connection one counts. */
  keyOf(peer: Peer): string {
    const caller = this.#ofConnection(peer);
    return caller.kind === "known" ? caller.identity.name : peer.address;
  }

  /** Who asks; a refusal has been told to the operator. */
  of(exchange: Exchange): Caller {
    const caller = this.#of(exchange);
    if (caller.kind === "unknown") {
      this.#emit(refused(exchange.peer.address, caller.reason));
    } else if (caller.kind === "known") {
      this.#noted(this.#activityOf(caller.identity.name, caller.identity.prefix));
    }
    return caller;
  }

  /**
   * A request for the file at `path` was granted; `bytes`: were appended. Who is not known goes by the first directory
   * of the path, which is the host where clients are set up as documented, else by his address.
   */
  granted(caller: Caller, { peer }: Exchange, path: Bytes, bytes: number): void {
    if (caller.kind === "known") {
      this.#activityOf(caller.identity.name, caller.identity.prefix).bytes += bytes;
    } else if (caller.kind === "anyone") {
      const slash = path.indexOf("/");
      const name = slash < 0 ? peer.address : readable(path.slice(0, slash));
      if (!this.#activities.has(name) && this.#activities.size >= MOST_ANONYMOUS) return;
      const activity = this.#activityOf(name, undefined);
      this.#noted(activity);
      activity.bytes += bytes;
    }
  }

  activities(): Iterable<Readonly<Activity>> {
    return this.#activities.values();
  }

  #of(exchange: Exchange): Caller {
    const tokens = this.#tokens();
    const bearer = tokens === undefined ? undefined : bearerOf(exchange.fields);
    if (tokens !== undefined && bearer !== undefined) {
      const identity = bearer === "malformed" ? undefined : tokens.find(bearer);
      if (identity === undefined) return { kind: "unknown", reason: "its token is in no line of tokens_file" };
      return { kind: "known", identity };
    }
    const caller = this.#ofConnection(exchange.peer);
    if (caller.kind === "anyone" && tokens !== undefined) return { kind: "unknown", reason: "it brings no token" };
    if (caller.kind === "known" && caller.identity.notAfter < this.#clock.now()) {
      return {
        kind: "unknown",
        reason: `the client certificate of ${JSON.stringify(caller.identity.name)} has expired`,
      };
    }
    return caller;
  }

  #ofConnection(peer: Peer): Caller {
    let caller = this.#ofPeer.get(peer);
    if (caller === undefined) {
      caller = callerOf(peer, this.#template);
      this.#ofPeer.set(peer, caller);
    }
    return caller;
  }

  #noted(activity: Activity): void {
    activity.requests++;
    activity.lastSeen = this.#clock.now();
  }

  #activityOf(name: string, prefix: Bytes | undefined): Activity {
    let activity = this.#activities.get(name);
    if (activity === undefined) {
      activity = { name, prefix, lastSeen: 0, requests: 0, bytes: 0 };
      this.#activities.set(name, activity);
    }
    return activity;
  }
}
