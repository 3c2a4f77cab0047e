// Elements and their texts. Everything foreign goes in as text, here and nowhere else, and a text that has not changed
// is not touched, so that selections, focus and screen readers are left in peace.

export type Child = Node | string;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

export function drawn(tag: string, attributes: Readonly<Record<string, string>>, ...children: Node[]): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}`);
  return found;
}

export function setText(node: Element, text: string): void {
  const shown = visible(text);
  if (node.textContent !== shown) node.textContent = shown;
}

/** Characters that act instead of being seen (line ends, direction marks, zero width) as escapes. */
export function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (char) => {
    return `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

export function setAttribute(node: Element, name: string, value: string | undefined): void {
  if (value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** One child for each thing, kept as long as its key stays, in the order of the things. */
export class Children<Thing> {
  readonly #parent: Element;
  readonly #make: (thing: Thing) => { readonly node: Element; readonly update: (thing: Thing) => void };
  readonly #keyOf: (thing: Thing) => string;
  #made = new Map<string, { readonly node: Element; readonly update: (thing: Thing) => void }>();

  constructor(
    parent: Element,
    keyOf: (thing: Thing) => string,
    make: (thing: Thing) => { readonly node: Element; readonly update: (thing: Thing) => void },
  ) {
    this.#parent = parent;
    this.#keyOf = keyOf;
    this.#make = make;
  }

  show(things: readonly Thing[]): void {
    const before = this.#made;
    this.#made = new Map();
    for (const thing of things) {
      const key = this.#keyOf(thing);
      const child = this.#made.get(key) ?? before.get(key) ?? this.#make(thing);
      this.#made.set(key, child);
      child.update(thing);
    }
    for (const [key, { node }] of before) if (!this.#made.has(key)) node.remove();
    let next = this.#parent.firstElementChild;
    for (const { node } of this.#made.values()) {
      if (node === next) next = next.nextElementSibling;
      else this.#parent.insertBefore(node, next);
    }
  }
}
