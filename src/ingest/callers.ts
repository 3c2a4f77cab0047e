// Who is calling, once per connection, and what each identity did: for limits, log and status. Promises: an identity
// holds no longer than its certificate; a refusal is told with its reason; what is kept is bounded by the number of
// identities that the CA has made.

import type { Emit } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Exchange, Peer } from "../platform/http-server.ts";
import { bearerOf } from "./bearer.ts";
import { refused } from "./events.ts";
import { type Caller, callerOf } from "./identity.ts";
import type { Tokens } from "./tokens.ts";

/** What one identity did. */
export interface Activity {
  readonly name: string;
  /** ms since 1970. */
  lastSeen: number;
  requests: number;
  /** Bytes of its appends. */
  bytes: number;
}

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
      const activity = this.#activityOf(caller.identity.name);
      activity.requests++;
      activity.lastSeen = this.#clock.now();
    }
    return caller;
  }

  appended({ name }: { readonly name: string }, bytes: number): void {
    this.#activityOf(name).bytes += bytes;
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

  #activityOf(name: string): Activity {
    let activity = this.#activities.get(name);
    if (activity === undefined) {
      activity = { name, lastSeen: 0, requests: 0, bytes: 0 };
      this.#activities.set(name, activity);
    }
    return activity;
  }
}
