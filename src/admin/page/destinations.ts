// A card for each destination: its state, how far behind it is in bytes and seconds, how fast it gets on, the last
// hour of both, and what went wrong last.

import type { DestinationStatus } from "../../status/client-document.ts";
import { Children, element, setText } from "./dom.ts";
import type { History } from "./feed.ts";
import { bytes, clock, count, counted, duration, rate } from "./format.ts";
import { type Mood, stateLabel } from "./mark.ts";
import { plot } from "./plot.ts";

interface Shown {
  readonly status: DestinationStatus;
  readonly history: History;
}

export interface Destinations {
  readonly node: HTMLElement;
  show(destinations: readonly DestinationStatus[], history: History): void;
}

const MOODS: Readonly<Record<DestinationStatus["state"], Mood>> = {
  "in sync": "good",
  sending: "active",
  "in error": "bad",
};

export function destinationCards(): Destinations {
  const node = element("div", { class: "cards" });
  const cards = new Children<Shown>(node, ({ status }) => status.url, makeCard);
  return {
    node,
    show: (destinations, history) => cards.show(destinations.map((status) => ({ status, history }))),
  };
}

function makeCard({ status: { url } }: Shown) {
  const state = stateLabel();
  const title = element("h2", {}, url);
  const figures = ["Behind", "Lag", "Throughput", "Caught up in"].map((name) => {
    const value = document.createTextNode("");
    const more = element("small");
    return { value, more, node: element("div", {}, element("dt", {}, name), element("dd", {}, value, more)) };
  });
  const backlog = plot("Backlog", bytes);
  const throughput = plot("Throughput", rate);
  const details = element("dl", { class: "details" });
  const rows = new Children<readonly [name: string, value: string]>(
    details,
    ([name]) => name,
    ([name]) => {
      const value = element("dd");
      return {
        node: element("div", {}, element("dt", {}, name), value),
        update: ([, text]) => setText(value, text),
      };
    },
  );
  const note = element("p", { class: "note bad" });
  const noteText = element("span");
  note.append(noteText);
  const node = element(
    "article",
    { class: "card" },
    element("header", {}, title, state.node),
    element("dl", { class: "figures" }, ...figures.map((one) => one.node)),
    element("div", { class: "plots" }, backlog.node, throughput.node),
    details,
    note,
  );
  return {
    node,
    update({ status, history }: Shown) {
      state.show(MOODS[status.state], status.state);
      node.classList.toggle("bad-edge", status.state === "in error");
      for (const [i, [value, more]] of figuresOf(status).entries()) {
        const figure = figures[i];
        if (figure === undefined) continue;
        if (figure.value.data !== value) figure.value.data = value;
        setText(figure.more, more);
      }
      const series = history.get(status.url);
      backlog.show(series?.backlog_bytes ?? [null], status.backlog_bytes);
      throughput.show(series?.bytes_per_second ?? [null], status.rate_bytes_per_second);
      rows.show(detailsOf(status));
      const error = status.last_error;
      note.hidden = error === null || status.state === "in sync";
      if (error !== null) setText(noteText, `Since ${clock(error.since)}: ${error.text}`);
    },
  };
}

function figuresOf(status: DestinationStatus): readonly (readonly [value: string, more: string])[] {
  const { backlog_bytes: backlog, files_behind: files, lag_seconds: lag, catch_up_seconds: left } = status;
  const since = status.last_acknowledged_at;
  return [
    [backlog === 0 ? "nothing" : bytes(backlog), files === 0 ? "" : `in ${counted(files, "file")}`],
    [backlog === 0 ? "–" : duration(lag), since === null ? "" : `last taken ${clock(since)}`],
    [rate(status.rate_bytes_per_second), `${bytes(status.bytes_sent)} since start`],
    [backlog === 0 ? "–" : left === null ? "stuck" : duration(left), ""],
  ];
}

function detailsOf(status: DestinationStatus): readonly (readonly [name: string, value: string])[] {
  const { appended, asked, refused, failed } = status.requests;
  const days = status.certificate_days_left;
  const requests: [string, string] = [
    "Requests",
    `${count(appended)} appended, ${count(asked)} asked, ${count(refused)} refused, ${count(failed)} failed`,
  ];
  const found: [string, string][] = [requests];
  const { bytes_spared: spared } = status;
  if (spared > 0) found.push(["Compression", `spared the network ${bytes(spared)} since start`]);
  if (status.files_refused > 0) found.push(["Not taken", counted(status.files_refused, "file")]);
  if (days !== null) found.push(["Certificate", days < 0 ? "has expired" : `${counted(days, "day")} left`]);
  return found;
}
