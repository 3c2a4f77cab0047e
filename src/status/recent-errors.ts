// The last warnings and errors, for whoever asks how things are: the log has all of them, this the few that matter
// now. The same one again moves to the end instead of pushing others out. What is told regularly of the state itself
// is left out: the document has that already.

import type { Emit, Event } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { RecentError } from "./client-document.ts";
import { iso } from "./units.ts";

const MOST = 20;
const REGULAR = new Set(["destination-status"]);

export class RecentErrors {
  readonly #clock: Clock;
  readonly #emit: Emit;
  /** By name and text, the last one told at the end. */
  readonly #last = new Map<string, { readonly event: Event; readonly at: number }>();

  /** `emit`: where every event goes on to. */
  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  readonly emit: Emit = (event) => {
    this.#emit(event);
    if ((event.level !== "warn" && event.level !== "error") || REGULAR.has(event.name)) return;
    const key = `${event.name} ${event.text}`;
    this.#last.delete(key);
    this.#last.set(key, { event, at: this.#clock.now() });
    if (this.#last.size <= MOST) return;
    for (const oldest of this.#last.keys()) {
      this.#last.delete(oldest);
      break;
    }
  };

  /** The last one first. */
  list(): RecentError[] {
    return [...this.#last.values()].reverse().map(({ event, at }) => ({
      at: iso(at),
      level: event.level === "error" ? "error" : "warn",
      event: event.name,
      text: event.text,
    }));
  }
}
