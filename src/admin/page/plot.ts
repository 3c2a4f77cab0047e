// An hour as a line with the area below it, and the same in words for who does not see it. A gap is drawn as a gap:
// nothing is known of that time. The scale begins at 0 and ends at the highest value.

import { drawn, element, setAttribute, setText } from "./dom.ts";

const WIDTH = 240;
const HEIGHT = 48;

export type Points = readonly (number | null)[];

export interface Plot {
  readonly node: Element;
  /** `now`: the value of this moment, which stands for the point that is not full yet. */
  show(points: Points, now: number): void;
}

/** `what`: such as "Backlog"; `format`: a value in words. */
export function plot(what: string, format: (value: number) => string, size: "" | "small" | "tall" = ""): Plot {
  const area = drawn("path", { class: "area" });
  const stroke = drawn("path", { class: "stroke" });
  const picture = drawn(
    "svg",
    {
      class: `plot ${size}`,
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
    },
    area,
    stroke,
  );
  const most = element("span");
  const node =
    size === "small"
      ? picture
      : element("figure", {}, element("figcaption", {}, element("span", {}, `${what}, last hour`), most), picture);
  return {
    node,
    show(points, now) {
      const values = [...points.slice(0, -1), now];
      const highest = values.reduce<number>((high, value) => Math.max(high, value ?? 0), 0);
      const known = values.filter((value) => value !== null).length;
      const line = values.map((value, i) => (value === null ? undefined : at(i, value, values.length, highest)));
      setAttribute(stroke, "d", strokeOf(line));
      setAttribute(area, "d", areaOf(line));
      const words = known < 2 ? `now ${format(now)}` : `highest ${format(highest)}, now ${format(now)}`;
      setAttribute(picture, "aria-label", `${what} over the last hour: ${words}`);
      setText(most, known < 2 ? "just begun" : `max ${format(highest)}`);
    },
  };
}

type Point = readonly [x: number, y: number];

function at(index: number, value: number, length: number, highest: number): Point {
  const y = highest === 0 ? HEIGHT - 1 : HEIGHT - 1 - (value / highest) * (HEIGHT - 3);
  return [Math.round((index / Math.max(1, length - 1)) * WIDTH * 10) / 10, Math.round(y * 10) / 10];
}

/** Pieces without gaps. */
function pieces(line: readonly (Point | undefined)[]): Point[][] {
  const found: Point[][] = [[]];
  for (const point of line) {
    if (point !== undefined) found.at(-1)?.push(point);
    else if (found.at(-1)?.length !== 0) found.push([]);
  }
  return found.filter((piece) => piece.length > 0);
}

function strokeOf(line: readonly (Point | undefined)[]): string {
  return pieces(line)
    .map((piece) => `M${piece.map(([x, y]) => `${x} ${y}`).join("L")}${piece.length === 1 ? "h0.1" : ""}`)
    .join("");
}

function areaOf(line: readonly (Point | undefined)[]): string {
  return pieces(line)
    .map((piece) => {
      const [first, last] = [piece[0]?.[0] ?? 0, piece.at(-1)?.[0] ?? 0];
      return `M${first} ${HEIGHT}L${piece.map(([x, y]) => `${x} ${y}`).join("L")}L${last} ${HEIGHT}Z`;
    })
    .join("");
}
