// States as a shape and a word; the colour only repeats them.
// Shapes differ in outline, so that they are told apart without colour and from afar.

import { drawn, element } from "./dom.ts";

export type Mood = "good" | "active" | "warn" | "bad" | "calm";

const SHAPES: Readonly<Record<Mood, string>> = {
  // A disc with a tick, an arrow, a triangle, an octagon with a cross, a ring.
  good: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm-1 10L3.9 7.9l1.2-1.2L7 8.6l3.9-3.9 1.2 1.2Z",
  active: "M8 1 14 8h-3.6v7H5.6V8H2Z",
  warn: "M8 1 15.5 15H.5ZM7.2 6v4.6h1.6V6Zm0 5.8v1.6h1.6v-1.6Z",
  bad: "M5 1h6l4 4v6l-4 4H5l-4-4V5Zm.9 3.7L4.7 5.9 6.8 8 4.7 10.1l1.2 1.2L8 9.2l2.1 2.1 1.2-1.2L9.2 8l2.1-2.1-1.2-1.2L8 6.8Z",
  calm: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM8 4.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
};

export function mark(mood: Mood): SVGElement {
  const path = drawn("path", { d: SHAPES[mood], fill: "currentColor", "fill-rule": "evenodd" });
  return drawn("svg", { class: "mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, path);
}

/** An element that shows a state, and the function that changes it. */
export function stateLabel(): { readonly node: HTMLElement; readonly show: (mood: Mood, word: string) => void } {
  const node = element("span", { class: "state" });
  let shown = "";
  return {
    node,
    show(mood, word) {
      if (shown === `${mood} ${word}`) return;
      shown = `${mood} ${word}`;
      node.className = `state ${mood}`;
      node.replaceChildren(mark(mood), word);
    },
  };
}
