// What a metric is, before any library sees it: its name and unit by the conventions of Prometheus, and where its
// values come from. The tables in client-metrics.ts and server-metrics.ts are all there is; docs/OPERATIONS.md lists
// the same, and a test compares. Pure.

export type Labels = Readonly<Record<string, string>>;

/** One value of a metric; undefined or null: there is none now. */
export type Sample = readonly [labels: Labels, value: number | null | undefined];

export interface Metric<Source> {
  /** Ends with its unit; a counter with `_total`. */
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly labels: readonly string[];
  readonly samples: (source: Source) => readonly Sample[];
}

/** Of one value without labels. */
export function single<Source>(
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (source: Source) => number | null | undefined,
): Metric<Source> {
  return { name, type, help, labels: [], samples: (source) => [[{}, value(source)]] };
}

/** Of one value for each of several things. */
export function each<Source, One>(
  things: (source: Source) => readonly One[],
  labelsOf: (one: One) => Labels,
  labels: readonly string[],
): (
  type: "counter" | "gauge",
  name: string,
  help: string,
  value: (one: One) => number | null | undefined,
) => Metric<Source> {
  return (type, name, help, value) => ({
    name,
    type,
    help,
    labels,
    samples: (source) => things(source).map((one) => [labelsOf(one), value(one)] as const),
  });
}

/** A time of a status document as Prometheus has it. */
export function timestamp(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1000;
}

export const SECONDS_A_DAY = 86_400;
