// A table of things: a row for each, kept as long as its thing stays; where the columns say how, sorted by a button in
// the column's head. A column's cells are made once and brought up to date.

import { type Child, Children, element, setAttribute, setText } from "./dom.ts";

export interface Column<Thing> {
  readonly title: string;
  /** Classes of its cells: `number`, `foreign`, `words`, `plotted`; `optional`: not on a narrow screen. */
  readonly look?: string;
  /** It names the row. */
  readonly names?: boolean;
  /** Sorted ascending by it. */
  readonly order?: (a: Thing, b: Thing) => number;
  readonly cell: (thing: Thing) => { readonly content: Child; readonly update: (thing: Thing) => void };
}

export interface Table<Thing> {
  readonly node: HTMLElement;
  show(things: readonly Thing[]): void;
}

/** A cell that is a text. */
export function textCell<Thing>(text: (thing: Thing) => string): Column<Thing>["cell"] {
  return () => {
    const content = element("span");
    return { content, update: (thing) => setText(content, text(thing)) };
  };
}

export function table<Thing>(
  caption: string,
  columns: readonly Column<Thing>[],
  keyOf: (thing: Thing) => string,
  classes = "scroll",
): Table<Thing> {
  let sorted: { readonly column: Column<Thing>; readonly descending: boolean } | undefined;
  let things: readonly Thing[] = [];
  const heads = new Map<Column<Thing>, HTMLElement>();
  const body = element("tbody");
  const rows = new Children<Thing>(body, keyOf, (first) => {
    const node = element("tr");
    const cells = columns.map(({ names, look = "", cell }) => {
      const { content, update } = cell(first);
      const attributes = { class: look };
      node.append(
        names === true ? element("th", { ...attributes, scope: "row" }, content) : element("td", attributes, content),
      );
      return update;
    });
    return {
      node,
      update(thing) {
        for (const update of cells) update(thing);
      },
    };
  });
  const show = () => {
    const order = sorted?.column.order;
    const sign = sorted?.descending === true ? -1 : 1;
    rows.show(order === undefined ? things : [...things].sort((a, b) => sign * order(a, b)));
    for (const [column, head] of heads) {
      const direction = sorted?.descending === true ? "descending" : "ascending";
      setAttribute(head, "aria-sort", column === sorted?.column ? direction : undefined);
    }
  };
  const head = element("tr");
  for (const column of columns) {
    const { title, look = "", order } = column;
    const cell = element("th", { scope: "col", class: look.replace("foreign", "").trim() });
    heads.set(column, cell);
    head.append(cell);
    if (order === undefined) {
      cell.append(title);
      continue;
    }
    const button = element("button", { type: "button" }, title);
    button.addEventListener("click", () => {
      sorted = { column, descending: sorted?.column === column && !sorted.descending };
      show();
    });
    cell.append(button);
  }
  const name = element("caption", { class: "unseen" }, caption);
  // It can be scrolled, so it can be reached by keyboard.
  const node = element(
    "div",
    { class: classes, tabindex: "0", role: "group", "aria-label": caption },
    element("table", {}, name, element("thead", {}, head), body),
  );
  return {
    node,
    show(next) {
      things = next;
      show();
    },
  };
}
