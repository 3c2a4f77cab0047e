// How much of what is said gets into the log. Promises: the same warning or error at most once a minute, and at
// most so many lines of one kind a minute, each with a count of what was left out told afterwards; memory is
// bounded by that. Pure: time is passed in.

import type { Event } from "../base/events.ts";

/** ms. */
export const QUOTA_WINDOW = 60_000;
/** Distinct lines of one event name within a window. */
export const QUOTA_LINES = 200;

interface Window {
  readonly since: number;
  /** How often each text came again. */
  readonly again: Map<string, { readonly event: Event; count: number }>;
  printed: number;
  /** The last event that was left out for the sheer number. */
  dropped: Event | undefined;
  droppedCount: number;
}

export class LogQuota {
  readonly #windows = new Map<string, Window>();

  /** What to print for `event`, which may be nothing, or more where an older window has ended. */
  offer(event: Event, now: number): Event[] {
    if (event.level === "debug") return [event];
    const due = this.#expire(event.name, now);
    let window = this.#windows.get(event.name);
    if (window === undefined) {
      window = { since: now, again: new Map(), printed: 0, dropped: undefined, droppedCount: 0 };
      this.#windows.set(event.name, window);
    }
    const known = window.again.get(event.text);
    if (known !== undefined) {
      known.count++;
      return due;
    }
    if (window.printed >= QUOTA_LINES) {
      window.dropped = event;
      window.droppedCount++;
      return due;
    }
    window.printed++;
    if (event.level !== "info") window.again.set(event.text, { event, count: 0 });
    return [...due, event];
  }

  /** What was left out and is due to be told: of windows that have ended, or of all. */
  summary(now: number, all: boolean): Event[] {
    return [...this.#windows.keys()].flatMap((name) => this.#expire(name, all ? Number.POSITIVE_INFINITY : now));
  }

  #expire(name: string, now: number): Event[] {
    const window = this.#windows.get(name);
    if (window === undefined || now - window.since < QUOTA_WINDOW) return [];
    this.#windows.delete(name);
    const due: Event[] = [];
    for (const { event, count } of window.again.values()) {
      if (count > 0) due.push({ ...event, text: `${event.text} (${count} more within a minute)` });
    }
    if (window.dropped !== undefined) {
      const { level, text } = window.dropped;
      due.push({ name, level, text: `${window.droppedCount} more of these within a minute, the last: ${text}` });
    }
    return due;
  }
}
