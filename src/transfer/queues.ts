// The files that want to be served at one destination, in four queues: `live` (few bytes behind), `new` (small, and
// nobody can have heard of it), `cold` (never asked about yet), `bulk` (a large backlog). Each file waits in one of
// them at the most.

import type { Progress, Queue } from "./progress.ts";

export class Queues {
  readonly #lists: Readonly<Record<Queue, Fifo<Progress>>> = {
    live: new Fifo(),
    new: new Fifo(),
    cold: new Fifo(),
    bulk: new Fifo(),
  };

  /** Puts `progress` at the end of `queue`; one that waits in a slower queue is moved to a faster one. */
  add(progress: Progress, queue: Queue): void {
    if (progress.queue === queue || (progress.queue === "live" && queue === "cold")) return;
    progress.queue = queue; // its place in the other list is passed over when it comes up there
    this.#lists[queue].push(progress);
  }

  /** Takes the first of `queue`, or undefined. */
  take(queue: Queue): Progress | undefined {
    for (;;) {
      const progress = this.#lists[queue].shift();
      if (progress === undefined) return undefined;
      if (progress.queue !== queue) continue; // it was moved
      progress.queue = undefined;
      return progress;
    }
  }

  isEmpty(queue: Queue): boolean {
    const list = this.#lists[queue];
    while (list.first() !== undefined && list.first()?.queue !== queue) list.shift();
    return list.first() === undefined;
  }

  /** Forgets one that is no longer held. */
  remove(progress: Progress): void {
    progress.queue = undefined;
  }
}

/** First in, first out, in amortised constant time. */
class Fifo<T> {
  #items: T[] = [];
  #at = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  first(): T | undefined {
    return this.#items[this.#at];
  }

  shift(): T | undefined {
    const item = this.#items[this.#at];
    if (item === undefined) return undefined;
    this.#at++;
    if (this.#at > 1024 && this.#at * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#at);
      this.#at = 0;
    }
    return item;
  }
}
