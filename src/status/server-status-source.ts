// From the running server to its document. Promises: made at once from counters that are kept anyhow; costs nothing
// while nobody asks but a reading of a counter for each identity every two seconds.

import type { Bytes } from "../base/text.ts";
import type { Activity } from "../ingest/callers.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { Clock } from "../platform/clock.ts";
import type { Directory } from "../platform/files.ts";
import type { Quota } from "../store/options.ts";
import type { Store } from "../store/store.ts";
import { Rates } from "./rates.ts";
import type { RecentErrors } from "./recent-errors.ts";
import type { IdentityStatus, ServerStatusDocument } from "./server-document.ts";
import { iso, seconds, spaceOf } from "./units.ts";

export interface ServerStatusParts {
  readonly clock: Clock;
  readonly version: string;
  readonly pid: number;
  readonly config: string;
  readonly fsync: boolean;
  readonly quota: Quota;
  /** ms; an identity that is silent for longer is missing. */
  readonly expectedInterval: number;
  readonly root: Directory;
  readonly ingest: Ingest;
  readonly store: Store;
  readonly errors: RecentErrors;
  /** Days until the first of the server's certificates ends. */
  readonly daysLeft: () => number | undefined;
}

/** For the bytes of the server as a whole. */
const ALL = Symbol("all");

/** Open from its making until `stop`. */
export class ServerStatusSource {
  readonly #parts: ServerStatusParts;
  readonly #startedAt: number;
  readonly #rates: Rates<string | typeof ALL>;

  constructor(parts: ServerStatusParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    const { ingest, store } = parts;
    this.#rates = new Rates<string | typeof ALL>(parts.clock, function* () {
      yield [ALL, store.totals.bytes] as const;
      for (const { name, bytes } of ingest.activities()) yield [name, bytes] as const;
    });
  }

  document(): ServerStatusDocument {
    const { clock, version, pid, config, fsync, root, ingest, store, errors, daysLeft } = this.#parts;
    const { connections, appended, asked, notAtEnd, refused, failed, torn } = ingest.counts();
    const { files, bytes } = store.totals;
    const { address } = ingest;
    return {
      schema: 1,
      role: "server",
      version,
      pid,
      config,
      started_at: iso(this.#startedAt),
      now: iso(clock.now()),
      address: `${address.includes(":") ? `[${address}]` : address}:${ingest.port}`,
      connections,
      files,
      bytes,
      requests: { appended, asked, not_at_end: notAtEnd, refused, failed, torn },
      rate_bytes_per_second: this.#rates.of(ALL, bytes),
      fsync,
      ...spaceOf(root),
      certificate_days_left: daysLeft() ?? null,
      identities: [...ingest.activities()]
        .map((activity) => this.#identity(activity))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      errors: errors.list(),
    };
  }

  stop(): void {
    this.#rates.stop();
  }

  #identity({ name, prefix, lastSeen, bytes }: Readonly<Activity>): IdentityStatus {
    const { clock, expectedInterval } = this.#parts;
    const silence = Math.max(0, clock.now() - lastSeen);
    return {
      name,
      last_seen: iso(lastSeen),
      bytes,
      ...this.#held(prefix),
      rate_bytes_per_second: this.#rates.of(name, bytes),
      silent_seconds: seconds(silence),
      silent: silence > expectedInterval,
    };
  }

  #held(prefix: Bytes | undefined): Pick<IdentityStatus, "files" | "bytes_held" | "quota"> {
    const account = prefix === undefined ? undefined : this.#parts.store.accountOf(prefix);
    if (account === undefined) return { files: null, bytes_held: null, quota: null };
    const { files, bytes } = this.#parts.quota;
    return {
      files: account.files,
      bytes_held: account.bytes,
      quota: { files: finite(files), bytes: finite(bytes) },
    };
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
