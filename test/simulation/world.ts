// Virtual time and the lives of processes. Everything that happens is an event in one queue; between two events
// all promise jobs run (one turn of Node's loop), and nothing else does: no timer, no socket, no disk of this
// machine. A process that is killed gets no event any more, and each of its calls into a port throws `Killed`.
// A violation is recorded, not thrown, since the code under test might catch it.

import { Prng } from "./prng.ts";

/** Thrown into the code of a process that was killed in the middle of a call. */
export class Killed extends Error {
  override readonly name = "Killed";
}

/** One process from its start to its end. */
export class Life {
  readonly name: string;
  readonly bornAt: number;
  alive = true;
  /** Calls of the kernel until it is killed. */
  fuse = Number.POSITIVE_INFINITY;
  /** What the kernel does when it ends: closes descriptors, gives locks back, breaks connections. */
  readonly endings: (() => void)[] = [];
  /** Open descriptors. */
  open = 0;

  constructor(name: string, bornAt: number) {
    this.name = name;
    this.bornAt = bornAt;
  }

  end(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const ending of this.endings) ending();
  }
}

export interface Planned {
  readonly at: number;
  readonly order: number;
  readonly life: Life | undefined;
  /** Returns "quiet" where no code under test was entered. */
  run: (() => unknown) | undefined;
}

/** No schedule has more; some process goes round in circles. */
const MOST_EVENTS = 1_000_000;

export interface Trace {
  line(text: string): void;
}

export class World {
  readonly prng: Prng;
  now = 0;
  /** The first breach of an invariant. */
  violation: string | undefined;
  /** Names of files that the client said were stopped as diverged. */
  readonly diverged = new Set<string>();
  /** Those of them that nobody but the operator brings further, at the end. */
  stopped = 0;
  events = 0;
  readonly #trace: Trace | undefined;
  readonly #heap: Planned[] = [];
  #order = 0;
  #hash = 0;
  #killed = false;

  constructor(seed: number, trace: Trace | undefined) {
    this.prng = new Prng(seed);
    this.#trace = trace;
  }

  /** Of everything that happened, in its order. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  violate(text: string): void {
    this.violation ??= text;
    this.note(() => `VIOLATION ${text}`);
  }

  /** For whoever replays a seed. */
  note(text: () => string): void {
    this.#trace?.line(`${this.now.toFixed(3).padStart(11)} ${text()}`);
  }

  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193);
    this.#hash ^= this.#hash >>> 15;
  }

  after(ms: number, run: () => unknown, life?: Life): Planned {
    const planned: Planned = { at: exact(this.now + Math.max(0, ms)), order: this.#order++, life, run };
    this.#push(planned);
    return planned;
  }

  /** One call of `life` into its kernel. Throws where it is dead, or dies here. */
  enter(life: Life): void {
    if (life.alive && --life.fuse > 0) return;
    if (life.alive) {
      this.note(() => `${life.name} is killed inside a call`);
      this.kill(life);
    }
    throw new Killed();
  }

  kill(life: Life): void {
    this.#killed = true;
    life.end();
  }

  /** Something was thrown, or a promise rejected, and nobody in the code under test cared. */
  uncaught(reason: unknown): void {
    if (reason instanceof Killed || this.#killed) return;
    this.violate(`not caught: ${wordsOf(reason)}`);
  }

  /** Lets `ms` pass, or less where something was violated or `enough` says so. */
  pass(ms: number, enough: () => boolean = () => false): Promise<void> {
    const until = this.now + ms;
    return new Promise((resolve) => {
      const turn = () => {
        for (;;) {
          this.#killed = false;
          const planned = this.violation === undefined && !enough() ? this.#take(until) : undefined;
          if (planned === undefined) {
            if (this.violation === undefined && !enough()) this.now = Math.max(this.now, exact(until));
            resolve();
            return;
          }
          if (this.#run(planned) !== "quiet") break;
        }
        setImmediate(turn);
      };
      setImmediate(turn);
    });
  }

  /** Calls into the code of a process from outside; what it throws is a violation unless it was killed. */
  guard(life: Life, run: () => unknown): unknown {
    if (!life.alive) return "quiet";
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Killed) && life.alive) {
        this.violate(`${life.name} threw: ${wordsOf(error)}`);
      }
      return undefined;
    }
  }

  #run(planned: Planned): unknown {
    if (++this.events > MOST_EVENTS) this.violate("there is no end of events");
    this.mix(planned.order);
    const { run, life } = planned;
    planned.run = undefined;
    if (run === undefined) return "quiet";
    if (life !== undefined) return this.guard(life, run);
    try {
      return run();
    } catch (error) {
      if (!(error instanceof Killed)) this.violate(`the simulation broke: ${wordsOf(error)}`);
      return undefined;
    }
  }

  #take(until: number): Planned | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > until) return undefined;
      this.#pop();
      if (first.run === undefined || first.life?.alive === false) continue;
      this.now = Math.max(this.now, first.at);
      return first;
    }
  }

  #push(planned: Planned): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(planned);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(planned, heap[parent] as Planned)) break;
      heap[at] = heap[parent] as Planned;
      at = parent;
    }
    heap[at] = planned;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Planned;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Planned, heap[child] as Planned)) child++;
      if (!isBefore(heap[child] as Planned, last)) break;
      heap[at] = heap[child] as Planned;
      at = child;
    }
    heap[at] = last;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Times are multiples of 2^-10 ms, so that sums and differences of them are exact. */
export function exact(ms: number): number {
  return Math.ceil(ms * 1024) / 1024;
}

function isBefore(a: Planned, b: Planned): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
