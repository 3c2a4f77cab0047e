// The last hour in a fixed number of points, for the plots of the page: how far behind and how fast, by destination, or
// how fast, by host. Fed with their counters every few seconds. Memory is bounded: so many points for so many
// series, whatever comes and goes. Pure.

/** Points of a series, and ms that each stands for: an hour. */
export const POINTS = 120;
export const POINT = 30_000;
/** Hosts beyond these have no plot. */
const MOST_SERIES = 1_000;
/** The name of all hosts together. */
export const ALL_HOSTS = "";

/** What one destination or host shows now. */
export interface Reading {
  readonly name: string;
  /** Since the start. */
  readonly bytes: number;
  /** Of destinations only. */
  readonly backlog?: number;
}

/** Of one destination or host, the oldest point first; null: nothing is known of that time. */
export interface SeriesDocument {
  readonly name: string;
  /** The most in that time; of destinations only. */
  readonly backlog_bytes?: readonly (number | null)[];
  readonly bytes_per_second: readonly (number | null)[];
}

export interface HistoryDocument {
  readonly schema: 1;
  readonly now: string;
  readonly point_seconds: number;
  readonly series: readonly SeriesDocument[];
}

interface Series {
  readonly backlog: Float32Array | undefined;
  readonly bytes: Float64Array;
  /** What its counter showed last. */
  total: number;
}

export class History {
  readonly #series = new Map<string, Series>();
  /** Seconds that each point covers. */
  readonly #seconds = new Float64Array(POINTS);
  /** The point that is being filled, counted from the first; and when it was sampled. */
  #point = -1;
  #startedAt = 0;
  #sampledAt = 0;

  /** `now`: monotonic ms. */
  sample(readings: Iterable<Reading>, now: number): void {
    const first = this.#point < 0;
    if (first) this.#startedAt = now;
    const point = Math.floor((now - this.#startedAt) / POINT);
    for (let next = Math.max(this.#point, point - POINTS) + 1; next <= point; next++) this.#clear(next % POINTS);
    this.#point = point;
    this.#seconds[point % POINTS] = (this.#seconds[point % POINTS] ?? 0) + (first ? 0 : (now - this.#sampledAt) / 1000);
    this.#sampledAt = now;
    // What comes later than the first sample began at 0.
    for (const reading of readings) this.#note(reading, first ? reading.bytes : 0);
  }

  document(now: string): HistoryDocument {
    const series = [...this.#series].map(([name, { backlog, bytes }]) => ({
      name,
      ...(backlog === undefined ? {} : { backlog_bytes: this.#inOrder((at) => backlog[at]) }),
      bytes_per_second: this.#inOrder((at) => Math.round((bytes[at] ?? 0) / (this.#seconds[at] ?? 0))),
    }));
    return { schema: 1, now, point_seconds: POINT / 1000, series };
  }

  #note({ name, bytes: total, backlog }: Reading, before: number): void {
    let series = this.#series.get(name);
    if (series === undefined) {
      if (this.#series.size >= MOST_SERIES) return;
      series = {
        backlog: backlog === undefined ? undefined : new Float32Array(POINTS).fill(Number.NaN),
        bytes: new Float64Array(POINTS).fill(Number.NaN),
        total: before,
      };
      this.#series.set(name, series);
    }
    const at = this.#point % POINTS;
    series.bytes[at] = (series.bytes[at] || 0) + Math.max(0, total - series.total);
    series.total = total;
    if (series.backlog !== undefined) series.backlog[at] = Math.max(series.backlog[at] || 0, backlog ?? 0);
  }

  #clear(at: number): void {
    this.#seconds[at] = 0;
    for (const { backlog, bytes } of this.#series.values()) {
      backlog?.fill(Number.NaN, at, at + 1);
      bytes.fill(Number.NaN, at, at + 1);
    }
  }

  /** The oldest first. */
  #inOrder(valueAt: (at: number) => number | undefined): (number | null)[] {
    return Array.from({ length: POINTS }, (_, i) => {
      const point = this.#point - (POINTS - 1 - i);
      const value = point < 0 ? undefined : valueAt(point % POINTS);
      return value === undefined || !Number.isFinite(value) ? null : value;
    });
  }
}
