// Figures as people read them: three digits that matter, units of 1024, times of this machine's clock.
// Never an empty text, so that a cell that is empty is a fault. Pure.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value: number): string {
  let unit = 0;
  let shown = value;
  while (shown >= 999.5 && unit < UNITS.length - 1) {
    shown /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(shown) : digits(shown)} ${UNITS[unit]}`;
}

export function rate(value: number): string {
  return `${bytes(value)}/s`;
}

export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** "1 file", "2 files". */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "All 3 files", "Both files". */
export function allOf(value: number, one: string): string {
  return value === 2 ? `Both ${one}s` : `All ${counted(value, one)}`;
}

export function duration(seconds: number): string {
  if (seconds < 0.95) return seconds <= 0 ? "0 s" : "< 1 s";
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const parts: readonly (readonly [size: number, unit: string])[] = [
    [86_400, "d"],
    [3_600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const at = parts.findIndex(([size]) => seconds >= size);
  const [size, unit] = parts[at] ?? [1, "s"];
  const [below, belowUnit] = parts[at + 1] ?? [1, ""];
  const rest = Math.floor((seconds % size) / below);
  return `${Math.floor(seconds / size)} ${unit}${rest === 0 || belowUnit === "" ? "" : ` ${rest} ${belowUnit}`}`;
}

/** With the day where that is not today's. */
export function clock(iso: string | number, now = new Date()): string {
  const at = new Date(iso);
  const time = at.toLocaleTimeString("en-GB");
  if (at.toDateString() === now.toDateString()) return time;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${time}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
