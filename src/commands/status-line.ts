// The client's words about itself: when it starts and stops, and every `status_interval` one line for each
// destination: in sync, sending or in error, how much was sent and how far behind it is.

import { type Emit, type Event, info, warn } from "../base/events.ts";
import type { Clock, Timer } from "../platform/clock.ts";
import type { SpoolCounts } from "../spool/spools.ts";
import type { Destination } from "../transfer/destination.ts";

export const clientStarted = (version: string, config: string, destinations: readonly Destination[]): Event =>
  info(
    "client-started",
    `shaftlog ${version} client, pid ${process.pid}, ${config}, to ${destinations.map(({ url }) => url).join(" and ")}`,
  );

export const clientStopped = (): Event =>
  info("client-stopped", "stopped; what is not delivered yet goes on at the next start");

/** `days` until our certificate expires, where there is one. */
const destinationStatus = (destination: Destination, rate: number, days: number | undefined): Event => {
  const { state, backlog, behind, faults } = destination.summary();
  const { trouble } = destination.outage;
  const text =
    `${destination.url} ${state}: ${backlog} bytes behind in ${behind} files, ` +
    `${destination.bytesSent} bytes sent, ${Math.round(rate)} bytes/s` +
    (faults > 0 ? `, ${faults} files not taken` : "") +
    (days === undefined
      ? ""
      : days < 0
        ? ", our certificate has expired"
        : `, our certificate expires in ${days} days`) +
    (trouble === undefined ? "" : `, ${trouble}`);
  return state === "in error" ? warn("destination-status", text) : info("destination-status", text);
};

const spoolStatus = ({ entries, released, bytesOnlyHere }: SpoolCounts): Event =>
  info(
    "spool-status",
    `${entries} files held, ${released} released since start, ${bytesOnlyHere} bytes that only the spool holds`,
  );

export class StatusLine {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #interval: number;
  readonly #destinations: readonly Destination[];
  readonly #counts: () => SpoolCounts;
  readonly #daysLeft: (index: number) => number | undefined;
  readonly #sentBefore = new Map<Destination, number>();
  #at: number;
  #timer: Timer | undefined;

  constructor(
    clock: Clock,
    emit: Emit,
    interval: number,
    destinations: readonly Destination[],
    counts: () => SpoolCounts,
    daysLeft: (index: number) => number | undefined,
  ) {
    this.#clock = clock;
    this.#emit = emit;
    this.#interval = interval;
    this.#destinations = destinations;
    this.#counts = counts;
    this.#daysLeft = daysLeft;
    this.#at = clock.elapsed();
    this.#next();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #next(): void {
    this.#timer = this.#clock.after(this.#interval, () => {
      this.#tell();
      this.#next();
    });
  }

  #tell(): void {
    const seconds = Math.max(0.001, (this.#clock.elapsed() - this.#at) / 1000);
    this.#at = this.#clock.elapsed();
    this.#emit(spoolStatus(this.#counts()));
    for (const [i, destination] of this.#destinations.entries()) {
      const sent = destination.bytesSent - (this.#sentBefore.get(destination) ?? 0);
      this.#sentBefore.set(destination, destination.bytesSent);
      this.#emit(destinationStatus(destination, sent / seconds, this.#daysLeft(i)));
    }
  }
}
