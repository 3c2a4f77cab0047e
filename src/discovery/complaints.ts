// What keeps going wrong is told when it begins, when it changes, and hourly; not at each scan. Where one scan
// finds very many of a kind, the first few are told and the rest are counted.

import { type Emit, type Event, warn } from "../base/events.ts";
import type { Bytes } from "../base/text.ts";
import type { Clock } from "../platform/clock.ts";
import * as events from "./events.ts";
import type { Trouble } from "./walk.ts";

const HOUR = 3_600_000;
/** Events of one name told one by one between two ends of a scan. */
const FEW = 20;

interface Complaint {
  readonly text: string;
  readonly toldAt: number;
  round: number;
}

export class Complaints {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #known = new Map<string, Complaint>();
  readonly #told = new Map<string, number>();
  #round = 0;

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** `subject`: what is wrong with what; one complaint each. */
  tell(subject: string, event: Event): void {
    const known = this.#known.get(subject);
    const now = this.#clock.elapsed();
    if (known !== undefined && known.text === event.text && now - known.toldAt < HOUR) {
      known.round = this.#round;
      return;
    }
    this.#known.set(subject, { text: event.text, toldAt: now, round: this.#round });
    const count = (this.#told.get(event.name) ?? 0) + 1;
    this.#told.set(event.name, count);
    if (count <= FEW) this.#emit(event);
  }

  /** What a walk met with. */
  trouble(kind: Trouble, path: Bytes, reason: string): void {
    if (kind === "exhausted") this.tell(kind, events.exhausted(reason));
    else if (kind === "unreadable") this.tell(`${kind} ${path}`, events.unreadable(path, reason));
    else this.tell(`${kind} ${path}`, events.linkNotFollowed(path, reason));
  }

  /** A full scan ends: what it did not find wrong is forgotten, and told again should it come back. */
  endScan(): void {
    for (const [name, count] of this.#told) if (count > FEW) this.#emit(more(name, count - FEW));
    this.#told.clear();
    for (const [subject, { round }] of this.#known) if (round < this.#round) this.#known.delete(subject);
    this.#round++;
  }
}

function more(name: string, count: number): Event {
  return warn("and-more", `Not told one by one: ${count} more of ${name} in this scan`);
}
