// The server's status line, every `status_interval`: what was done since the last one and in total, and one line for
// each identity that did anything. For people and for graphs; nothing depends on it.

import { type Emit, type Event, info } from "../base/events.ts";
import { quoteText } from "../base/text.ts";
import type { Activity } from "../ingest/callers.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Store } from "../store/store.ts";
import type { ServerCredentials } from "./server-credentials.ts";

/** Runs from its making until `stop`. */
export class ServerStatus {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #interval: number;
  readonly #ingest: Ingest;
  readonly #store: Store;
  readonly #credentials: ServerCredentials;
  /** Requests of each identity when it was last told. */
  readonly #told = new Map<string, number>();
  #timer: Timer;
  #bytes = 0;

  constructor(
    clock: Clock,
    emit: Emit,
    interval: number,
    ingest: Ingest,
    store: Store,
    credentials: ServerCredentials,
  ) {
    this.#clock = clock;
    this.#emit = emit;
    this.#interval = interval;
    this.#ingest = ingest;
    this.#store = store;
    this.#credentials = credentials;
    this.#timer = this.#next();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#clock.after(this.#interval, () => {
      this.#tell();
      this.#timer = this.#next();
    });
  }

  #tell(): void {
    const { connections, asked, appended, notAtEnd, refused, failed, torn } = this.#ingest.counts();
    const { bytes, files } = this.#store.counts();
    const since = bytes - this.#bytes;
    this.#bytes = bytes;
    const requests = `${appended} appended, ${asked} asked, ${notAtEnd} not at end, ${refused} refused, ${failed} failed, ${torn} torn`;
    const { daysLeft } = this.#credentials;
    const certificates = daysLeft === undefined ? "" : `; certificates hold for ${daysLeft} days`;
    this.#emit(
      info(
        "server-status",
        `${connections} connections; ${files} files appended to, ${since} bytes since the last line, ${bytes} in total; requests: ${requests}${certificates}`,
      ),
    );
    for (const activity of this.#ingest.activities()) {
      // Who is not asked who he is has no identity to tell of.
      if (activity.prefix === undefined || this.#told.get(activity.name) === activity.requests) continue;
      this.#told.set(activity.name, activity.requests);
      this.#emit(identityStatus(activity));
    }
  }
}

/** Told for each identity that asked anything since its last line. */
function identityStatus({ name, lastSeen, requests, bytes }: Activity): Event {
  const at = new Date(lastSeen).toISOString();
  return info("identity-status", `${quoteText(name)}: last seen ${at}, ${requests} requests, ${bytes} bytes appended`);
}
