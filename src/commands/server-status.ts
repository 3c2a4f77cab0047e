// The server's status line, every `status_interval`: what was done since the last one and in total. For people
// and for graphs; nothing depends on it.

import { type Emit, info } from "../base/events.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { Store } from "../store/store.ts";

/** Runs from its making until `stop`. */
export class ServerStatus {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #interval: number;
  readonly #ingest: Ingest;
  readonly #store: Store;
  #timer: Timer;
  #bytes = 0;

  constructor(clock: Clock, emit: Emit, interval: number, ingest: Ingest, store: Store) {
    this.#clock = clock;
    this.#emit = emit;
    this.#interval = interval;
    this.#ingest = ingest;
    this.#store = store;
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
    this.#emit(
      info(
        "server-status",
        `${connections} connections; ${files} files appended to, ${since} bytes since the last line, ${bytes} in total; requests: ${requests}`,
      ),
    );
  }
}
