// The first thing that is seen: all in one sentence, and a few large figures. Both are given by the view of the role.
// A sentence that changes is read aloud, figures are not.

import { byId, Children, element, setText } from "./dom.ts";
import { type Mood, mark } from "./mark.ts";

export interface Tile {
  readonly name: string;
  readonly value: string;
  readonly more?: string;
}

let headline = "";

export function showHeadline(mood: Mood, text: string): void {
  document.title = `${text} · ${location.host} · shaftlog`;
  if (headline === `${mood} ${text}`) return;
  headline = `${mood} ${text}`;
  const shape = mark(mood);
  shape.classList.add(mood);
  byId("headline").replaceChildren(shape, text);
  announce(text);
}

/** Read aloud: changes of state only. */
export function announce(text: string): void {
  setText(byId("announce"), text);
}

let tiles: Children<Tile> | undefined;

export function showTiles(shown: readonly Tile[]): void {
  tiles ??= new Children<Tile>(
    byId("tiles"),
    ({ name }) => name,
    ({ name }) => {
      const value = document.createTextNode("");
      const more = element("small");
      const node = element("div", {}, element("dt", {}, name), element("dd", {}, value, more));
      return {
        node,
        update(tile) {
          if (value.data !== tile.value) value.data = tile.value;
          setText(more, tile.more ?? "");
        },
      };
    },
  );
  tiles.show(shown);
}
