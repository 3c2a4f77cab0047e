// How full a disk is, and how much of that is ours, as a bar and in figures.
// A disk that does not answer is told of as such, never as an empty one.

import { Children, drawn, element, setAttribute, setText } from "./dom.ts";
import { bytes } from "./format.ts";

export interface Disk {
  readonly title: string;
  readonly free: number | null;
  readonly size: number | null;
  /** Bytes of the used part that are ours alone. */
  readonly ours: number;
  readonly words: string;
}

export interface Disks {
  readonly node: HTMLElement;
  show(disks: readonly Disk[]): void;
}

export function diskBars(): Disks {
  const node = element("div", { class: "disks" });
  const bars = new Children<Disk>(node, ({ title }) => title, makeBar);
  return { node, show: (disks) => bars.show(disks) };
}

function makeBar({ title }: Disk) {
  const used = drawn("rect", { class: "used", height: "8", width: "0" });
  const ours = drawn("rect", { class: "ours", height: "8", width: "0" });
  const picture = drawn(
    "svg",
    { class: "bar", viewBox: "0 0 1000 8", preserveAspectRatio: "none", role: "img" },
    used,
    ours,
  );
  const room = element("p");
  const words = element("p", { class: "quiet" });
  const node = element("div", {}, element("h3", { class: "foreign" }, title), picture, room, words);
  return {
    node,
    update(disk: Disk) {
      const known = disk.free !== null && disk.size !== null && disk.size > 0;
      const [free, size] = known ? [disk.free ?? 0, disk.size ?? 1] : [0, 1];
      const text = known ? `${bytes(free)} of ${bytes(size)} free (${Math.floor((free / size) * 100)} %)` : "No answer";
      setAttribute(used, "width", known ? String(Math.round(((size - free) / size) * 1000)) : "0");
      setAttribute(ours, "width", known ? String(Math.ceil((disk.ours / size) * 1000)) : "0");
      setAttribute(picture, "aria-label", text);
      setText(room, text);
      setText(words, disk.words);
    },
  };
}
