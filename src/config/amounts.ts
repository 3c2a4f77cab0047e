// The types of amounts: sizes in bytes, counts, and shares of a file system. A word stands for "no limit", so that
// nobody writes a number that means it by accident; 0 is never a limit. Pure.

import type { Floor } from "../store/options.ts";
import { quoteShort } from "./place.ts";
import { type Judged, type ScalarType, type ScalarValue, scalar } from "./schema.ts";

const UNIT: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
const SIZES = "bytes as a whole number, or 16KiB, 64MiB, 10GiB, 2TiB";
export const UNLIMITED = "unlimited";

/** Bytes, within the bounds. */
export function size(least: number, most: number): ScalarType<number> {
  return scalar(`${SIZES}, from ${least} to ${most} bytes`, (value) => bounded(value, bytesOf(value), least, most));
}

/** Bytes; Infinity for `unlimited`. */
export const sizeOrUnlimited = scalar(`${SIZES}, or ${UNLIMITED}`, (value): Judged<number> => {
  return value === UNLIMITED ? { value: Number.POSITIVE_INFINITY } : bounded(value, bytesOf(value), 1);
});

/** Bytes a second, as links are sold: powers of 1000 too. Less than a line a second or so would be none. */
export const rate = scalar(
  "bytes a second as a whole number from 1000, or 500kB, 10MB, 1GB, 512KiB, 10MiB, 1GiB",
  (value): Judged<number> => {
    const match = typeof value === "string" ? /^([0-9]{1,10})([kMG])B$/.exec(value) : null;
    if (match === null) return bounded(value, bytesOf(value), 1000);
    return bounded(value, Number(match[1]) * 1000 ** (1 + "kMG".indexOf(match[2] as string)), 1000);
  },
);

/** A whole number within the bounds. */
export function count(least: number, most: number): ScalarType<number> {
  return scalar(`a whole number from ${least} to ${most}`, (value) => bounded(value, numberOf(value), least, most));
}

/** A whole number from 1; Infinity for `unlimited`. */
export const countOrUnlimited = scalar(`a whole number from 1, or ${UNLIMITED}`, (value): Judged<number> => {
  return value === UNLIMITED ? { value: Number.POSITIVE_INFINITY } : bounded(value, numberOf(value), 1);
});

/** Room on a file system. */
export const room = scalar(`${SIZES}, or a percentage such as 1%`, (value): Judged<Floor> => {
  const percent = typeof value === "string" ? /^([0-9]{1,2})%$/.exec(value) : null;
  if (percent !== null) return { value: { share: Number(percent[1]) / 100 } };
  const judged = bounded(value, bytesOf(value), 0);
  return "value" in judged ? { value: { bytes: judged.value } } : judged;
});

function bounded(
  written: ScalarValue,
  value: number | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): Judged<number> {
  const shown = typeof written === "string" ? quoteShort(written) : String(written);
  if (value === undefined) return { wrong: `${shown} is no such amount` };
  if (value < least) return { wrong: `${shown} is too small` };
  return value > most ? { wrong: `${shown} is too large` } : { value };
}

function numberOf(value: ScalarValue): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function bytesOf(value: ScalarValue): number | undefined {
  if (typeof value !== "string") return numberOf(value);
  const match = /^([0-9]{1,10})([KMGT]iB)$/.exec(value);
  const bytes = Number(match?.[1]) * (UNIT[match?.[2] ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
