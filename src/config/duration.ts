// Durations as people write them: `500ms`, `30s`, `5m`, `2h`, `7d`, or a number alone, which is milliseconds as it
// always was in the configuration files. Pure; used by the configuration files and by the command line.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The milliseconds that `text` spells: a whole number and at most one unit (ms, s, m, h, d), nothing between or around
 * them. Undefined where it spells none, or more than a double counts exactly.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([0-9]+)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  const [, digits, unit = "ms"] = match;
  const ms = Number(digits) * (UNITS[unit] as number);
  return Number.isSafeInteger(ms) ? ms : undefined;
}
