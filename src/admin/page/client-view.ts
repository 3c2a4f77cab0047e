// What a client shows: its destinations, the files that are furthest behind, and what its spools hold.
// Below the headline, which is the worst of all states in one sentence.

import type { ClientStatus, DestinationStatus, FileBehind, SpoolStatus } from "../../status/client-document.ts";
import { destinationCards } from "./destinations.ts";
import { type Disk, diskBars } from "./disks.ts";
import { byId, element, setText, visible } from "./dom.ts";
import type { History } from "./feed.ts";
import { allOf, bytes, count, counted, duration, rate } from "./format.ts";
import { showHeadline, showTiles } from "./overview.ts";
import { table, textCell } from "./table.ts";

export function clientView(): (status: ClientStatus, history: History) => void {
  const cards = destinationCards();
  const files = table("Files furthest behind", FILE_COLUMNS, (file) => `${file.destination}\n${file.name}`);
  const none = element(
    "p",
    { class: "empty" },
    "No file is behind: every byte that was seen is acknowledged everywhere.",
  );
  const disks = diskBars();
  byId("view").replaceChildren(
    element("h2", { class: "unseen" }, "Destinations"),
    cards.node,
    titled("Files furthest behind", none, files.node),
    titled("Spool", disks.node),
  );
  return (status, history) => {
    headline(status);
    tiles(status);
    cards.show(status.destinations, history);
    none.hidden = status.behind.length > 0;
    files.node.hidden = !none.hidden;
    files.show(status.behind);
    disks.show(status.spool.map(diskOf));
  };
}

function headline({ destinations }: ClientStatus): void {
  const bad = destinations.filter(({ state }) => state === "in error").length;
  const sending = destinations.filter(({ state }) => state === "sending");
  const all = counted(destinations.length, "destination");
  if (bad > 0) showHeadline("bad", `${bad} of ${all} in error`);
  else if (sending.length === 0)
    showHeadline(
      "good",
      destinations.length === 1 ? "In sync" : `${allOf(destinations.length, "destination")} in sync`,
    );
  else if (sending.every(isFresh)) showHeadline("active", "Sending, close behind");
  else showHeadline("active", `${sending.length} of ${all} catching up`);
}

/** Of no concern: what was written is on its way. */
function isFresh({ lag_seconds }: DestinationStatus): boolean {
  return lag_seconds < 10;
}

function tiles({ destinations, files, spool, watches_exhausted }: ClientStatus): void {
  const sum = (of: (one: DestinationStatus) => number) => destinations.reduce((total, one) => total + of(one), 0);
  const lag = Math.max(0, ...destinations.map(({ lag_seconds }) => lag_seconds));
  const onlyHere = spool.reduce((total, one) => total + one.bytes_only_here, 0);
  const backlog = sum((one) => one.backlog_bytes);
  showTiles([
    { name: "Behind, all together", value: backlog === 0 ? "nothing" : bytes(backlog) },
    { name: "Lag", value: backlog === 0 ? "–" : duration(lag) },
    { name: "Throughput", value: rate(sum((one) => one.rate_bytes_per_second)) },
    {
      name: "Files held",
      value: count(files.adopted),
      more: `${count(files.live)} live, ${count(files.released)} released`,
    },
    { name: "Held by the spool alone", value: bytes(onlyHere) },
    ...(watches_exhausted ? [{ name: "inotify", value: "exhausted", more: "changes are found by looking only" }] : []),
  ]);
}

const FILE_COLUMNS = [
  {
    title: "File",
    names: true,
    look: "foreign words",
    cell: () => {
      const name = element("span", { class: "clamped" });
      const source = element("span", { class: "quiet clamped" });
      return {
        content: element("span", {}, name, source),
        update(file: FileBehind) {
          setText(name, file.name);
          name.title = visible(file.name);
          setText(source, file.source ?? "deleted by its owner");
        },
      };
    },
  },
  { title: "Destination", look: "foreign optional", cell: textCell<FileBehind>((file) => file.destination) },
  { title: "Behind", look: "number", cell: textCell<FileBehind>((file) => bytes(file.backlog_bytes)) },
  { title: "Size", look: "number optional", cell: textCell<FileBehind>((file) => bytes(file.size)) },
  { title: "Lag", look: "number", cell: textCell<FileBehind>((file) => duration(file.lag_seconds)) },
  { title: "Trouble", look: "words optional", cell: textCell<FileBehind>((file) => file.trouble ?? "–") },
];

function diskOf(spool: SpoolStatus): Disk {
  return {
    title: spool.datadir,
    free: spool.free_bytes,
    size: spool.size_bytes,
    ours: spool.bytes_only_here,
    words: `${bytes(spool.bytes)} held, ${bytes(spool.bytes_only_here)} of them by the spool alone`,
  };
}

export function titled(title: string, ...children: readonly HTMLElement[]): HTMLElement {
  const id = `title-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...children);
}
