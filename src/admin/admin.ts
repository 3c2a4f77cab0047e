// The admin listener: metrics, health, the status document, the hour's history, and the page that shows them.
// Promises: nothing can be changed through it; while nobody asks, one look every few seconds is all it costs; before
// `serve` and after `stopping` it says that the process is not ready. docs/OPERATIONS.md, "Watching".

import { codeOf, describe, StartFailure } from "../base/errors.ts";
import type { Emit, Event } from "../base/events.ts";
import type { AdminAnswer, AdminListener } from "../platform/admin-http.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import { adminExposed, adminListening } from "./events.ts";
import { reasonsAgainst, type Status } from "./health.ts";
import { History, type Reading } from "./history.ts";
import { createMetrics, type Metrics, type Surroundings } from "./metrics.ts";
import { type AdminOptions, authorityOf } from "./options.ts";
import type { Page } from "./page.ts";

/** ms between two looks. */
const EVERY = 5_000;
const JSON_TYPE = "application/json; charset=utf-8";

export interface AdminParts {
  readonly role: "client" | "server";
  readonly options: AdminOptions;
  /** Of the configuration file, for messages. */
  readonly path: string;
  readonly clock: Clock;
  readonly listen: (
    options: AdminOptions,
    answer: (path: string) => AdminAnswer | Promise<AdminAnswer>,
  ) => Promise<AdminListener>;
  readonly surroundings: Surroundings;
  readonly page: Page;
}

/** What is told of. */
export interface Subject {
  readonly status: () => Status | Promise<Status>;
  /** What the history keeps; asked for every few seconds. */
  readonly readings: () => Iterable<Reading>;
  /** Bytes below which a server takes no appends. */
  readonly leastFree: (space: { readonly size_bytes: number | null }) => number;
  /** Why it does not work yet, or undefined where it does. */
  readonly notReady: () => string | undefined;
}

/** Open from `open` until `stop`. */
export class Admin {
  readonly #parts: AdminParts;
  readonly #metrics: Metrics;
  readonly #history = new History();
  #listener: AdminListener | undefined;
  #subject: Subject | undefined;
  #stopping = false;
  #timer: Timer | undefined;

  private constructor(parts: AdminParts) {
    this.#parts = parts;
    this.#metrics = createMetrics(parts.role, parts.surroundings);
  }

  /** Throws StartFailure where the address cannot be had. */
  static async open(parts: AdminParts): Promise<Admin> {
    const admin = new Admin(parts);
    try {
      admin.#listener = await parts.listen(parts.options, (path) => admin.#answer(path));
    } catch (error) {
      const remedy =
        codeOf(error) === "EADDRINUSE"
          ? "stop what listens there (ss -ltnp), or set another port"
          : "check the address";
      throw new StartFailure(
        `Cannot listen on ${authorityOf(parts.options)} (admin.listen): ${describe(error)}; ${remedy} (${parts.path})`,
      );
    }
    return admin;
  }

  /** From here on it tells of `subject`, and of what is told by `emit`. */
  serve(subject: Subject, emit: Emit): void {
    this.#subject = subject;
    if (this.#listener !== undefined) {
      const { address, port, loopback } = this.#listener;
      const authority = authorityOf({ host: address, port });
      emit(adminListening(authority));
      if (!loopback) emit(adminExposed(authority));
    }
    this.#look(subject);
  }

  /** An event was told to the operator. */
  told({ level, name }: Event): void {
    this.#metrics.told(level, name);
  }

  /** A sync of a file took so many seconds. */
  synced(seconds: number): void {
    this.#metrics.synced(seconds);
  }

  /** The process has been told to end: it is not ready any more. */
  stopping(): void {
    this.#stopping = true;
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#listener?.close();
  }

  #look(subject: Subject): void {
    this.#history.sample(subject.readings(), this.#parts.clock.elapsed());
    this.#timer = this.#parts.clock.after(EVERY, () => this.#look(subject));
  }

  #answer(path: string): AdminAnswer | Promise<AdminAnswer> {
    const { html, policy } = this.#parts.page;
    const subject = this.#subject;
    switch (path) {
      case "/":
        return { status: 200, type: "text/html; charset=utf-8", body: html, policy };
      case "/readyz":
        return verdict(this.#notReady());
      case "/healthz":
      case "/metrics":
      case "/status":
      case "/history":
        return subject === undefined ? verdict(this.#notReady()) : this.#tell(path, subject);
      default:
        return {
          status: 404,
          type: "text/plain; charset=utf-8",
          body: "There is nothing here but /, /status, /history, /metrics, /healthz and /readyz\n",
        };
    }
  }

  async #tell(path: string, subject: Subject): Promise<AdminAnswer> {
    const status = await subject.status();
    switch (path) {
      case "/healthz":
        return verdict(reasonsAgainst(status, status.role === "server" ? subject.leastFree(status) : 0));
      case "/status":
        return { status: 200, type: JSON_TYPE, body: JSON.stringify(status) };
      case "/history":
        return { status: 200, type: JSON_TYPE, body: JSON.stringify(this.#history.document(status.now)) };
      default:
        return { status: 200, type: this.#metrics.contentType, body: await this.#metrics.text(status) };
    }
  }

  #notReady(): readonly string[] {
    if (this.#stopping) return ["it is being stopped"];
    const reason = this.#subject === undefined ? "it is being started" : this.#subject.notReady();
    return reason === undefined ? [] : [reason];
  }
}

/** 200, or 503 with the reasons. */
function verdict(reasons: readonly string[]): AdminAnswer {
  const ok = reasons.length === 0;
  return { status: ok ? 200 : 503, type: JSON_TYPE, body: `${JSON.stringify({ ok, reasons })}\n` };
}
