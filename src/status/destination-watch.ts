// What is to be told of one destination, beyond what it tells of itself: what it lacks and since when, and what was
// wrong with it last. Hears what the destination hears of the spool, what changes there, and what it says to the
// operator; decides nothing.

import type { Emit, Event } from "../base/events.ts";
import type { Clock } from "../platform/clock.ts";
import type { Entry, Generation, SpoolListener } from "../spool/entry.ts";
import type { Destination } from "../transfer/destination.ts";
import type { Progress } from "../transfer/progress.ts";
import { Behind } from "./behind.ts";
import type { LastError } from "./client-document.ts";
import { iso } from "./units.ts";

/** ms since 1970. */
interface Trouble {
  readonly event: Event;
  readonly since: number;
  readonly at: number;
}

export class DestinationWatch implements SpoolListener {
  readonly destination: Destination;
  readonly behind: Behind;
  /** Told as well after every change of what a file owes. */
  readonly alsoChanged = new Set<(progress: Progress) => void>();
  readonly #clock: Clock;
  #last: Trouble | undefined;
  /** The last trouble was told to be over. */
  #over = false;

  /** `make`: the destination, which says what it has to say to the `emit` that it is given. */
  constructor(clock: Clock, emit: Emit, make: (emit: Emit) => Destination) {
    this.#clock = clock;
    this.behind = new Behind(clock);
    this.destination = make((event) => {
      this.#heard(event);
      emit(event);
    });
    this.destination.onChange = (progress) => {
      this.behind.update(progress);
      for (const tell of this.alsoChanged) tell(progress);
    };
  }

  /** SpoolListener, behind the destination. */
  added(generation: Generation): void {
    this.#look(generation);
  }

  changed({ generations }: Entry): void {
    for (const generation of generations) this.#look(generation);
  }

  released(generation: Generation): void {
    this.behind.remove(generation);
  }

  lastError(): LastError | null {
    const { outage } = this.destination;
    if (outage.trouble !== undefined && (this.#last === undefined || this.#over)) {
      // It is told to the operator once it has lasted for a moment.
      const now = this.#clock.now();
      const since = iso(now - (this.#clock.elapsed() - outage.since));
      return { text: outage.trouble, event: "destination-unreachable", since, at: iso(now) };
    }
    if (this.#last === undefined) return null;
    const { event, since, at } = this.#last;
    return { text: event.text, event: event.name, since: iso(since), at: iso(at) };
  }

  #look(generation: Generation): void {
    const progress = this.destination.progressOf(generation);
    if (progress !== undefined) this.behind.update(progress);
  }

  #heard(event: Event): void {
    if (event.name === "destination-recovered" || event.name === "file-recovered") this.#over = true;
    if (event.level !== "error") return;
    const at = this.#clock.now();
    const goesOn = !this.#over && this.#last?.event.name === event.name;
    const since = goesOn ? (this.#last?.since ?? at) : at - this.#outageFor();
    this.#last = { event, since, at };
    this.#over = false;
  }

  /** For how long there is trouble with all of it, in ms. */
  #outageFor(): number {
    const outage = this.destination?.outage;
    return outage?.trouble === undefined ? 0 : this.#clock.elapsed() - outage.since;
  }
}
