// The progress of sync-once for people, on stderr: one line that is redrawn on a terminal, a line now and then
// elsewhere, nothing where asked for silence.

import type { Clock } from "../platform/clock.ts";

const EVERY_ON_TERMINAL = 250;
const EVERY_ELSEWHERE = 10_000;

export interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface Totals {
  readonly goal: number;
  readonly done: number;
  readonly files: number;
}

export class SyncProgress {
  readonly #out: ProgressOutput | undefined;
  readonly #clock: Clock;
  readonly #began: number;
  #shownAt: number;
  #first: number | undefined;
  #drawn = false;

  /** `out` undefined: silence. */
  constructor(out: ProgressOutput | undefined, clock: Clock) {
    this.#out = out;
    this.#clock = clock;
    this.#began = clock.elapsed();
    this.#shownAt = this.#began;
  }

  /** Called often; shows something when it is time to. */
  show(totals: () => Totals): void {
    if (this.#out === undefined) return;
    const now = this.#clock.elapsed();
    const terminal = this.#out.isTTY === true;
    if (now - this.#shownAt < (terminal ? EVERY_ON_TERMINAL : EVERY_ELSEWHERE)) return;
    this.#shownAt = now;
    const line = this.#line(totals(), now);
    if (!terminal) {
      this.#out.write(`${line}\n`);
      return;
    }
    this.#drawn = true;
    this.#out.write(`\r\x1b[K${line.slice(0, Math.max(20, (this.#out.columns ?? 80) - 1))}`);
  }

  /** Takes the redrawn line away. */
  clear(): void {
    if (this.#drawn) this.#out?.write("\r\x1b[K");
    this.#drawn = false;
  }

  #line({ goal, done, files }: Totals, now: number): string {
    this.#first ??= done;
    const rate = ((done - this.#first) * 1000) / Math.max(1, now - this.#began);
    const percent = goal === 0 ? 100 : Math.floor((done * 100) / goal);
    const left = rate > 0 ? `, ${duration((goal - done) / rate)} left` : "";
    return `${percent} %, ${size(done)} of ${size(goal)}, ${files} files, ${size(rate)}/s${left}`;
  }
}

/** Bytes for people: `12.3 MiB`. */
export function size(bytes: number): string {
  let value = bytes;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (value < 1024) return `${unit === "B" ? Math.round(value) : value.toFixed(1)} ${unit}`;
    value /= 1024;
  }
  return `${value.toFixed(1)} TiB`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
