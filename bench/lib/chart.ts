// Draws lines over two axes as an SVG that stands by itself: it has its own background, for light and for dark, and
// names each line at its end as well as by colour. An axis is linear or logarithmic.

import { short } from "./figures.ts";

export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  /** The ends, where the points do not say them. */
  readonly from?: number;
  readonly to?: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly file: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 170;
const TOP = 44;
const BOTTOM = 52;
/** Told apart by people who do not see red and green differently, too. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9"];
const DARK_COLOURS = ["#58b0f0", "#ff9248", "#34d3a4", "#f0a5cf", "#e6c14b", "#9cd4f7"];

export function chartSvg({ title, x, y, series }: Chart): string {
  const points = series.flatMap((one) => one.points);
  const across = scale(
    x,
    points.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = scale(
    y,
    points.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
  );
  const grid = [
    ...across.ticks.map((tick) => {
      const at = across.at(tick).toFixed(1);
      return `<path class="grid" d="M${at} ${TOP}V${HEIGHT - BOTTOM}"/><text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${short(tick)}</text>`;
    }),
    ...up.ticks.map((tick) => {
      const at = up.at(tick);
      return `<path class="grid" d="M${LEFT} ${at.toFixed(1)}H${WIDTH - RIGHT}"/><text x="${LEFT - 8}" y="${(at + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`;
    }),
  ];
  const names = apart(series.map(({ points }) => up.at(points.at(-1)?.[1] ?? 0)));
  const lines = series.map(({ name, points }, i) => {
    const path = points.map(([a, b]) => `${across.at(a).toFixed(1)} ${up.at(b).toFixed(1)}`).join("L");
    const dots =
      points.length > 40
        ? ""
        : points
            .map(
              ([a, b]) => `<circle class="f${i}" cx="${across.at(a).toFixed(1)}" cy="${up.at(b).toFixed(1)}" r="3.5"/>`,
            )
            .join("");
    return `<path class="line s${i}" d="M${path}"/>${dots}<text class="f${i} name" x="${WIDTH - RIGHT + 10}" y="${((names[i] ?? 0) + 4).toFixed(1)}">${escaped(name)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escaped(title)}">
<style>
text{font:13px system-ui,sans-serif;fill:#333}.title{font-size:15px;font-weight:600}.name{font-weight:600}
.back{fill:#fff}.grid{stroke:#ddd;fill:none}.line{fill:none;stroke-width:2.5;stroke-linejoin:round}
${colours(COLOURS)}
@media (prefers-color-scheme:dark){text{fill:#d8dee4}.back{fill:#14181d}.grid{stroke:#39424c}
${colours(DARK_COLOURS)}}
</style>
<rect class="back" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
<text class="title" x="${LEFT}" y="24">${escaped(title)}</text>
${grid.join("\n")}
<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escaped(x.label)}</text>
<text transform="translate(18 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escaped(y.label)}</text>
${lines.join("\n")}
</svg>
`;
}

function colours(list: readonly string[]): string {
  return list.map((colour, i) => `.s${i}{stroke:${colour}}.f${i}{fill:${colour}}`).join("");
}

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From values to pixels between `from` and `to`. */
function scale({ log = false, ...ends }: Axis, values: readonly number[], from: number, to: number): Scale {
  const least = ends.from ?? (log ? Math.min(...values) : 0);
  const most = ends.to ?? Math.max(...values);
  const linear = (value: number) => (log ? Math.log10(Math.max(value, least)) : value);
  const ticks = log ? decades(least, most) : steps(least, most);
  const low = Math.min(linear(least), linear(ticks[0] ?? least));
  const high = Math.max(linear(most), linear(ticks.at(-1) ?? most));
  return { ticks, at: (value) => from + ((linear(value) - low) / (high - low || 1)) * (to - from) };
}

function decades(least: number, most: number): number[] {
  const exponents = range(Math.floor(Math.log10(least)), Math.ceil(Math.log10(most)));
  const each = exponents.length > 4 ? [1] : [1, 2, 5];
  return exponents
    .flatMap((exponent) => each.map((digit) => digit * 10 ** exponent))
    .filter((tick) => tick >= least * 0.999 && tick <= most * 1.001);
}

function steps(least: number, most: number): number[] {
  const raw = (most - least) / 5 || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5].find((digit) => digit * unit >= raw) ?? 10) * unit;
  return range(Math.floor(least / step), Math.ceil(most / step)).map((n) => n * step);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The same heights, moved so that no two names lie on each other. */
function apart(heights: readonly number[]): number[] {
  const moved = [...heights];
  const order = heights.map((_, i) => i).sort((a, b) => (heights[a] ?? 0) - (heights[b] ?? 0));
  for (let i = 1; i < order.length; i++) {
    const [above = 0, here = 0] = [order[i - 1], order[i]];
    moved[here] = Math.max(moved[here] ?? 0, (moved[above] ?? 0) + 16);
  }
  return moved;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
